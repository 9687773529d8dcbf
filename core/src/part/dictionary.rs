//! A property's distinct values in order, in chunks that each stand alone.

use alloc::vec::Vec;

use super::layout::{CHUNK_BYTES_MAX, u32_at};
use crate::Error;

/// Cuts sorted, distinct values into chunk payloads; each with the number of its first value.
pub(super) fn encode<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(u32, Vec<u8>)> {
    let mut chunks = Vec::new();
    let (mut pending, mut bytes, mut first) = (Vec::new(), 8, 0);
    for (number, value) in values.enumerate() {
        if bytes + 4 + value.len() > CHUNK_BYTES_MAX && !pending.is_empty() {
            chunks.push((first, payload(&pending)));
            pending.clear();
            (bytes, first) = (8, u32::try_from(number).expect("a part has fewer rows"));
        }
        bytes += 4 + value.len();
        pending.push(value);
    }
    if !pending.is_empty() {
        chunks.push((first, payload(&pending)));
    }
    chunks
}

fn payload(values: &[&str]) -> Vec<u8> {
    let fits = "a chunk has at most 1 MiB";
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&u32::try_from(values.len()).expect(fits).to_le_bytes());
    let mut end = 0_u32;
    bytes.extend_from_slice(&end.to_le_bytes());
    for value in values {
        end += u32::try_from(value.len()).expect(fits);
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    values.iter().for_each(|value| bytes.extend_from_slice(value.as_bytes()));
    bytes
}

/// A dictionary, read in place.
pub(crate) struct Dictionary<'a> {
    chunks: Vec<DictionaryChunk<'a>>,
    values: u32,
}

struct DictionaryChunk<'a> {
    first: u32,
    count: u32,
    offsets: &'a [u8],
    texts: &'a [u8],
}

impl<'a> Dictionary<'a> {
    /// Takes the chunks with the number of each one's first value.
    pub(super) fn open(
        chunks: impl Iterator<Item = Result<(u32, &'a [u8]), Error>>,
        values: u32,
    ) -> Result<Self, Error> {
        let mut opened: Vec<DictionaryChunk<'a>> = Vec::new();
        let mut next = 0;
        for chunk in chunks {
            let (first, payload) = chunk?;
            if first != next || payload.len() < 8 {
                return Err(Error::corrupt("dictionary", "its chunks do not follow one another"));
            }
            let count = u32_at(payload, 0);
            let offsets = payload.get(4..4 + 4 * (count as usize + 1));
            let offsets = offsets.ok_or(Error::corrupt("dictionary", "its offsets are torn"))?;
            let texts = &payload[4 + offsets.len()..];
            next += count;
            opened.push(DictionaryChunk { first, count, offsets, texts });
        }
        if next != values || opened.iter().any(|chunk| chunk.count == 0) {
            return Err(Error::corrupt("dictionary", "it has another number of values"));
        }
        Ok(Self { chunks: opened, values })
    }

    /// How many values there are.
    pub(crate) const fn len(&self) -> u32 {
        self.values
    }

    /// The value of a number below [`Self::len`].
    pub(crate) fn get(&self, number: u32) -> Result<&'a str, Error> {
        let chunk = self.chunks.partition_point(|chunk| chunk.first <= number).checked_sub(1);
        let chunk = chunk.map(|at| &self.chunks[at]).filter(|c| number - c.first < c.count);
        let chunk = chunk.ok_or(Error::corrupt("dictionary", "a code is beyond its values"))?;
        chunk.get(number - chunk.first)
    }

    /// Checks that the values are distinct and in order.
    pub(super) fn verify(&self) -> Result<(), Error> {
        for value in 1..self.values {
            if self.get(value - 1)? >= self.get(value)? {
                return Err(Error::corrupt("dictionary", "its values are not in order"));
            }
        }
        Ok(())
    }

    /// The number of a value, by binary search.
    pub(crate) fn find(&self, value: &str) -> Result<Option<u32>, Error> {
        let (mut low, mut high) = (0, self.values);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.cmp(value) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => return Ok(Some(middle)),
            }
        }
        Ok(None)
    }
}

impl<'a> DictionaryChunk<'a> {
    fn get(&self, place: u32) -> Result<&'a str, Error> {
        let at = 4 * place as usize;
        let (from, to) = (u32_at(self.offsets, at), u32_at(self.offsets, at + 4));
        let text = self.texts.get(from as usize..to as usize);
        text.and_then(|text| core::str::from_utf8(text).ok())
            .ok_or(Error::corrupt("dictionary", "a value is torn"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn values_over_several_chunks_are_found() {
        let values: Vec<String> =
            (0..40_u32).map(|i| alloc::format!("{i:02}{}", "x".repeat(100_000))).collect();
        let chunks = encode(values.iter().map(String::as_str));
        assert!(chunks.len() > 3);
        assert!(chunks.iter().all(|(_, payload)| payload.len() <= CHUNK_BYTES_MAX));
        let parts = chunks.iter().map(|(first, payload)| Ok((*first, payload.as_slice())));
        let dictionary = Dictionary::open(parts, 40).unwrap();
        for (number, value) in values.iter().enumerate() {
            assert_eq!(dictionary.find(value).unwrap(), Some(number as u32));
            assert_eq!(dictionary.get(number as u32).unwrap(), value);
        }
        assert_eq!(dictionary.find("").unwrap(), None);
        assert_eq!(dictionary.find("zz").unwrap(), None);
        assert!(dictionary.get(40).is_err());
    }
}
