//! The users of one block as a row of an index holds them.
//!
//! Fewer than 512 users are a list of their places in the block (user % 8,192, u16, ascending); more are a
//! bitmap of 1,024 bytes, in which place `n` is bit `n % 8` of byte `n / 8`. So a row is never longer than
//! a bitmap, its length says which of the two it is, and the same users always have the same bytes.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use crate::Error;
use crate::part::BLOCK_USERS;
use crate::persons::{BLOCK_WORDS, bits_of};

const BITMAP_BYTES: usize = BLOCK_WORDS * 8;
const LISTED_MAX: usize = BITMAP_BYTES / 2 - 1;

/// A set of users of one block, each by its place in the block; always in its encoded form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockUsers<'a>(Cow<'a, [u8]>);

impl<'a> BlockUsers<'a> {
    /// Reads a row.
    ///
    /// # Errors
    /// When it is not the encoding of one user or more.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let users = Self(Cow::Borrowed(bytes));
        let (listed, words) = users.halves();
        let sound = if words.is_empty() {
            let ascending = listed.is_sorted_by(|a, b| place(a) < place(b));
            let last = listed.last().map(place);
            let length = bytes.len() < BITMAP_BYTES && bytes.len().is_multiple_of(2);
            length && ascending && last.is_some_and(|last| u32::from(last) < BLOCK_USERS)
        } else {
            users.len() > LISTED_MAX
        };
        if sound { Ok(users) } else { Err(Error::corrupt("users of a block", "not well formed")) }
    }

    /// The row; empty when nobody is in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many users are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        let (listed, words) = self.halves();
        listed.len() + words.iter().map(|word| word_of(word).count_ones() as usize).sum::<usize>()
    }

    /// Whether the user at a place is in it.
    #[must_use]
    pub fn contains(&self, low: u16) -> bool {
        let (listed, words) = self.halves();
        let word = words.get(usize::from(low / 64));
        word.is_some_and(|word| word_of(word) >> (low % 64) & 1 == 1)
            || listed.binary_search_by_key(&low, place).is_ok()
    }

    /// The places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        let (listed, words) = self.halves();
        let bits = |(first, word): (u16, &[u8; 8])| {
            bits_of(word_of(word)).map(move |bit| first + bit as u16)
        };
        listed.iter().map(place).chain((0..).step_by(64).zip(words).flat_map(bits))
    }

    /// Adds the users to a bitmap of the block.
    pub(crate) fn add_to(&self, block: &mut [u64; BLOCK_WORDS]) {
        let (listed, words) = self.halves();
        block.iter_mut().zip(words).for_each(|(word, more)| *word |= word_of(more));
        for low in listed.iter().map(place) {
            block[usize::from(low / 64)] |= 1 << (low % 64);
        }
    }

    /// Adds the user at a place; whether it was missing.
    ///
    /// # Panics
    /// When a block has no such place.
    pub fn insert(&mut self, low: u16) -> bool {
        assert!(u32::from(low) < BLOCK_USERS, "a block has no place {low}");
        if self.contains(low) {
            return false;
        }
        if self.len() < LISTED_MAX {
            let at = self.halves().0.partition_point(|listed| place(listed) < low) * 2;
            self.0.to_mut().splice(at..at, low.to_le_bytes());
            return true;
        }
        if self.0.len() < BITMAP_BYTES {
            let mut bitmap = vec![0; BITMAP_BYTES];
            self.iter().for_each(|low| bitmap[usize::from(low / 8)] |= 1 << (low % 8));
            self.0 = bitmap.into();
        }
        self.0.to_mut()[usize::from(low / 8)] |= 1 << (low % 8);
        true
    }

    /// Takes out the user at a place; whether it was there.
    pub fn remove(&mut self, low: u16) -> bool {
        if !self.contains(low) {
            return false;
        }
        if self.len() > LISTED_MAX + 1 {
            self.0.to_mut()[usize::from(low / 8)] &= !(1 << (low % 8));
        } else {
            let rest = self.iter().filter(|other| *other != low);
            self.0 = rest.flat_map(u16::to_le_bytes).collect::<Vec<_>>().into();
        }
        true
    }

    /// The list and the words of the bitmap, of which one is empty.
    fn halves(&self) -> (&[[u8; 2]], &[[u8; 8]]) {
        if self.0.len() == BITMAP_BYTES {
            (&[], self.0.as_chunks().0)
        } else {
            (self.0.as_chunks().0, &[])
        }
    }
}

const fn place(listed: &[u8; 2]) -> u16 {
    u16::from_le_bytes(*listed)
}

const fn word_of(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;
    use crate::persons::UserSet;

    /// Some runs of places added (true) or taken out, so that sets grow and shrink past the limit of a list.
    fn acts() -> impl Strategy<Value = Vec<(bool, u16, u16)>> {
        list((any::<bool>(), 0..BLOCK_USERS as u16, 1..700_u16), 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_row_is_a_set(acts in acts(), step in 1..13_u16) {
            let mut row = BlockUsers::default();
            let mut model = BTreeSet::new();
            for (add, first, count) in acts {
                for low in (0..count).map(|n| (first + n * step) % BLOCK_USERS as u16) {
                    let (changed, expected) = if add {
                        (row.insert(low), model.insert(low))
                    } else {
                        (row.remove(low), model.remove(&low))
                    };
                    prop_assert_eq!(changed, expected);
                }
                prop_assert!(row.iter().eq(model.iter().copied()));
                prop_assert_eq!((row.len(), row.is_empty()), (model.len(), model.is_empty()));
                prop_assert_eq!(row.bytes().len(), if model.len() < 512 { model.len() * 2 } else { 1_024 });
                prop_assert!((0..BLOCK_USERS as u16).all(|low| row.contains(low) == model.contains(&low)));
                prop_assert_eq!(BlockUsers::open(row.bytes()).is_ok(), !model.is_empty());
                let mut set = UserSet::default();
                set.insert(3 * BLOCK_USERS + 5);
                set.insert_block(3, &row);
                model.insert(5);
                prop_assert!(set.iter().eq(model.iter().map(|low| 3 * BLOCK_USERS + u32::from(*low))));
                if !row.contains(5) {
                    model.remove(&5);
                }
            }
        }

        #[test]
        fn any_bytes_are_refused_or_are_the_row_of_their_users(
            bytes in prop_oneof![list(any::<u8>(), 0..12), list(any::<u8>(), 1_023..1_027)],
        ) {
            if let Ok(row) = BlockUsers::open(&bytes) {
                let mut built = BlockUsers::default();
                row.iter().for_each(|low| assert!(built.insert(low)));
                prop_assert_eq!(built.bytes(), &bytes[..]);
            }
        }
    }

    #[test]
    fn rows_of_another_form_are_refused() {
        let mut bitmap = vec![0; BITMAP_BYTES];
        bitmap[..512].fill(0x10);
        assert_eq!(BlockUsers::open(&bitmap).unwrap().len(), 512);
        bitmap[0] = 0;
        for bytes in [&[][..], &[1], &[2, 0, 1, 0], &[1, 0, 1, 0], &[0, 0x20], &bitmap] {
            assert!(BlockUsers::open(bytes).is_err(), "{bytes:?}");
        }
    }
}
