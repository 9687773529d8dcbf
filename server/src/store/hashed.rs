//! Maps whose keys are hashes already.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

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

/// Makes hashers that give one half of a 128-bit hash.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HalfBuilder {
    Lower,
    Upper,
}

/// The hasher behind [`HalfBuilder`].
pub(crate) struct Half {
    which: HalfBuilder,
    half: u64,
}

impl BuildHasher for HalfBuilder {
    type Hasher = Half;

    fn build_hasher(&self) -> Half {
        Half { which: *self, half: 0 }
    }
}

impl Hasher for Half {
    fn write_u128(&mut self, hash: u128) {
        self.half = match self.which {
            HalfBuilder::Lower => hash as u64,
            HalfBuilder::Upper => (hash >> 64) as u64,
        };
    }

    fn write(&mut self, bytes: &[u8]) {
        unreachable!("only 128-bit hashes are kept, not {} bytes", bytes.len());
    }

    fn finish(&self) -> u64 {
        self.half
    }
}
