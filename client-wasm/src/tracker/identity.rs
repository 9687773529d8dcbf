//! Who is tracked: the generated user, and over them the identified one.

use alloc::string::String;
use alloc::vec::Vec;

use eventhub_core::RESERVED_KEYS;
use eventhub_core::limits::{
    EVENT_PROPERTIES_MAX, EXTERNAL_ID_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX,
};

use super::Host;

/// Keys and values, each key once.
pub type Pairs = Vec<(String, String)>;

/// Where a user is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The generated user of this tab, until the tab is closed.
    Session,
    /// The generated user that was written last, for ever.
    Generated,
    /// The identified user that was written last, for ever.
    Identified,
}

/// An id and the properties that go with its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The external id.
    pub id: String,
    /// What goes with each event.
    pub properties: Pairs,
}

impl User {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.into(), properties: Pairs::new() }
    }
}

/// The users of a page. An event is the identified user's, if there is one.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) generated: User,
    pub(super) identified: Option<User>,
}

impl Identity {
    /// Who the page begins with. A tab goes on with its generated user, and a new one gets `fresh`; of those who are
    /// recognised for ever, so does the device, and its identified user stays.
    pub(super) fn start(host: &mut impl Host, device: bool, fresh: &str) -> Self {
        let slot = if device { Slot::Generated } else { Slot::Session };
        let generated = host.read(slot).unwrap_or_else(|| User::new(fresh));
        let identified = if device { host.read(Slot::Identified) } else { None };
        let identity = Self { generated, identified };
        identity.save(host);
        identity
    }

    /// Tabs overwrite one another's [`Slot::Generated`] and [`Slot::Identified`], which matters to none of them:
    /// each goes on with what it has in memory and in [`Slot::Session`].
    pub(super) fn save(&self, host: &mut impl Host) {
        host.write(Slot::Session, Some(&self.generated));
        host.write(Slot::Generated, Some(&self.generated));
        host.write(Slot::Identified, self.identified.as_ref());
    }

    pub(super) fn current(&self) -> &User {
        self.identified.as_ref().unwrap_or(&self.generated)
    }
}

pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= EXTERNAL_ID_BYTES_MAX
}

/// Sets `pairs` in `onto` but for what the server would refuse; returns how many those are.
pub(super) fn merge(onto: &mut Pairs, pairs: Pairs) -> u32 {
    let mut omitted = 0;
    for (key, value) in pairs {
        let sound = !key.is_empty()
            && key.len() <= KEY_BYTES_MAX
            && value.len() <= VALUE_BYTES_MAX
            && !RESERVED_KEYS.contains(&key.as_str());
        let room = onto.len() < EVENT_PROPERTIES_MAX;
        let known = onto.iter_mut().find(|(other, _)| *other == key);
        match known {
            Some((_, old)) if sound => *old = value,
            None if sound && room => onto.push((key, value)),
            _ => omitted += 1,
        }
    }
    omitted
}

pub(super) fn borrowed(pairs: &Pairs) -> impl ExactSizeIterator<Item = (&str, &str)> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}
