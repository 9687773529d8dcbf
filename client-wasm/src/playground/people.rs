//! Users: their names, who is joined with whom, and the properties of persons.

use std::collections::{BTreeMap, HashMap};

use eventhub_core::answer::{AliasRow, PersonRow};
use eventhub_core::part::{BLOCK_USERS, Interner};
use eventhub_core::persons::{Persons, encode_merged};
use eventhub_core::{Error, UserId};

/// All users.
#[derive(Default)]
pub(super) struct People {
    names: Interner,
    /// Of each user that joined another its canonical user.
    canonical: BTreeMap<UserId, UserId>,
    /// The other ids of persons of several.
    joined: HashMap<UserId, Vec<UserId>>,
    /// By canonical user.
    properties: HashMap<UserId, BTreeMap<String, String>>,
    aliases: Vec<(UserId, UserId, u64)>,
    /// Aliases and changes so far.
    sequence: u64,
    /// For each block of users that joined others, the bytes that [`Persons`] reads.
    merged: Vec<(u32, Vec<u8>)>,
}

impl People {
    pub(super) fn new(names: Interner) -> Self {
        Self { names, ..Self::default() }
    }

    /// How many users there are.
    pub(super) fn len(&self) -> UserId {
        self.names.len() as UserId
    }

    pub(super) fn name(&self, user: UserId) -> &str {
        self.names.get(user)
    }

    pub(super) fn find(&self, name: &str) -> Option<UserId> {
        self.names.find(name)
    }

    pub(super) fn canonical(&self, user: UserId) -> UserId {
        self.canonical.get(&user).copied().unwrap_or(user)
    }

    /// The users of a person, in order.
    pub(super) fn members(&self, canonical: UserId) -> Vec<UserId> {
        let mut members = self.joined.get(&canonical).cloned().unwrap_or_default();
        members.push(canonical);
        members.sort_unstable();
        members
    }

    /// A property in force of a person.
    pub(super) fn property(&self, canonical: UserId, key: &str) -> Option<&str> {
        self.properties.get(&canonical)?.get(key).map(String::as_str)
    }

    /// All properties in force.
    pub(super) fn all_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.properties.values().flatten();
        pairs.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A person as it is shown.
    pub(super) fn row(&self, canonical: UserId) -> PersonRow {
        let properties = self.properties.get(&canonical).cloned().unwrap_or_default();
        PersonRow { external_user_id: self.name(canonical).to_owned(), properties }
    }

    /// The aliases of a person, in order.
    pub(super) fn aliases(&self, canonical: UserId) -> Vec<AliasRow> {
        let own = self.aliases.iter().filter(|(_, to, _)| self.canonical(*to) == canonical);
        let row = |(from, to, sequence): &(UserId, UserId, u64)| AliasRow {
            from_external_user_id: self.name(*from).to_owned(),
            to_external_user_id: self.name(*to).to_owned(),
            sequence: *sequence,
        };
        own.map(row).collect()
    }

    /// Who is merged into whom.
    pub(super) fn persons(&self) -> Result<Persons<'_>, Error> {
        Persons::new(self.merged.iter().map(|(block, bytes)| (*block, bytes.as_slice())).collect())
    }

    /// Joins the person of `from` to that of `to`, whose properties go before.
    pub(super) fn alias(&mut self, from: &str, to: &str) {
        let (from, to) = (self.names.intern(from), self.names.intern(to));
        let (joining, canonical) = (self.canonical(from), self.canonical(to));
        let sequence = self.next_sequence();
        if joining == canonical {
            return;
        }
        self.aliases.push((from, to, sequence));
        for user in self.members(joining) {
            self.canonical.insert(user, canonical);
            self.joined.entry(canonical).or_default().push(user);
        }
        self.joined.remove(&joining);
        if let Some(properties) = self.properties.remove(&joining) {
            let kept = self.properties.entry(canonical).or_default();
            properties.into_iter().for_each(|(key, value)| {
                kept.entry(key).or_insert(value);
            });
        }
    }

    /// Sets properties of a user's person.
    pub(super) fn set<'p>(&mut self, user: &str, pairs: impl Iterator<Item = (&'p str, &'p str)>) {
        let user = self.names.intern(user);
        self.next_sequence();
        let properties = self.properties.entry(self.canonical(user)).or_default();
        properties.extend(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    /// To be called when the last alias is known.
    pub(super) fn seal(&mut self) {
        let mut blocks: BTreeMap<u32, Vec<(u16, UserId)>> = BTreeMap::new();
        for (user, canonical) in &self.canonical {
            let entry = ((user % BLOCK_USERS) as u16, *canonical);
            blocks.entry(user / BLOCK_USERS).or_default().push(entry);
        }
        let bytes = |(block, entries): (u32, Vec<_>)| (block, encode_merged(&entries));
        self.merged = blocks.into_iter().map(bytes).collect();
    }

    const fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence - 1
    }
}
