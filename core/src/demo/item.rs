//! From a moment of a person's story to what is stored.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::act::{Act, Id, Moment, What, cents_of};
use super::people::Person;
use crate::{EventType, ExternalId, NewEvent, Properties, TimeMs, UserChange};

/// One thing to store.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An event.
    Event(NewEvent),
    /// Two ids are one person, named by `to`.
    Alias {
        /// The id of a visitor.
        from: ExternalId,
        /// The id of the account.
        to: ExternalId,
    },
    /// Properties of a user.
    User {
        /// The id of the account.
        user: ExternalId,
        /// What is set.
        change: UserChange,
    },
}

const EXPERIMENT: &str = "pricing_page";

type Pairs = Vec<(String, String)>;

impl Moment {
    pub(super) fn item(&self, person: &Person) -> Item {
        let account = || id(person.account_id());
        match self.what {
            What::Join => Item::Alias { from: id(self.id_text(person)), to: account() },
            What::Profile => {
                let name = format!("{} {}", person.first_name, person.last_name);
                let all =
                    pairs([("name", &name), ("plan", self.plan), ("country", person.country)]);
                Item::User { user: account(), change: properties(all).into() }
            }
            What::Did(act) => Item::Event(NewEvent {
                event_type: EventType::new(act.event_type()).expect("a name of ours"),
                user: id(self.id_text(person)),
                time: TimeMs::new(self.time).expect("within the days of the demo"),
                insert_id: None,
                properties: properties(self.properties(act, person)),
            }),
        }
    }

    fn id_text(&self, person: &Person) -> String {
        match self.id {
            Id::Visitor(device) => person.visitor_id(device),
            Id::Account => person.account_id(),
        }
    }

    fn properties(&self, act: Act, person: &Person) -> Pairs {
        let mut all = Vec::from(pairs([("platform", self.platform), ("country", person.country)]));
        if let Id::Account = self.id {
            all.extend(pairs([("plan", self.plan)]));
        }
        match act {
            Act::PageView(path) => {
                all.extend(pairs([("path", path), ("channel", person.channel)]));
            }
            Act::Signup => all.extend(pairs([("channel", person.channel)])),
            Act::CreateProject(template) => all.extend(pairs([("template", template)])),
            Act::InviteTeammate(role) => all.extend(pairs([("role", role)])),
            Act::StartSession(number) => {
                all.extend(pairs([("session_number", &number.to_string())]));
            }
            Act::CompleteTask(hours) => all.extend(pairs([("hours_open", &hours.to_string())])),
            Act::ExportReport(format) => all.extend(pairs([("format", format)])),
            Act::Error(code) => all.extend(pairs([("code", code)])),
            Act::Cancel(reason) => all.extend(pairs([("reason", reason)])),
            Act::Subscribe { billing, .. } | Act::Payment { billing } => {
                let cents = cents_of(self.plan, billing);
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                all.extend(pairs([("billing", billing), ("amount", &amount)]));
            }
            Act::OpenProject | Act::EditTask | Act::AddComment | Act::ViewPlans { .. } => {}
        }
        if act.is_in_experiment() {
            all.extend(pairs([("experiment", EXPERIMENT), ("variant", person.variant)]));
        }
        all
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> [(String, String); N] {
    pairs.map(|(key, value)| (key.to_string(), value.to_string()))
}

fn properties(pairs: impl Into<Pairs>) -> Properties {
    Properties::new(pairs.into()).expect("a few short texts")
}

fn id(text: String) -> ExternalId {
    ExternalId::new(text).expect("a short text")
}
