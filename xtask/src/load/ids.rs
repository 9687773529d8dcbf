//! The ids that the server acknowledged: each names one event, so none may come twice.

use anyhow::{Context, Result, ensure};

/// Ids of one run; a bit each.
const IDS_MAX: u64 = 1 << 31;

/// A set of ids from a first one on.
#[derive(Debug)]
pub(super) struct Ids {
    first: u64,
    bits: Vec<u64>,
    count: u64,
}

impl Ids {
    /// For ids that are given out once `first` are taken.
    pub(super) fn from(first: u64) -> Self {
        Self { first, bits: Vec::new(), count: 0 }
    }

    /// How many were added.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds the ids of an answer: a number, or an array of numbers.
    ///
    /// # Errors
    /// When the answer is something else, holds another number of ids than events were sent, or an id
    /// that cannot be: one that was there before, or given twice.
    pub(super) fn add(&mut self, answer: &[u8], expected: u64) -> Result<()> {
        let text = str::from_utf8(answer).context("ids are not text")?.trim_ascii();
        let list = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let before = self.count;
        for id in list.split(',') {
            self.add_one(id.parse().with_context(|| format!("{id:?} is not an id"))?)?;
        }
        let added = self.count - before;
        ensure!(added == expected, "{expected} events were answered with {added} ids");
        Ok(())
    }

    fn add_one(&mut self, id: u64) -> Result<()> {
        let place = id.checked_sub(self.first).filter(|place| *place < IDS_MAX);
        let place =
            place.with_context(|| format!("event {id} cannot be: {} came before", self.first))?;
        let (word, bit) = ((place / 64) as usize, 1 << (place % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        ensure!(self.bits[word] & bit == 0, "id {id} was given to two events");
        self.bits[word] |= bit;
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_event_and_of_a_batch_are_counted() {
        let mut ids = Ids::from(100);
        ids.add(b"100\n", 1).unwrap();
        ids.add(b"[103,102,300]\n", 3).unwrap();
        ids.add(b"101", 1).unwrap();
        assert_eq!(ids.count(), 5);
    }

    #[test]
    fn an_answer_that_cannot_be_true_is_refused() {
        let check = |answer: &str, expected: u64, why: &str| {
            let mut ids = Ids::from(100);
            ids.add(b"[107,108]", 2).unwrap();
            let error = ids.add(answer.as_bytes(), expected).expect_err(answer).to_string();
            assert!(error.contains(why), "{answer}: {error}");
        };
        check("107", 1, "two events");
        check("[109,109]", 2, "two events");
        check("99", 1, "cannot be");
        check("99999999999", 1, "cannot be");
        check("[109,110]", 3, "3 events were answered with 2 ids");
        check("[]", 1, "is not an id");
        check("ok", 1, "is not an id");
        check("{\"error\":{}}", 1, "is not an id");
    }
}
