//! The lenient form of a batch, as scripts write it by hand:
//! `[{event_type: signup, external_user_id: 'foo bar', date: 20130101}]`.
//!
//! ```text
//! array  = '[' [ object { ',' object } ] ']'
//! object = '{' [ pair { ',' pair } ] '}'
//! pair   = text ':' text
//! text   = '"' .. '"' | "'" .. "'" | bare
//! ```
//!
//! Quoted texts take the escapes of JSON, and `\'`. A bare text ends at white space, `,`, a brace or a
//! bracket (a bare key also at `:`), holds no double quote, and `null` is absent. White space may stand
//! between all of these. Everything that is a strict JSON array of flat objects reads the same here.

use std::borrow::Cow;

use super::event::nested;
use super::{BadEvent, Error, Pairs, Value};

/// Reads the array; it ends at the first mistake.
///
/// # Errors
/// What is wrong and where; a nested object or array is named by the event's index and key.
pub(super) fn parse<'a>(field: &'static str, text: &'a str) -> Result<Vec<Pairs<'a>>, Error> {
    let mut parser = Parser { field, text, at: 0 };
    let events = parser.array()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.wrong("nothing may follow the array"));
    }
    Ok(events)
}

struct Parser<'a> {
    field: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn array(&mut self) -> Result<Vec<Pairs<'a>>, Error> {
        self.expect(b'[', "expected [ and an array of events")?;
        let mut events = Vec::new();
        if self.found(b']') {
            return Ok(events);
        }
        loop {
            events.push(self.object(events.len())?);
            if self.found(b']') {
                return Ok(events);
            }
            self.expect(b',', "expected , or ] after an event")?;
        }
    }

    fn object(&mut self, index: usize) -> Result<Pairs<'a>, Error> {
        self.expect(b'{', "expected { and an event")?;
        let mut pairs = Pairs::with_capacity(8);
        if self.found(b'}') {
            return Ok(pairs);
        }
        loop {
            let key = match self.quoted()? {
                Some(key) => key,
                None => self.bare(|byte| byte == b':', "expected a key")?.into(),
            };
            self.expect(b':', "expected : after a key")?;
            let value = self.value(index, &key)?;
            pairs.push((key, value));
            if self.found(b'}') {
                return Ok(pairs);
            }
            self.expect(b',', "expected , or } after a value")?;
        }
    }

    fn value(&mut self, index: usize, key: &str) -> Result<Value<'a>, Error> {
        if let Some(text) = self.quoted()? {
            return Ok(Value::Text(text));
        }
        if matches!(self.peek(), Some(b'{' | b'[')) {
            let error = nested(key);
            return Err(Error::Batch(vec![BadEvent { index, error }]));
        }
        Ok(match self.bare(|_| false, "expected a value")? {
            "null" => Value::Absent,
            text => Value::Text(text.into()),
        })
    }

    /// A text without quotes, at least one character.
    fn bare(&mut self, ends: fn(u8) -> bool, expected: &'static str) -> Result<&'a str, Error> {
        self.skip_space();
        let rest = &self.text[self.at..];
        let ends = |byte: u8| {
            byte.is_ascii_whitespace()
                || matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'"')
                || ends(byte)
        };
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong(expected));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// A text in quotes, if one begins here.
    fn quoted(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        let quote = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Ok(None),
        };
        let opened = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = memchr::memchr2(quote, b'\\', rest.as_bytes()) else {
                self.at = opened;
                return Err(self.wrong("a quoted text does not end"));
            };
            if text.is_empty() {
                text = Cow::Borrowed(&rest[..length]);
            } else {
                text.to_mut().push_str(&rest[..length]);
            }
            self.at += length + 1;
            if rest.as_bytes()[length] == quote {
                return Ok(Some(text));
            }
            let escaped = self.escaped()?;
            text.to_mut().push(escaped);
        }
    }

    /// The character that an escape stands for; the backslash is read already.
    fn escaped(&mut self) -> Result<char, Error> {
        let character = match self.text.as_bytes().get(self.at) {
            Some(byte @ (b'"' | b'\'' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.wrong("no such escape")),
        };
        self.at += 1;
        Ok(character)
    }

    /// `uXXXX`, or two of them that make one character.
    fn unicode(&mut self) -> Result<char, Error> {
        let first = self.hex_unit()?;
        let mut code = u32::from(first);
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            let second = self.hex_unit()?;
            code = char::decode_utf16([first, second])
                .next()
                .and_then(Result::ok)
                .map_or(0xd800, u32::from);
        }
        char::from_u32(code).ok_or_else(|| self.wrong("half of a surrogate pair"))
    }

    fn hex_unit(&mut self) -> Result<u16, Error> {
        let digits = self.text.get(self.at + 1..self.at + 5);
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|text| u16::from_str_radix(text, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("\\u needs four hexadecimal digits"))?;
        self.at += 5;
        Ok(unit)
    }

    fn expect(&mut self, byte: u8, message: &'static str) -> Result<(), Error> {
        if self.found(byte) { Ok(()) } else { Err(self.wrong(message)) }
    }

    /// Passes over a byte, and the white space before it, if it comes next.
    fn found(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let is_text = |byte: &u8| !byte.is_ascii_whitespace();
        self.at += rest.iter().position(is_text).unwrap_or(rest.len());
    }

    fn wrong(&self, message: &'static str) -> Error {
        Error::Syntax { field: self.field, message, position: self.at }
    }
}
