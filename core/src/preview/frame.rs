//! The bytes in which a sample goes to a browser, as `docs/format.md` describes them.

use alloc::vec::Vec;

use crate::part::{u16_at, u32_at, u64_at};
use crate::preview::Drawn;
use crate::{Error, UserId};

const MAGIC: &[u8; 6] = b"EHPREV";
const VERSION: u16 = 2;

/// A sample of persons with their events of some types and times.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame<'a> {
    /// How many of the persons who have such events were drawn.
    pub drawn: Drawn,
    /// The times that it has, in ms: from the first to before the second.
    pub times_ms: (i64, i64),
    /// Whether it has all event types, so that it answers questions about any.
    pub all_types: bool,
    /// The event types in order of their names, each with its events as a packed part; none of a type without events.
    /// Users are the numbers of persons.
    pub parts: Vec<(&'a str, Option<&'a [u8]>)>,
    /// The properties of persons that were asked for.
    pub user_properties: Vec<UserProperty<'a>>,
}

/// The values in force of a property of the persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProperty<'a> {
    /// Its key.
    pub key: &'a str,
    /// The values that somebody has.
    pub values: Vec<&'a str>,
    /// By person the place of the value, from 1 on; 0 of who has none.
    pub of: Vec<u32>,
}

impl<'a> Frame<'a> {
    /// Writes it.
    ///
    /// # Panics
    /// When something in it has 4 GiB or more.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.times_ms.0.to_le_bytes());
        out.extend_from_slice(&self.times_ms.1.to_le_bytes());
        out.extend_from_slice(&self.drawn.persons.to_le_bytes());
        out.extend_from_slice(&self.drawn.of_persons.to_le_bytes());
        number(&mut out, usize::from(self.all_types));
        number(&mut out, self.parts.len());
        number(&mut out, self.user_properties.len());
        for (name, part) in &self.parts {
            text(&mut out, name);
            let part = part.unwrap_or_default();
            number(&mut out, part.len());
            out.extend_from_slice(part);
        }
        for UserProperty { key, values, of } in &self.user_properties {
            text(&mut out, key);
            number(&mut out, values.len());
            values.iter().for_each(|value| text(&mut out, value));
            of.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
        out
    }

    /// Reads it; the parts and texts lie in its bytes.
    ///
    /// # Errors
    /// When the bytes are no frame of this version. Parts are checked when they are opened.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader(bytes);
        if reader.take(6)? != MAGIC {
            return Err(bad("it does not begin like one"));
        }
        if u16_at(reader.take(2)?, 0) != VERSION {
            return Err(bad("its version is not known"));
        }
        let times = reader.take(16)?;
        let (persons, of_persons) = (reader.number()?, reader.number()?);
        let drawn = Drawn { persons, of_persons };
        if persons > of_persons {
            return Err(bad("more persons were drawn than there are"));
        }
        let all_types = match reader.number()? {
            0 => false,
            1 => true,
            _ => return Err(bad("it does not say whether it has all types")),
        };
        let (types, properties) = (reader.number()?, reader.number()?);
        let mut frame = Self {
            drawn,
            times_ms: (u64_at(times, 0) as i64, u64_at(times, 8) as i64),
            all_types,
            parts: Vec::new(),
            user_properties: Vec::new(),
        };
        for _ in 0..types {
            let name = reader.text()?;
            let length = reader.number()?;
            let part = reader.take(length as usize)?;
            frame.parts.push((name, (length > 0).then_some(part)));
        }
        for _ in 0..properties {
            frame.user_properties.push(reader.property(persons)?);
        }
        if reader.0.is_empty() { Ok(frame) } else { Err(bad("something follows it")) }
    }
}

impl UserProperty<'_> {
    /// The value of a person.
    #[must_use]
    pub fn value(&self, person: UserId) -> Option<&str> {
        let place = *self.of.get(person as usize)?;
        place.checked_sub(1).and_then(|place| self.values.get(place as usize)).copied()
    }
}

fn number(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("a preview is below 4 GiB");
    out.extend_from_slice(&number.to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

const fn bad(message: &'static str) -> Error {
    Error::Corrupt { what: "preview", message }
}

/// The bytes that were not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(bad("it is torn"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Error> {
        Ok(u32_at(self.take(4)?, 0))
    }

    fn text(&mut self) -> Result<&'a str, Error> {
        let length = self.number()?;
        let text = core::str::from_utf8(self.take(length as usize)?);
        text.map_err(|_| bad("a text is not UTF-8"))
    }

    fn property(&mut self, persons: u32) -> Result<UserProperty<'a>, Error> {
        let key = self.text()?;
        let count = self.number()?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.text()?);
        }
        let of = self.take((persons as usize).checked_mul(4).ok_or(bad("it is torn"))?)?;
        let of: Vec<u32> = of.chunks_exact(4).map(|place| u32_at(place, 0)).collect();
        if of.iter().any(|place| *place > count) {
            return Err(bad("a value is not one of its property's"));
        }
        Ok(UserProperty { key, values, of })
    }
}
