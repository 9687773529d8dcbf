//! Events and the validated texts they are made of.
//!
//! Each type here can only hold what the store takes, so that nothing behind the edge checks again.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::shortened;
use crate::limits::{
    EVENT_PROPERTIES_MAX, EVENT_TYPE_BYTES_MAX, EXTERNAL_ID_BYTES_MAX, INSERT_ID_BYTES_MAX,
    KEY_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::{Error, TimeMs};

/// The number of an event: consecutive from 0 in order of receipt.
pub type EventId = u64;

/// The dense number of an external user id, in order of its creation.
pub type UserId = u32;

/// Keys of an event that are not properties.
pub const RESERVED_KEYS: [&str; 6] =
    ["event_type", "external_user_id", "timestamp", "date", "insert_id", "callback"];

/// Bytes of the client's name in an insert id of the tracker.
const CLIENT_BYTES_MIN: usize = 8;
const CLIENT_BYTES_MAX: usize = 64;
/// The first counter that JavaScript's numbers do not hold exactly.
const COUNTER_END: u64 = 1 << 53;

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks that the text is not empty and within its limit.
            ///
            /// # Errors
            /// When it is empty or too long; the error names the reserved key.
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                let text = text.into();
                if text.is_empty() {
                    return Err(Error::Empty { field: $field });
                }
                check_length($field, &text, $max)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text_type!(
    /// The name of a kind of event, such as `signup`: 1 to 255 bytes.
    EventType, "event_type", EVENT_TYPE_BYTES_MAX
);
text_type!(
    /// The text by which a client names a user: 1 to 400 bytes.
    ExternalId, "external_user_id", EXTERNAL_ID_BYTES_MAX
);
text_type!(
    /// A client's own name for an event, by which a repeated delivery is known: 1 to 128 bytes.
    InsertId, "insert_id", INSERT_ID_BYTES_MAX
);

impl InsertId {
    /// The client and the counter of an id that the tracker made, `~CLIENT.COUNTER`: the client 8 to 64
    /// of `A-Z a-z 0-9 _ -`, the counter a decimal number below 2^53 without leading zeros. A client
    /// counts up, so that its ids can be remembered as ranges.
    ///
    /// ```
    /// use eventhub_core::InsertId;
    /// let of = |text: &str| InsertId::new(text).map(|id| id.counted().map(|(_, counter)| counter));
    /// assert_eq!(of("~V1StGXR8Z5jdHi6B.42")?, Some(42));
    /// assert_eq!(of("order-42")?, None);
    /// # Ok::<(), eventhub_core::Error>(())
    /// ```
    #[must_use]
    pub fn counted(&self) -> Option<(&str, u64)> {
        let (client, digits) = self.0.strip_prefix('~')?.split_once('.')?;
        let is_client = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let plain = digits == "0" || !digits.starts_with(['0', '+']);
        let counter = digits.parse().ok().filter(|counter| *counter < COUNTER_END)?;
        let sound = plain
            && (CLIENT_BYTES_MIN..=CLIENT_BYTES_MAX).contains(&client.len())
            && client.bytes().all(is_client);
        sound.then_some((client, counter))
    }
}

/// Properties of an event or a user: distinct keys in order, each with a text.
///
/// ```
/// use eventhub_core::Properties;
/// let properties = Properties::new(vec![("plan".into(), "free".into()), ("age".into(), "7".into())])?;
/// assert_eq!(properties.get("plan"), Some("free"));
/// assert_eq!(properties.iter().next(), Some(("age", "7")));
/// # Ok::<(), eventhub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// Sorts the pairs by key; of a key given twice, the last value stays.
    ///
    /// # Errors
    /// When there are too many, a key is empty, or a key or value is too long.
    pub fn new(mut pairs: Vec<(String, String)>) -> Result<Self, Error> {
        for (key, value) in &pairs {
            check_property(key, value)?;
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.reverse();
        pairs.dedup_by(|later, kept| later.0 == kept.0);
        pairs.reverse();
        if pairs.len() > EVENT_PROPERTIES_MAX {
            return Err(Error::TooMany {
                field: "properties",
                limit: EVENT_PROPERTIES_MAX,
                actual: pairs.len(),
            });
        }
        Ok(Self(pairs))
    }

    /// The pairs in order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An event as a client gave it, checked, before the server numbers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its kind.
    pub event_type: EventType,
    /// Who did it, by the id the client used.
    pub user: ExternalId,
    /// When it happened.
    pub time: TimeMs,
    /// The client's own name for it, if it gave one.
    pub insert_id: Option<InsertId>,
    /// Everything else.
    pub properties: Properties,
}

pub(crate) fn check_property(key: &str, value: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Error::EmptyKey);
    }
    if key.len() > KEY_BYTES_MAX {
        let (key, actual) = (shortened(key), key.len());
        return Err(Error::KeyTooLong { key, limit: KEY_BYTES_MAX, actual });
    }
    check_length(key, value, VALUE_BYTES_MAX)
}

fn check_length(field: &str, text: &str, limit: usize) -> Result<(), Error> {
    if text.len() > limit {
        return Err(Error::TooLong { field: field.to_string(), limit, actual: text.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    #[test]
    fn texts_have_limits() {
        assert_eq!(EventType::new(""), Err(Error::Empty { field: "event_type" }));
        assert!(EventType::new("x".repeat(255)).is_ok());
        assert!(EventType::new("x".repeat(256)).is_err());
        assert!(ExternalId::new("x".repeat(400)).is_ok());
        assert!(ExternalId::new("x".repeat(401)).is_err());
        assert!(InsertId::new("x".repeat(129)).is_err());
    }

    #[test]
    fn an_insert_id_of_the_tracker_has_one_form() {
        let check = |text: &str, expected: Option<(&str, u64)>| {
            assert_eq!(InsertId::new(text).unwrap().counted(), expected, "{text}");
        };
        check("~abcdefgh.0", Some(("abcdefgh", 0)));
        check("~a_-45678.9007199254740991", Some(("a_-45678", (1 << 53) - 1)));
        for other in [
            "~abcdefgh.9007199254740992",
            "~abcdefgh.00",
            "~abcdefgh.+1",
            "~abcdefgh.-1",
            "~abcdefgh.",
            "~abcdefgh",
            "~abcdefg.1",
            "~abcdef.h.1",
            "~abcdefg h.1",
            "abcdefgh.1",
        ] {
            check(other, None);
        }
        let long = "c".repeat(64);
        check(&format!("~{long}.1"), Some((&long, 1)));
        check(&format!("~{long}c.1"), None);
    }

    #[test]
    fn of_a_key_given_twice_the_last_value_stays() {
        let pairs = [("b", "1"), ("a", "2"), ("b", "3"), ("a", "4")];
        let pairs = pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let properties = Properties::new(pairs).unwrap();
        assert_eq!(properties.iter().collect::<Vec<_>>(), vec![("a", "4"), ("b", "3")]);
        assert_eq!(properties.get("c"), None);
    }

    #[test]
    fn properties_have_limits() {
        let of = |n: usize| (0..n).map(|i| (i.to_string(), String::new())).collect();
        assert!(Properties::new(of(255)).is_ok());
        assert!(Properties::new(of(256)).is_err());
        let one = |k: String, v: String| Properties::new(vec![(k, v)]);
        assert!(one(String::new(), "v".into()).is_err());
        let long = one("k".repeat(256), "v".into()).unwrap_err();
        assert!(long.to_string().len() < 100, "{long}");
        assert_eq!(long.param(), None);
        assert_eq!(one("k".into(), "v".repeat(8193)).unwrap_err().param(), Some("k"));
    }
}
