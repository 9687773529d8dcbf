//! Parameters: what a query string and a form body say, decoded strictly.
//!
//! `form_urlencoded` replaces what is not UTF-8 and passes over broken escapes; here both are refused,
//! since a key or value that was silently changed would be stored for good.

use std::borrow::Cow;
use std::str::FromStr;

use eventhub_ingest::{Pairs, Value};

use super::error::ApiError;

/// Parameters that a request may have; more than any batch of filters or properties needs.
const PARAMETERS_MAX: usize = 4_096;

/// The parameters of a request, those of the query string first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes a query string and a form body.
    ///
    /// # Errors
    /// At the first bad percent escape or text that is not UTF-8, naming the parameter where its name can
    /// be read, and when there are too many.
    pub(super) fn parse(query: &[u8], body: &[u8]) -> Result<Self, ApiError> {
        let mut params = Vec::new();
        for pair in [query, body].into_iter().flat_map(|form| form.split(|byte| *byte == b'&')) {
            if pair.is_empty() {
                continue;
            }
            if params.len() == PARAMETERS_MAX {
                return Err(ApiError::TooManyParameters(PARAMETERS_MAX));
            }
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or_default());
            let name =
                decode(name).map_err(|message| ApiError::Encoding { param: None, message })?;
            match decode(value) {
                Ok(value) => params.push((name, value)),
                Err(message) => return Err(ApiError::Encoding { param: Some(name), message }),
            }
        }
        Ok(Self(params))
    }

    /// Every name and value, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The first value of a name that must have one.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, ApiError> {
        self.first(name).filter(|value| !value.is_empty()).ok_or(ApiError::Missing(name))
    }

    /// Every value of a name, written `name[]` or `name`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let named = |found: &str| found.strip_suffix("[]").unwrap_or(found) == name;
        self.iter().filter(|(found, _)| named(found)).map(|(_, value)| value.to_string()).collect()
    }

    /// A number that must be there.
    pub(super) fn number<T: FromStr>(&self, name: &'static str) -> Result<T, ApiError> {
        parse_number(name, self.required(name)?)
    }

    /// A number, or `default` when the parameter is not there.
    pub(super) fn number_or<T: FromStr>(&self, name: &str, default: T) -> Result<T, ApiError> {
        self.first(name).map_or(Ok(default), |text| parse_number(name, text))
    }

    /// A number between 1 and `max`, or `default` when the parameter is not there.
    pub(super) fn number_within(
        &self,
        name: &str,
        default: usize,
        max: usize,
    ) -> Result<usize, ApiError> {
        let number = self.number_or(name, default)?;
        if number == 0 || number > max {
            let message = format!("{number} is not between 1 and {max}");
            return Err(ApiError::Parameter { param: name.to_owned(), message });
        }
        Ok(number)
    }

    /// Refuses parameters of other names than these.
    pub(super) fn check_names(&self, known: &[&str]) -> Result<(), ApiError> {
        let unknown = self.iter().map(|(name, _)| name).find(|name| !known.contains(name));
        unknown.map_or(Ok(()), |name| {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(ApiError::UnknownParameter(name.chars().take(100).collect(), known))
        })
    }

    /// Removes every value of a name and returns the first.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let first = self.first(name).map(str::to_string);
        self.0.retain(|(found, _)| found != name);
        first
    }

    /// The parameters as the keys and values of an event or user, in order: of a name given twice the
    /// last value counts there, as in JSON.
    pub(super) fn into_pairs(self) -> Pairs<'static> {
        let text = |(name, value)| (Cow::Owned(name), Value::Text(Cow::Owned(value)));
        self.0.into_iter().map(text).collect()
    }
}

fn parse_number<T: FromStr>(name: &str, text: &str) -> Result<T, ApiError> {
    // `parse` would take a leading plus sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let message = match (text.is_empty(), digits) {
            (true, _) => "must be a number".to_string(),
            (_, true) => format!("{shown} is too large"),
            (_, false) => format!("{shown} is not a whole number of 0 or more"),
        };
        ApiError::Parameter { param: name.to_string(), message }
    })
}

/// What is not a hexadecimal digit.
const NO_DIGIT: u8 = 0xff;
/// The hexadecimal digits' values.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digits[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Decodes `+` and percent escapes.
fn decode(text: &[u8]) -> Result<String, &'static str> {
    // As long as it can become, so that no byte asks for room.
    let mut decoded = vec![0; text.len()];
    let (mut at, mut length) = (0, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        decoded[length] = match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |at: usize| text.get(at).map_or(NO_DIGIT, |b| DIGITS[usize::from(*b)]);
                let (high, low) = (digit(at), digit(at + 1));
                if high | low > 0xf {
                    return Err("a percent sign must be followed by two hexadecimal digits");
                }
                at += 2;
                high << 4 | low
            }
            byte => *byte,
        };
        length += 1;
    }
    decoded.truncate(length);
    String::from_utf8(decoded).map_err(|_| "is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str, body: &str) -> Params {
        Params::parse(query.as_bytes(), body.as_bytes()).unwrap()
    }

    #[test]
    fn query_and_form_are_one_list() {
        let params = parse("a=1&b%5B%5D=x+y&&c", "b[]=%C3%A9&b=%2B&a=2&=e");
        assert_eq!(params.first("a"), Some("1"));
        assert_eq!(params.first("c"), Some(""));
        assert_eq!(params.first(""), Some("e"));
        assert_eq!(params.first("d"), None);
        assert_eq!(params.list("b"), ["x y", "\u{e9}", "+"]);
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_by_name() {
        let check = |form: &[u8], expected: Option<&str>| match Params::parse(b"", form) {
            Err(ApiError::Encoding { param, .. }) => assert_eq!(param.as_deref(), expected),
            other => panic!("{other:?}"),
        };
        check(b"ok=1&a=%zz", Some("a"));
        check(b"a=%", Some("a"));
        check(b"a=%4", Some("a"));
        check(b"a=%FF", Some("a"));
        check(b"a=\xff", Some("a"));
        check(b"a=%+1", Some("a"));
        check(b"%zz=1", None);
        check(b"\xc3=1", None);
    }

    #[test]
    fn numbers_are_digits_that_fit() {
        let check = |text: &str, expected: Option<u32>| {
            assert_eq!(parse(&format!("n={text}"), "").number("n").ok(), expected, "{text}");
        };
        check("0", Some(0));
        check("007", Some(7));
        check("4294967295", Some(u32::MAX));
        check("4294967296", None);
        check("99999999999999999999999999", None);
        check("-1", None);
        check("%2B1", None);
        check("1.0", None);
        check("1e3", None);
        check("", None);
        check("%D9%A1", None);
        assert_eq!(parse("", "").number_or("n", 7).ok(), Some(7));
    }

    #[test]
    fn an_event_has_its_pairs_in_order() {
        let pairs = parse("a=1&a=2", "a=3").into_pairs();
        let expected = ["1", "2", "3"].map(|value| ("a".into(), Value::Text(value.into())));
        assert_eq!(pairs, expected);
    }

    #[test]
    fn there_is_a_limit() {
        assert!(Params::parse("a&".repeat(PARAMETERS_MAX).as_bytes(), b"").is_ok());
        assert!(Params::parse("a&".repeat(PARAMETERS_MAX).as_bytes(), b"b").is_err());
    }
}
