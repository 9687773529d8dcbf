//! One binary for all tests of the crate: `cargo xtask test` tells those that need the server's release binary by their module.

mod e2e;
