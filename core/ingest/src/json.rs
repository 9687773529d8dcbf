//! A strict JSON array of flat objects, read straight into pairs.
//!
//! Values are taken as raw JSON text, so that a number keeps its digits as written (`1.10`, `1e3`,
//! integers of any size) and no tree is built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Error, Pairs, Value};

/// One element of the array.
#[derive(Debug)]
pub(super) enum Element<'a> {
    /// A flat or nested object, which is told by its values.
    Object(Pairs<'a>),
    /// Anything else.
    Other,
}

/// Reads the array.
///
/// # Errors
/// When the text is not JSON, or not an array.
pub(super) fn parse(text: &str) -> Result<Vec<Element<'_>>, serde_json::Error> {
    serde_json::from_str(text)
}

/// Reads one flat object, such as a line of an NDJSON file.
///
/// # Errors
/// When the text is not JSON, or not an object.
pub fn read_object(text: &str) -> Result<Pairs<'_>, Error> {
    const FIELD: &str = "object";
    match serde_json::from_str(text) {
        Ok(Element::Object(pairs)) => Ok(pairs),
        Ok(Element::Other) => {
            Err(Error::Syntax { field: FIELD, message: "not an object", position: 0 })
        }
        Err(error) => {
            let position = error.column().saturating_sub(1);
            Err(Error::Syntax { field: FIELD, message: "not JSON", position })
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Pairs::with_capacity(8);
        while let Some((Key(key), raw)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            pairs.push((key, value(raw.get()).map_err(A::Error::custom)?));
        }
        Ok(Element::Object(pairs))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Element::Other)
    }
}

/// A key, borrowed from the text unless it holds escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_string())))
    }
}

/// The value of a complete JSON text.
fn value(raw: &str) -> Result<Value<'_>, serde_json::Error> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') if raw.contains('\\') => Value::Text(Cow::Owned(serde_json::from_str(raw)?)),
        Some(b'"') => Value::Text(Cow::Borrowed(raw.trim_matches('"'))),
        Some(b'n') => Value::Absent,
        Some(b'{' | b'[') => Value::Nested,
        _ => Value::Text(Cow::Borrowed(raw)),
    })
}
