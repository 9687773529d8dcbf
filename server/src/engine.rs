//! The one trait behind which events are kept and questions answered.
//!
//! Nothing above it knows which engine it talks to; the embedded one stands in `store` and `query`.

use async_trait::async_trait;
use eventhub_core::query::{
    CohortQuery, ExplainQuery, Explanation, Filter, FunnelAnswer, FunnelQuery, RetentionAnswer,
    RetentionQuery, TrendsAnswer, TrendsQuery, WhoQuery,
};
use eventhub_core::{EventId, ExternalId, NewEvent, Properties, TimeMs, UserId};
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

/// Figures about the engine, each counted since the data folder was made unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Events stored.
    pub events: u64,
    /// External ids known.
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
    /// States that two ids are one person, named by `to`.
    async fn alias(&self, from: ExternalId, to: ExternalId) -> Result<(), EngineError>;
    /// Takes an alias back; `false` when there was none.
    async fn unalias(&self, from: ExternalId, to: ExternalId) -> Result<bool, EngineError>;
    /// Sets properties of a user, who is created when unknown.
    async fn set_user(&self, user: ExternalId, set: Properties) -> Result<UserId, EngineError>;
    /// How many persons reached each step of a funnel of the established API.
    async fn funnel_counts(&self, query: FunnelQuery) -> Result<Vec<u64>, EngineError>;
    /// A funnel, as things stand at a time.
    async fn funnel(
        &self,
        query: FunnelQuery,
        now_ms: i64,
    ) -> Result<Scanned<FunnelAnswer>, EngineError>;
    /// Persons who stand somewhere in a funnel.
    async fn funnel_users(&self, query: WhoQuery, now_ms: i64)
    -> Result<Scanned<Page>, EngineError>;
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
    /// Values of a key that users have and that start with `prefix`, sorted.
    async fn user_values(&self, key: &str, prefix: &str) -> Result<Vec<String>, EngineError>;
    /// The events of a person's ids, oldest first: `count` of them after the first `offset`.
    async fn timeline(
        &self,
        user: &str,
        offset: u64,
        count: u64,
    ) -> Result<Vec<EventRecord>, EngineError>;
    /// Whether events can be taken now.
    async fn ready(&self) -> Result<(), EngineError>;
    /// Figures for operators.
    async fn stats(&self) -> Result<Stats, EngineError>;
}
