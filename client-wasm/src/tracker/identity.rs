//! Who is tracked: the generated user, and over them the identified one.

use alloc::string::String;

use super::Host;
use super::pairs::{NUL, Pairs, first_text};

/// Where a user is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The generated user of this tab, until the tab is closed.
    Session,
    /// The generated user that was written last, for ever.
    Generated,
    /// The identified user that was written last, for ever.
    Identified,
    /// Who identified themselves last in this tab, until it is closed.
    Member,
}

/// An id and the properties that go with its events, as one text: the id, NUL, the [`Pairs`]. It is empty for nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User(String);

impl User {
    pub(super) fn new(id: &str) -> Self {
        let mut text = String::from(id);
        text.push(NUL);
        Self(text)
    }

    /// The user of a text that [`User::as_str`] gave.
    pub fn from_text(text: String) -> Option<Self> {
        if text.is_empty() { None } else { Some(Self(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The external id.
    pub fn id(&self) -> &str {
        first_text(&self.0).map_or("", |(id, _)| id)
    }

    /// What goes with each event.
    pub fn properties(&self) -> Pairs<'_> {
        Pairs(first_text(&self.0).map_or("", |(_, rest)| rest))
    }

    /// Sets properties; returns how many are left out.
    pub(super) fn set(&mut self, pairs: Pairs<'_>) -> u32 {
        let (merged, omitted) = pairs.over(self.properties());
        let mut text = Self::new(self.id()).0;
        text.push_str(&merged);
        self.0 = text;
        omitted
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
        let generated = User::from_text(host.read(slot)).unwrap_or_else(|| User::new(fresh));
        let identified = match device {
            true => User::from_text(host.read(Slot::Identified)),
            false => None,
        };
        let identity = Self { generated, identified };
        identity.save(host);
        identity
    }

    /// Who a page goes on with that is shown again: the visitor of the pages after it, and who identified themselves last on any of them.
    /// Without storage it is who it was.
    pub(super) fn restore(&mut self, host: &mut impl Host, device: bool) {
        let slots = if device {
            [Slot::Generated, Slot::Identified]
        } else {
            [Slot::Session, Slot::Member]
        };
        let [generated, identified] = slots.map(|slot| User::from_text(host.read(slot)));
        if let Some(generated) = generated {
            *self = Self { generated, identified };
        }
    }

    /// Tabs overwrite one another's [`Slot::Generated`] and [`Slot::Identified`], which matters to none of them:
    /// each goes on with what it has in memory and in [`Slot::Session`].
    pub(super) fn save(&self, host: &mut impl Host) {
        host.write(Slot::Session, self.generated.as_str());
        host.write(Slot::Generated, self.generated.as_str());
        host.write(Slot::Identified, self.identified());
    }

    /// The identified user's text.
    pub(super) fn identified(&self) -> &str {
        self.identified.as_ref().map_or("", User::as_str)
    }

    pub(super) fn current(&self) -> &User {
        self.identified.as_ref().unwrap_or(&self.generated)
    }
}
