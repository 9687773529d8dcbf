//! The machine's clock. One that stands before 1970 tells of 1970.

use std::time::{SystemTime, UNIX_EPOCH};

use eventhub_core::TimeMs;

/// Now, in ms since 1970.
pub(crate) fn now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// Now, or the last time there is.
pub(crate) fn now() -> TimeMs {
    TimeMs::new(now_ms()).unwrap_or(TimeMs::MAX)
}
