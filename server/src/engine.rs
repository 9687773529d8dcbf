//! The one trait behind which events are kept and questions answered.
//!
//! Nothing above it knows which engine it talks to; the embedded one stands in `store` and `query`.

use async_trait::async_trait;
use eventhub_core::answer::PropertyKind;
use eventhub_core::query::{
    CohortQuery, ExplainQuery, Explanation, Filter, FunnelAnswer, FunnelQuery, RetentionAnswer,
    RetentionQuery, TrendsAnswer, TrendsQuery, WhoQuery,
};
use eventhub_core::{EventId, ExternalId, NewEvent, TimeMs, UserChange, UserId};
use serde::Serialize;

/// Why an engine refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The client's request cannot be met; nothing of it was stored.
    #[error(transparent)]
    Invalid(eventhub_core::Error),
    /// Too much is waiting to be written; the same request will do later.
    #[error("the write queue is full")]
    Busy,
    /// There is no space for what is to be written; the same request will do once there is.
    #[error("the disk or the data file is full")]
    Full,
    /// Stored bytes do not match their checksum or format: the answer would be wrong.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A question took longer than the operator allows, in seconds.
    #[error("the question takes longer than {0} s, the server's limit for one")]
    Slow(u64),
    /// A question needs more memory than the operator allows, in bytes.
    #[error("the question takes more memory than {0} bytes, the server's limit for one")]
    Large(u64),
    /// The engine is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The storage failed in another way.
    #[error("storage: {0}")]
    Storage(String),
}

impl From<eventhub_core::Error> for EngineError {
    /// What core finds wrong with stored bytes is damage; anything else is the request's fault.
    fn from(error: eventhub_core::Error) -> Self {
        match error {
            eventhub_core::Error::Corrupt { .. } => Self::Corrupt(error.to_string()),
            error => Self::Invalid(error),
        }
    }
}

/// An event as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number.
    pub id: EventId,
    /// Its kind.
    pub event_type: String,
    /// The id under which it came.
    pub external_user_id: String,
    /// When it happened.
    pub time: TimeMs,
    /// Everything else, in order of keys.
    pub properties: Vec<(String, String)>,
}

/// A person: one or several external ids, with the properties in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// The id that names the person.
    pub external_user_id: String,
    /// The properties in force, in order of keys.
    pub properties: Vec<(String, String)>,
}

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned<T> {
    /// The answer.
    pub answer: T,
    /// Events of the parts that were read.
    pub events: u64,
}

/// Some of the persons that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many there are.
    pub total: u64,
    /// Those of the page.
    pub persons: Vec<PersonRecord>,
}

/// A person's way through a funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPerson {
    /// The id that names the person.
    pub external_user_id: String,
    /// Whether the user filters hold of the person.
    pub passes_user_filters: bool,
    /// The walk; its events are those of `events`.
    pub explanation: Explanation,
    /// The events that the funnel looks at, those first that come first, but not more than a page.
    pub events: Vec<EventRecord>,
}

/// An event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeRecord {
    /// Its name.
    pub name: String,
    /// How many of its events are stored; those of deleted users until they are gone from the disk.
    pub events: u64,
}

/// A property key of an event type's events, or of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyRecord {
    /// The key.
    pub key: String,
    /// How many events, or external ids of users, have it; those of deleted users until they are gone from the disk.
    pub count: u64,
    /// What its values look like; none when none is kept.
    pub kind: Option<PropertyKind>,
}

/// Whose values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueOf {
    /// Those of the events of a type.
    Events(String),
    /// Those of persons.
    Users,
}

/// A page of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPage {
    /// The events that follow those of the page before.
    pub events: Vec<EventRecord>,
    /// What the next page is asked for with; none when there is none.
    pub next: Option<String>,
}

/// The newest events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// In order of their numbers.
    pub events: Vec<EventRecord>,
    /// The number that the next event gets.
    pub end: EventId,
}

/// A sample for a browser that answers questions by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewQuery {
    /// Distinct event types; none for all.
    pub event_types: Option<Vec<String>>,
    /// Distinct keys of properties of persons.
    pub user_properties: Vec<String>,
    /// The times, in ms: from the first to before the second.
    pub times_ms: (i64, i64),
    /// About how many events it has at most.
    pub events_max: usize,
    /// How many bytes it has at most.
    pub bytes_max: usize,
}

/// An alias that joined two persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasRecord {
    /// The id whose person joined the other, as it was given.
    pub from: String,
    /// The id whose person stayed, as it was given.
    pub to: String,
    /// Its place among all aliases and changes of users: it grows with time, and has gaps.
    pub sequence: u64,
}

/// Figures about the engine, each counted since the data folder was made unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Events stored; those of deleted users until they are gone from the disk.
    pub events: u64,
    /// External ids known; those of deleted users are not.
    pub users: u64,
    /// Event types known.
    pub event_types: u64,
    /// Parts that queries read.
    pub parts: u64,
    /// Events in the tail.
    pub tail_events: u64,
    /// Runs in memory that the tail consists of.
    pub tail_runs: u64,
    /// Dictionaries asked for a filter's value, since the start.
    pub filter_checks: u64,
    /// Of these, how many a Bloom filter answered, since the start.
    pub bloom_rejections: u64,
    /// Commits, since the start.
    pub commits: u64,
    /// Parts made by sealing the tail, since the start.
    pub seals: u64,
    /// Merges of parts, since the start.
    pub merges: u64,
    /// Bytes of the data file in use, with pages that were freed and will be written again.
    pub disk_used_bytes: u64,
    /// Of these, bytes of the pages that hold something.
    pub disk_data_bytes: u64,
    /// Bytes that the data file may grow to.
    pub disk_max_bytes: u64,
}

/// Keeps events and answers questions about them.
///
/// A call that stores something returns when it is durable; what it stored is seen by every call that
/// begins afterwards. A call that fails has stored nothing.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Stores a batch whole; the ids in the batch's order. An event whose insert id its user has used
    /// before is not stored again and has the id it got first.
    async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<EventId>, EngineError>;
    /// Waits for the questions that are being answered, for a moment: before work that can wait.
    async fn give_way(&self) {}
    /// States that two ids are one person, named by `to`.
    async fn alias(&self, from: ExternalId, to: ExternalId) -> Result<(), EngineError>;
    /// Takes an alias back; `false` when there was none.
    async fn unalias(&self, from: ExternalId, to: ExternalId) -> Result<bool, EngineError>;
    /// Changes the properties of a user's person; the user is created when unknown. What is added to a value that
    /// is no number is refused under the name of the property.
    async fn change_user(
        &self,
        user: ExternalId,
        change: UserChange,
    ) -> Result<UserId, EngineError>;
    /// Deletes the person of an external id, all its ids, events and properties; `false` when it is unknown.
    /// The ids are free: who comes under one of them later is somebody else.
    async fn delete_user(&self, user: ExternalId) -> Result<bool, EngineError>;
    /// The aliases that joined the ids of a person and were not taken back, in order; none for an unknown id.
    async fn aliases_of(&self, user: &str) -> Result<Vec<AliasRecord>, EngineError>;
    /// How many persons reached each step of a funnel of the established API.
    async fn funnel_counts(&self, query: FunnelQuery) -> Result<Vec<u64>, EngineError>;
    /// A funnel, as things stand at a time.
    async fn funnel(
        &self,
        query: FunnelQuery,
        now_ms: i64,
    ) -> Result<Scanned<FunnelAnswer>, EngineError>;
    /// Persons who stand somewhere in a funnel.
    async fn funnel_users(
        &self,
        query: WhoQuery,
        now_ms: i64,
    ) -> Result<Scanned<Page>, EngineError>;
    /// Why a person is counted as it is; none when the person is unknown.
    async fn explain(
        &self,
        query: ExplainQuery,
        now_ms: i64,
    ) -> Result<Option<ExplainedPerson>, EngineError>;
    /// A retention table, as things stand at a time.
    async fn retention(
        &self,
        query: RetentionQuery,
        now_ms: i64,
    ) -> Result<Scanned<RetentionAnswer>, EngineError>;
    /// Trends.
    async fn trends(&self, query: TrendsQuery) -> Result<Scanned<TrendsAnswer>, EngineError>;
    /// The table's rows, each `[size, column 0, ...]`.
    async fn cohort(&self, query: CohortQuery) -> Result<Vec<Vec<u64>>, EngineError>;
    /// Names of event types, in order of creation.
    async fn event_types(&self) -> Result<Vec<String>, EngineError>;
    /// The event types with how many events each has, in order of creation.
    async fn event_type_counts(&self) -> Result<Vec<EventTypeRecord>, EngineError>;
    /// Property keys seen on a type's events with what their values look like, sorted.
    async fn event_properties(&self, event_type: &str) -> Result<Vec<PropertyRecord>, EngineError>;
    /// Property keys that users have with what their values look like, sorted.
    async fn user_properties(&self) -> Result<Vec<PropertyRecord>, EngineError>;
    /// Property keys seen on a type's events, sorted.
    async fn event_keys(&self, event_type: &str) -> Result<Vec<String>, EngineError>;
    /// Values seen of a key on a type's events that start with `prefix`, sorted.
    async fn event_values(
        &self,
        event_type: &str,
        key: &str,
        prefix: &str,
    ) -> Result<Vec<String>, EngineError>;
    /// One event.
    async fn event(&self, id: EventId) -> Result<Option<EventRecord>, EngineError>;
    /// Persons for whom all filters hold, in order of their earliest creation.
    async fn find_users(&self, filters: Vec<Filter>) -> Result<Vec<PersonRecord>, EngineError>;
    /// Property keys that users have, sorted.
    async fn user_keys(&self) -> Result<Vec<String>, EngineError>;
    /// The values of a property that start with `prefix`, each with how many events or persons have it: those of
    /// the most, so many at most.
    async fn count_values(
        &self,
        of: ValueOf,
        property: String,
        prefix: String,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, EngineError>;
    /// Values of a key that users have and that start with `prefix`, sorted.
    async fn user_values(&self, key: &str, prefix: &str) -> Result<Vec<String>, EngineError>;
    /// The events of a person's ids, oldest first: `count` of them after the first `offset`.
    async fn timeline(
        &self,
        user: &str,
        offset: u64,
        count: u64,
    ) -> Result<Vec<EventRecord>, EngineError>;
    /// A page of all events there are when its first page is taken, in an order that never changes: by event
    /// type, 32 days of time, user, time and number. `after` is what the page before gave as `next`. A page
    /// holds `count` events at most, and less when there are very many or they are very long. Events of users who are
    /// deleted meanwhile are missing from later pages.
    async fn export(&self, after: Option<&str>, count: u64) -> Result<ExportPage, EngineError>;
    /// The events from a number on, but only the last `limit` that there are. Those of deleted users are missing.
    async fn newest(&self, from: EventId, limit: u64) -> Result<Newest, EngineError>;
    /// Persons who have events of some types and times, drawn at random unless all of them fit, with these events and
    /// without a word of who they are: an `eventhub_core::preview::Frame`.
    async fn preview(&self, query: PreviewQuery) -> Result<Vec<u8>, EngineError>;
    /// The names of all saved views, in order.
    async fn views(&self) -> Result<Vec<String>, EngineError>;
    /// The saved view of a name: a JSON object, as it was saved.
    async fn view(&self, name: &str) -> Result<Option<String>, EngineError>;
    /// Saves a view under a name that is not empty and within its limit; too many views are refused.
    async fn save_view(&self, name: &str, view: String) -> Result<(), EngineError>;
    /// Deletes a saved view; `false` when there was none.
    async fn delete_view(&self, name: &str) -> Result<bool, EngineError>;
    /// Whether events can be taken now.
    async fn ready(&self) -> Result<(), EngineError>;
    /// Figures for operators.
    async fn stats(&self) -> Result<Stats, EngineError>;
}
