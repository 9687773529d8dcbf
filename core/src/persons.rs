//! Which users are one person, and which persons a query asks about.
//!
//! Rows keep the user under which they came. Users merged into another are listed per block of users,
//! each with its canonical user; everyone else is a person alone.

use alloc::vec::Vec;

use crate::block_users::BlockUsers;
use crate::part::{BLOCK_USERS, u16_at, u32_at};
use crate::{Error, UserId};

const ENTRY_BYTES: usize = 6;
/// 64-bit words of a bitmap over the users of a block.
pub(crate) const BLOCK_WORDS: usize = BLOCK_USERS as usize / 64;

/// Encodes the merged users of a block: (user % 8,192, canonical user), sorted by the first.
#[must_use]
pub fn encode_merged(entries: &[(u16, UserId)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for (low, canonical) in entries {
        bytes.extend_from_slice(&low.to_le_bytes());
        bytes.extend_from_slice(&canonical.to_le_bytes());
    }
    bytes
}

/// Reads what [`encode_merged`] wrote.
pub fn decode_merged(bytes: &[u8]) -> impl Iterator<Item = (u16, UserId)> {
    bytes.chunks_exact(ENTRY_BYTES).map(|entry| (u16_at(entry, 0), u32_at(entry, 2)))
}

/// The canonical user of a user by the entries of its block.
#[must_use]
pub fn canonical_in(entries: &[u8], user: UserId) -> UserId {
    let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
    let low = (user % BLOCK_USERS) as u16;
    let at = entries.binary_search_by_key(&low, |entry| u16_at(entry, 0));
    at.map_or(user, |at| u32_at(&entries[at], 2))
}

/// The numbers of the bits that are set, ascending.
pub(crate) fn bits_of(word: u64) -> impl Iterator<Item = u32> {
    let left = |word: &u64| (*word != 0).then_some(*word);
    core::iter::successors(left(&word), move |word| left(&(word & (word - 1))))
        .map(u64::trailing_zeros)
}

/// A set of users, as a bitmap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserSet {
    words: Vec<u64>,
}

impl UserSet {
    /// Adds a user.
    pub fn insert(&mut self, user: UserId) {
        let word = user as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (user % 64);
    }

    /// Adds users of a block, by whole words.
    pub fn insert_block(&mut self, block: u32, users: &BlockUsers<'_>) {
        let from = block as usize * BLOCK_WORDS;
        if self.words.len() < from + BLOCK_WORDS {
            self.words.resize(from + BLOCK_WORDS, 0);
        }
        if let Some(words) = self.words[from..].first_chunk_mut() {
            users.add_to(words);
        }
    }

    /// Takes out a user.
    pub fn remove(&mut self, user: UserId) {
        if let Some(word) = self.words.get_mut(user as usize / 64) {
            *word &= !(1 << (user % 64));
        }
    }

    /// Whether the user is in the set.
    #[must_use]
    pub fn contains(&self, user: UserId) -> bool {
        self.words.get(user as usize / 64).is_some_and(|word| word >> (user % 64) & 1 == 1)
    }

    /// The users, ascending.
    pub fn iter(&self) -> impl Iterator<Item = UserId> {
        let bits = |(number, word): (u32, &u64)| bits_of(*word).map(move |bit| number * 64 + bit);
        (0..).zip(&self.words).flat_map(bits)
    }

    /// All users below a number who are not in the set.
    #[must_use]
    pub fn others(&self, until: UserId) -> Self {
        let words = (until as usize).div_ceil(64);
        let word = |at: usize| !self.words.get(at).copied().unwrap_or(0);
        let mut others = Self { words: (0..words).map(word).collect() };
        if let Some(last) = others.words.last_mut()
            && !until.is_multiple_of(64)
        {
            *last &= (1 << (until % 64)) - 1;
        }
        others
    }

    /// Adds the users of another set.
    pub fn unite(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Keeps the users that are in the other set too.
    pub fn intersect(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    fn block(&self, block: u32) -> &[u64] {
        let from = (block as usize * BLOCK_WORDS).min(self.words.len());
        &self.words[from..(from + BLOCK_WORDS).min(self.words.len())]
    }
}

impl FromIterator<UserId> for UserSet {
    fn from_iter<I: IntoIterator<Item = UserId>>(users: I) -> Self {
        let mut set = Self::default();
        users.into_iter().for_each(|user| set.insert(user));
        set
    }
}

/// Of users in ascending order, those of a block.
pub(crate) fn users_of_block(users: &[UserId], block: u32) -> &[UserId] {
    let from = users.partition_point(|user| user / BLOCK_USERS < block);
    let users = &users[from..];
    &users[..users.partition_point(|user| user / BLOCK_USERS == block)]
}

/// The persons of a query: who is merged into whom, and who is asked about.
#[derive(Debug, Clone, Default)]
pub struct Persons<'a> {
    /// Blocks with merged users, ascending, each with its entries.
    merged: Vec<(u32, &'a [u8])>,
    /// Canonical users asked about; everyone when there is no user filter.
    allowed: Option<UserSet>,
    /// Users who are nobody's any more, ascending.
    deleted: Vec<UserId>,
}

impl<'a> Persons<'a> {
    /// Everyone; takes the blocks with merged users in ascending order.
    ///
    /// # Errors
    /// When the blocks or their entries are not in order.
    pub fn new(merged: Vec<(u32, &'a [u8])>) -> Result<Self, Error> {
        let in_order = merged.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let sound = merged.iter().all(|(_, entries)| {
            let mut last = None;
            entries.len().is_multiple_of(ENTRY_BYTES)
                && decode_merged(entries).all(|(low, _)| {
                    let ascending = last < Some(low) && u32::from(low) < BLOCK_USERS;
                    last = Some(low);
                    ascending
                })
        });
        if in_order && sound {
            Ok(Self { merged, ..Self::default() })
        } else {
            Err(Error::corrupt("merged users", "they are not in order"))
        }
    }

    /// The same persons, of whom only these are asked about.
    #[must_use]
    pub fn only(self, allowed: UserSet) -> Self {
        Self { allowed: Some(allowed), ..self }
    }

    /// The same persons without some users, given in ascending order, whose events may still be there.
    /// None of them is merged: a person is deleted with its aliases.
    #[must_use]
    pub fn without(self, deleted: Vec<UserId>) -> Self {
        debug_assert!(deleted.is_sorted(), "deleted users come in order");
        debug_assert!(deleted.iter().all(|user| self.canonical(*user) == *user), "one is merged");
        Self { deleted, ..self }
    }

    /// The person of a user.
    #[must_use]
    pub fn canonical(&self, user: UserId) -> UserId {
        canonical_in(self.merged_in(user / BLOCK_USERS), user)
    }

    /// Every merged user with its canonical user, in order of the first.
    pub fn merged_users(&self) -> impl Iterator<Item = (UserId, UserId)> {
        self.merged.iter().flat_map(|(block, entries)| {
            let first = block * BLOCK_USERS;
            decode_merged(entries).map(move |(low, to)| (first + u32::from(low), to))
        })
    }

    /// Whether anybody is merged.
    #[must_use]
    pub fn any_merged(&self) -> bool {
        !self.merged.is_empty()
    }

    /// Merged users among those of the blocks that have any.
    pub(crate) fn merged_share(&self) -> f64 {
        let bytes: usize = self.merged.iter().map(|(_, entries)| entries.len()).sum();
        let users = self.merged.len().max(1) * BLOCK_USERS as usize;
        (bytes / ENTRY_BYTES) as f64 / users as f64
    }

    /// Whether a canonical user is asked about.
    #[must_use]
    pub fn counts(&self, canonical: UserId) -> bool {
        let low = canonical % BLOCK_USERS;
        self.alive(canonical / BLOCK_USERS)[low as usize / 64] >> (low % 64) & 1 == 1
    }

    /// The users of a block who count: canonical, asked about, and not deleted.
    pub(crate) fn alive(&self, block: u32) -> [u64; BLOCK_WORDS] {
        let mut alive = [u64::MAX; BLOCK_WORDS];
        if let Some(allowed) = &self.allowed {
            alive = [0; BLOCK_WORDS];
            let words = allowed.block(block);
            alive[..words.len()].copy_from_slice(words);
        }
        for (low, _) in decode_merged(self.merged_in(block)) {
            alive[usize::from(low) / 64] &= !(1 << (low % 64));
        }
        for user in users_of_block(&self.deleted, block) {
            let low = user % BLOCK_USERS;
            alive[low as usize / 64] &= !(1 << (low % 64));
        }
        alive
    }

    /// The entries of a block's merged users.
    pub(crate) fn merged_in(&self, block: u32) -> &'a [u8] {
        let at = self.merged.binary_search_by_key(&block, |(block, _)| *block);
        at.map_or(&[], |at| self.merged[at].1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn merged_users_and_those_not_asked_about_are_not_alive() {
        let entries = encode_merged(&[(1, 70_000), (64, 5)]);
        let mut allowed = UserSet::default();
        [1, 2, 64, 65, 70_000].into_iter().for_each(|user| allowed.insert(user));
        let persons = Persons::new(vec![(0, &entries)]).unwrap().only(allowed);
        let alive = persons.alive(0);
        assert_eq!((alive[0], alive[1], alive[2]), (1 << 2, 1 << 1, 0));
        assert_eq!(persons.alive(1), [0; BLOCK_WORDS]);
        assert_eq!(persons.canonical(1), 70_000);
        assert_eq!(persons.canonical(2), 2);
    }

    #[test]
    fn deleted_users_are_not_alive() {
        let entries = encode_merged(&[(1, 2)]);
        let persons = Persons::new(vec![(0, &entries)]).unwrap();
        let persons = persons.without(vec![0, 64, BLOCK_USERS - 1, BLOCK_USERS + 3]);
        let alive = persons.alive(0);
        assert_eq!((alive[0], alive[1], alive[127]), (!0b11, !1, u64::MAX >> 1));
        assert_eq!(persons.alive(1)[0], !(1 << 3));
        assert_eq!(persons.alive(2), [u64::MAX; BLOCK_WORDS]);
        let persons = Persons::default().without(vec![5]).only([4, 5].into_iter().collect());
        assert_eq!(persons.alive(0)[0], 1 << 4);
    }

    #[test]
    fn entries_out_of_order_are_refused() {
        let entries = encode_merged(&[(2, 0), (1, 0)]);
        assert!(Persons::new(vec![(0, &entries)]).is_err());
        assert!(Persons::new(vec![(1, &[]), (0, &[])]).is_err());
        assert!(Persons::new(vec![(0, &entries[..7])]).is_err());
    }
}
