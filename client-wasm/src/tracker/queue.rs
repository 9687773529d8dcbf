//! The commands that wait, in memory and, one key each, in the storage that all pages of a site share.
//!
//! A key sorts by time, then page, then the page's own count, so that pages never write to the same key and whoever
//! reads them all has them in order. The text under it is the command's bytes, a character each.

use alloc::string::String;
use alloc::vec::Vec;

use eventhub_core::Command;

use super::Host;

/// Keys of commands begin so.
const PREFIX: &str = "q:";
/// Then come the time in hexadecimal digits and a dot, and then the page's name.
const TIME_AT: usize = PREFIX.len();
const TIME_DIGITS: usize = 12;
const CLIENT_AT: usize = TIME_AT + TIME_DIGITS + 1;

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

    /// Takes the first `count` out, of memory and of storage.
    pub(super) fn remove_first(&mut self, host: &mut impl Host, count: usize) {
        for entry in self.entries.drain(..count.min(self.entries.len())) {
            self.bytes -= entry.size();
            if entry.stored {
                host.remove(&entry.key);
            }
        }
    }

    /// Takes one out, of memory and of storage.
    pub(super) fn remove(&mut self, host: &mut impl Host, index: usize) {
        if index < self.entries.len() {
            let entry = self.entries.remove(index);
            self.bytes -= entry.size();
            host.remove(&entry.key);
        }
    }

    /// Takes over what pages other than `client` left in storage.
    pub(super) fn adopt(&mut self, host: &mut impl Host, client: &str) {
        let mut own = core::mem::take(&mut self.entries).into_iter().peekable();
        for key in host.keys(PREFIX) {
            while let Some(entry) = own.next_if(|entry| entry.key < key) {
                self.entries.push(entry);
            }
            let known = own.peek().is_some_and(|entry| entry.key == key);
            if known || key.get(CLIENT_AT..).is_none_or(|rest| rest.starts_with(client)) {
                continue;
            }
            let Some(bytes) = host.get(&key).and_then(|text| bytes_of(&text)) else { continue };
            let entry = Entry { key, bytes, stored: true };
            self.bytes += entry.size();
            self.entries.push(entry);
        }
        self.entries.extend(own);
        // What comes next comes after these, though another page's clock was ahead.
        let last = self.entries.last().and_then(|entry| entry.key.as_bytes().get(TIME_AT..));
        let last = last.map_or(0, hex_of);
        self.last_ms = self.last_ms.max(last);
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

/// The number that the key's time comes to; what no tag has written comes to some number, too.
fn hex_of(digits: &[u8]) -> i64 {
    let value =
        |digit: u8| i64::from(if digit > b'9' { digit.wrapping_sub(87) } else { digit & 15 });
    digits.iter().take(TIME_DIGITS).fold(0, |number, digit| number << 4 | value(*digit) & 15)
}

fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// `None` for what no tag has written.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}
