//! Maps whose keys are hashes already.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes maps take a 128-bit hash's lower half as it is.
pub(crate) type HashBuilder = BuildHasherDefault<AsItIs>;

/// The hasher behind [`HashBuilder`].
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        unreachable!("only 128-bit hashes are keys, not {} bytes", bytes.len());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
