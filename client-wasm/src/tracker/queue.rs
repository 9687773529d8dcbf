//! The commands that wait, in memory and, one key each, in the storage that all pages of a site share.
//!
//! A key sorts by time, then page, then the page's own count, so that pages never write to the same key and whoever
//! reads them all has them in order. The text under it is the command's bytes, a character each.

use alloc::string::String;
use alloc::vec::Vec;

use eventhub_core::Command;

use super::Host;
use super::pairs::first_text;

/// Keys of commands begin so.
const PREFIX: &str = "q:";
/// Then come the time in so many hexadecimal digits, a dot, and the page's name.
const TIME_DIGITS: usize = 12;
const CLIENT_AT: usize = PREFIX.len() + TIME_DIGITS + 1;

/// A command that waits.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
    /// Whether it is in storage, too.
    pub(super) stored: bool,
}

impl Entry {
    pub(super) fn is_event(&self) -> bool {
        Command::is_event(&self.bytes)
    }

    fn size(&self) -> usize {
        self.key.len() + self.bytes.len()
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    bytes: usize,
    /// Time and count of the last key made here.
    last_ms: i64,
    count: u32,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// The entries from `index` on.
    pub(super) fn from(&self, index: usize) -> &[Entry] {
        self.entries.get(index..).unwrap_or_default()
    }

    /// Puts a command at the end. When the clock was put back, its key is of the time of the one before.
    pub(super) fn push(&mut self, host: &mut impl Host, client: &str, now: i64, bytes: Vec<u8>) {
        self.last_ms = self.last_ms.max(now);
        let mut key = String::from(PREFIX);
        push_hex(&mut key, self.last_ms as u64, TIME_DIGITS);
        key.push('.');
        key.push_str(client);
        key.push('.');
        push_hex(&mut key, u64::from(self.count), 8);
        self.count += 1;
        let stored = host.put(&key, &text_of(&bytes));
        let entry = Entry { key, bytes, stored };
        self.bytes += entry.size();
        self.entries.push(entry);
    }

    /// Takes `count` from `index` on out, of memory and of storage.
    pub(super) fn remove(&mut self, host: &mut impl Host, index: usize, count: usize) {
        let mut at = 0;
        let bytes = &mut self.bytes;
        self.entries.retain(|entry| {
            let goes = at >= index && at - index < count;
            at += 1;
            if goes {
                *bytes -= entry.size();
                host.remove(&entry.key);
            }
            !goes
        });
    }

    /// Takes over what pages other than `client` left in storage. It comes before what this page did.
    pub(super) fn adopt(&mut self, host: &mut impl Host, client: &str) {
        let is_own = |key: &str| key.get(CLIENT_AT..).is_some_and(|rest| rest.starts_with(client));
        let keys = host.keys(PREFIX);
        let mut keys = keys.as_str();
        let mut entries = Vec::new();
        while let Some((key, rest)) = first_text(keys) {
            keys = rest;
            if is_own(key) {
                continue;
            }
            if let Some(bytes) = bytes_of(&host.get(key)) {
                entries.push(Entry { key: key.into(), bytes, stored: true });
            }
        }
        // Those taken over before were found again, unless they are delivered.
        entries.extend(
            core::mem::take(&mut self.entries).into_iter().filter(|entry| is_own(&entry.key)),
        );
        self.bytes = entries.iter().map(Entry::size).sum();
        self.entries = entries;
    }

    /// Stores what is not in storage: all of it when storage was `emptied`.
    pub(super) fn store(&mut self, host: &mut impl Host, emptied: bool) {
        for entry in self.entries.iter_mut().filter(|entry| emptied || !entry.stored) {
            entry.stored = host.put(&entry.key, &text_of(&entry.bytes));
        }
    }
}

fn push_hex(text: &mut String, number: u64, digits: usize) {
    for digit in (0..digits).rev() {
        let nibble = (number >> (digit * 4)) as u8 & 15;
        text.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }));
    }
}

fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// `None` for what no tag has written.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        bytes.push(u8::try_from(u32::from(c)).ok()?);
    }
    if bytes.is_empty() { None } else { Some(bytes) }
}
