//! Every limit of the system, each with its unit in its name.
//!
//! A limit that an operator may change is the default of a server flag; the others are part of the
//! format or of the contract.

/// Bytes of a request body, after unpacking.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Events in one batch.
pub const BATCH_EVENTS_MAX: usize = 2_000;
/// Properties of one event or one call that sets user properties.
pub const EVENT_PROPERTIES_MAX: usize = 255;
/// Bytes of a property key.
pub const KEY_BYTES_MAX: usize = 255;
/// Bytes of a property value.
pub const VALUE_BYTES_MAX: usize = 8 << 10;
/// Bytes of an event type's name.
pub const EVENT_TYPE_BYTES_MAX: usize = 255;
/// Bytes of an external user id.
pub const EXTERNAL_ID_BYTES_MAX: usize = 400;
/// Bytes of an insert id.
pub const INSERT_ID_BYTES_MAX: usize = 128;
/// Event types in one store.
pub const EVENT_TYPES_MAX: usize = 10_000;
/// Property keys of one event type, and of all users together.
pub const KEYS_PER_TYPE_MAX: usize = 1_000;
/// Distinct values of one key that are kept for autocompletion.
pub const VALUES_PER_KEY_MAX: usize = 10_000;
/// External ids of one person.
pub const IDS_PER_PERSON_MAX: usize = 1_000;
/// Steps of a funnel.
pub const FUNNEL_STEPS_MAX: usize = 32;
/// Rows times columns of a cohort table.
pub const COHORT_CELLS_MAX: usize = 100_000;
/// Users of one arm of an experiment: as many as the store can number.
pub const ARM_USERS_MAX: u32 = u32::MAX;
/// Filters of one event of a query, those for every step among them, and filters of the person.
pub const FILTERS_MAX: usize = 100;
/// Days of a conversion window.
pub const WINDOW_DAYS_MAX: u32 = 100_000;
/// How far in the future an event's time may lie when it is received, in milliseconds.
pub const FUTURE_MS_MAX: i64 = 86_400_000;
/// By how much a tracker's clock may differ from the server's before its times are corrected, in milliseconds.
pub const SKEW_MS_TOLERATED: i64 = 2_000;
/// Seconds' worth of events that a client who has sent none for long may send at once, where there is a limit.
pub const RATE_BURST_SECONDS: f64 = 10.0;
/// Clients whose recent sending is remembered, where there is a limit; as many again who sent before them.
pub const RATE_CLIENTS_MAX: usize = 1 << 16;
/// Days for which an insert id is remembered by default.
pub const INSERT_ID_DAYS_DEFAULT: u32 = 7;
/// Events in the tail before it is sealed, by default.
pub const SEAL_EVENTS_DEFAULT: u32 = 65_536;
/// Persons or events of one page.
pub const PAGE_MAX: usize = 10_000;
/// Bytes of a preview: persons with their events of some types, for a browser.
pub const PREVIEW_BYTES_MAX: usize = 64 << 20;
/// About how many events a preview has by default.
pub const PREVIEW_EVENTS_DEFAULT: usize = 250_000;
/// About how many events of a preview may be asked for.
pub const PREVIEW_EVENTS_MAX: usize = 2_000_000;
/// Event types of a preview.
pub const PREVIEW_TYPES_MAX: usize = 32;
/// Properties of persons that a preview has.
pub const PREVIEW_KEYS_MAX: usize = 16;
/// Clients that follow new events at a time.
pub const STREAM_CLIENTS_MAX: usize = 64;
/// Saved views of one store.
pub const VIEWS_MAX: usize = 1_000;
/// Bytes of a saved view's name.
pub const VIEW_NAME_BYTES_MAX: usize = 255;
/// Bytes of a saved view.
pub const VIEW_BYTES_MAX: usize = 64 << 10;
/// Texts that one filter compares with.
pub const FILTER_VALUES_MAX: usize = 1_000;
/// Bytes that a regular expression takes in memory, compiled.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Groups of a breakdown that are told apart.
pub const BREAKDOWN_GROUPS_MAX: usize = 1_000;
/// Distinct values of a property by which an answer is broken down.
pub const BREAKDOWN_VALUES_MAX: usize = 1 << 20;
/// Hours, days, weeks or months that make up one period.
pub const PERIOD_UNITS_MAX: u32 = 10_000;
/// Periods of a calendar that a question covers.
pub const PERIODS_MAX: usize = 400_000;
