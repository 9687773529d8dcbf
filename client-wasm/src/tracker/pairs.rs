//! Texts as they cross into the module: many in one, each ended by NUL, which the texts themselves have not.

use alloc::string::String;

use eventhub_core::RESERVED_KEYS;
use eventhub_core::limits::{EVENT_PROPERTIES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

pub(super) const NUL: char = '\0';

/// Properties: keys, each once, and values take turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pairs<'a>(pub &'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = first_text(self.0)?;
        let (value, rest) = first_text(rest)?;
        self.0 = rest;
        Some((key, value))
    }
}

impl Pairs<'_> {
    /// These, and those of `base` that they leave as they are, but for what the server would refuse, of which the second number
    /// is the count.
    pub(super) fn over(self, base: Pairs<'_>) -> (String, u32) {
        let mut merged = String::new();
        let mut count = 0;
        let mut omitted = 0;
        let kept = base.filter(|(key, _)| !self.clone().any(|(other, _)| other == *key));
        for (key, value) in self.chain(kept) {
            let sound = !key.is_empty()
                && key.len() <= KEY_BYTES_MAX
                && value.len() <= VALUE_BYTES_MAX
                && !RESERVED_KEYS.contains(&key);
            if sound && count < EVENT_PROPERTIES_MAX {
                count += 1;
                for text in [key, value] {
                    merged.push_str(text);
                    merged.push(NUL);
                }
            } else {
                omitted += 1;
            }
        }
        (merged, omitted)
    }
}

/// The first text, and what comes after its NUL.
pub(super) fn first_text(texts: &str) -> Option<(&str, &str)> {
    let end = texts.bytes().position(|byte| byte == 0)?;
    Some((texts.get(..end)?, texts.get(end + 1..)?))
}
