//! The machine in a simulated browser.

mod faults;
mod identities;
mod queues;
mod world;
