//! Answers of the JSON API that are the same whoever gives them: the server, or a browser from a file.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::query::{Ended, Explanation};
use crate::{EventId, number_of};

/// An answer with what it took.
#[derive(Debug, Serialize)]
pub struct Timed<T> {
    /// The answer.
    #[serde(flatten)]
    pub answer: T,
    /// Milliseconds from the request to the answer.
    pub elapsed_ms: f64,
    /// Events in the parts that were opened.
    pub events_scanned: u64,
}

/// An event.
#[derive(Debug, Serialize)]
pub struct EventRow {
    /// Its number.
    pub id: EventId,
    /// Its kind.
    pub event_type: String,
    /// The id under which it came.
    pub external_user_id: String,
    /// When it happened, in ms since 1970.
    pub timestamp: i64,
    /// Everything else.
    pub properties: BTreeMap<String, String>,
}

/// A person.
#[derive(Debug, Serialize)]
pub struct PersonRow {
    /// The id that names the person.
    pub external_user_id: String,
    /// The properties in force.
    pub properties: BTreeMap<String, String>,
}

/// A page of persons.
#[derive(Debug, Serialize)]
pub struct PersonsPage {
    /// How many there are on all pages.
    pub total: u64,
    /// Those of this one.
    pub users: Vec<PersonRow>,
}

/// A person with what joined it.
#[derive(Debug, Serialize)]
pub struct PersonShown {
    /// The person.
    #[serde(flatten)]
    pub person: PersonRow,
    /// Every id of the person's, that which names it first.
    pub ids: Vec<String>,
    /// The aliases that are in force, in order.
    pub aliases: Vec<AliasRow>,
}

impl PersonShown {
    /// A person whose ids are those that the aliases name.
    #[must_use]
    pub fn new(person: PersonRow, aliases: Vec<AliasRow>) -> Self {
        let mut ids = Vec::from([person.external_user_id.clone()]);
        for alias in &aliases {
            for other in [&alias.from_external_user_id, &alias.to_external_user_id] {
                if !ids.contains(other) {
                    ids.push(other.clone());
                }
            }
        }
        Self { person, ids, aliases }
    }
}

/// An alias.
#[derive(Debug, Serialize)]
pub struct AliasRow {
    /// The id whose person joined the other, as it was given.
    pub from_external_user_id: String,
    /// The id whose person stayed, as it was given.
    pub to_external_user_id: String,
    /// Its place among all aliases and changes of users.
    pub sequence: u64,
}

/// An event type.
#[derive(Debug, Serialize)]
pub struct TypeRow {
    /// Its name.
    pub name: String,
    /// How many events it has.
    pub events: u64,
}

/// A property.
#[derive(Debug, Serialize)]
pub struct PropertyRow {
    /// Its key.
    pub key: String,
    /// How many events or users have it.
    pub count: u64,
    /// What its values look like; none when none is known.
    pub kind: Option<PropertyKind>,
}

/// What the values of a property look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyKind {
    /// Each is the text of a number.
    Number,
    /// Each is `true` or `false`.
    Boolean,
    /// Anything else.
    Text,
}

impl PropertyKind {
    /// Values that are looked at from either end of their order.
    pub const ENDS_VALUES: usize = 500;

    /// What these values look like; a value that is too long to be at hand is a text.
    #[must_use]
    pub fn of(values: &[Option<&str>]) -> Option<Self> {
        let all = |is: fn(&str) -> bool| values.iter().all(|value| value.is_some_and(is));
        if values.is_empty() {
            None
        } else if all(|value| number_of(value).is_some()) {
            Some(Self::Number)
        } else if all(|value| value == "true" || value == "false") {
            Some(Self::Boolean)
        } else {
            Some(Self::Text)
        }
    }
}

/// A value of a property.
#[derive(Debug, Serialize)]
pub struct ValueRow {
    /// The value.
    pub value: String,
    /// How many events or persons have it.
    pub count: u64,
}

/// Of values that are counted, those that begin with a prefix and are counted most, so many at most.
#[must_use]
pub fn most_counted(counted: Vec<(&str, u64)>, prefix: &str, limit: usize) -> Vec<(String, u64)> {
    let mut counted = counted;
    counted.retain(|(value, _)| value.starts_with(prefix));
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counted.truncate(limit);
    counted.into_iter().map(|(value, count)| (value.into(), count)).collect()
}

/// A person's way through a funnel.
#[derive(Debug, Serialize)]
pub struct ExplainAnswer {
    external_user_id: String,
    passes_user_filters: bool,
    steps_reached: usize,
    ended: EndRow,
    window_ends_ms: Option<i64>,
    events_total: usize,
    events: Vec<Passed>,
}

/// What ended the walk, with the event that did.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum EndRow {
    NoEntry,
    Converted,
    WindowClosed,
    WindowOpen,
    Excluded { exclusion: u32, event_id: EventId },
    Interrupted { event_id: EventId },
}

/// An event on the way.
#[derive(Debug, Serialize)]
struct Passed {
    event: EventRow,
    matches_steps: Vec<u32>,
    matches_exclusions: Vec<u32>,
    reached_step: Option<u32>,
}

impl ExplainAnswer {
    /// Events that are shown of an explanation at most.
    pub const EVENTS_MAX: usize = 1_000;

    /// The answer about a person; `events` are the first of the explanation's.
    #[must_use]
    pub fn new(
        external_user_id: String,
        passes_user_filters: bool,
        explanation: Explanation,
        events: Vec<EventRow>,
    ) -> Self {
        let id = |event: u32| explanation.events[event as usize].id;
        let ended = match explanation.end {
            None => EndRow::NoEntry,
            Some(Ended::Converted) => EndRow::Converted,
            Some(Ended::WindowClosed) => EndRow::WindowClosed,
            Some(Ended::WindowOpen) => EndRow::WindowOpen,
            Some(Ended::Excluded { exclusion, event }) => {
                EndRow::Excluded { exclusion, event_id: id(event) }
            }
            Some(Ended::Interrupted { event }) => EndRow::Interrupted { event_id: id(event) },
        };
        let reached = explanation.events.iter().filter(|event| event.reached.is_some());
        let steps_reached = reached.count();
        let events_total = explanation.events.len();
        let passed = explanation.events.into_iter().zip(events).map(|(explained, event)| Passed {
            event,
            matches_steps: explained.matches,
            matches_exclusions: explained.excluded_by,
            reached_step: explained.reached,
        });
        Self {
            external_user_id,
            passes_user_filters,
            steps_reached,
            ended,
            window_ends_ms: explanation.limit_ms,
            events_total,
            events: passed.collect(),
        }
    }
}
