//! Texts that occur many times, numbered in order of their first appearance.

use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct texts end to end in one buffer, and a table from a text to its number.
#[derive(Default)]
pub struct Interner {
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    texts: Texts,
}

/// Texts end to end.
#[derive(Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Interner {
    /// The number of a text, which is kept when it is new.
    ///
    /// # Panics
    /// When there are 2^32 texts.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let texts = &self.texts;
        if let Some(number) = self.numbers.find(hash, |number| texts.get(*number) == text) {
            return *number;
        }
        let number = u32::try_from(self.texts.ends.len()).expect("fewer texts than rows");
        self.texts.bytes.push_str(text);
        self.texts.ends.push(self.texts.bytes.len());
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.numbers.insert_unique(hash, number, |kept| hasher.hash_one(texts.get(*kept)));
        number
    }

    /// The number of a text that was kept.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        self.numbers.find(hash, |number| self.texts.get(*number) == text).copied()
    }

    /// The text of a number.
    ///
    /// # Panics
    /// When no text has it.
    #[must_use]
    pub fn get(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.ends.is_empty()
    }

    /// The texts in order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.texts.ends.len() as u32).map(|number| self.texts.get(number))
    }
}

impl Texts {
    fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[from..self.ends[at]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut interner = Interner::default();
        for round in 0..2 {
            for n in 0..1_000_u32 {
                assert_eq!(interner.intern(&alloc::format!("{}", n % 500)), n % 500, "{round}");
            }
        }
        assert_eq!(interner.intern(""), 500);
        assert_eq!(interner.intern(""), 500);
        assert_eq!(interner.iter().len(), 501);
        assert_eq!(interner.iter().nth(499), Some("499"));
        assert_eq!(interner.iter().last(), Some(""));
    }
}
