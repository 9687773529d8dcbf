//! What must hold of a property.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::input::Scalar;
use super::invalid;
use crate::Error;
use crate::limits::{FILTER_VALUES_MAX, PATTERN_BYTES_MAX};
use crate::number::number_of;

/// A condition on a property: of the event in a step, of the person in a user filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The property's key.
    pub key: String,
    /// What must hold of its value.
    pub test: Test,
}

impl Filter {
    /// That a property has exactly this value.
    pub fn is(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            test: Test::Text { op: TextOp::Is, values: [value.into()].into(), negated: false },
        }
    }
}

/// What must hold of a value, or of there being none. A negated test holds exactly when the plain one does
/// not, so it holds where there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The value compared with texts, of which one must fit.
    Text {
        /// How they are compared.
        op: TextOp,
        /// The texts, at least one.
        values: Vec<String>,
        /// Whether none of them may fit.
        negated: bool,
    },
    /// A regular expression is found in the value.
    Matches(Pattern),
    /// The value is the text of a number, which compares so with another.
    Number {
        /// How they are compared.
        op: NumberOp,
        /// The other number, as bits, so that queries can be compared.
        bits: u64,
    },
    /// There is a value.
    Exists,
    /// There is none.
    NotExists,
}

/// How a value is compared with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOp {
    /// They are the same.
    Is,
    /// The value holds the text.
    Contains,
    /// The value begins with it.
    StartsWith,
    /// The value ends with it.
    EndsWith,
}

/// How a number is compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberOp {
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// A regular expression, equal to another of the same text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl Pattern {
    fn new(field: &str, text: &str) -> Result<Self, Error> {
        let built = RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
        // The library's message draws the expression over several lines; the last one says what is wrong.
        let message = |error: regex::Error| {
            let text = error.to_string();
            let last =
                text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
            invalid(field, format!("not a regular expression: {last}"))
        };
        built.map(Self).map_err(message)
    }

    /// Whether it is found in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl Test {
    /// The test that holds of no value where there is none, and whether this one is its opposite.
    #[must_use]
    pub fn positive(&self) -> (Self, bool) {
        match self {
            Self::Text { op, values, negated } => {
                (Self::Text { op: *op, values: values.clone(), negated: false }, *negated)
            }
            Self::NotExists => (Self::Exists, true),
            other => (other.clone(), false),
        }
    }

    /// Whether it holds of a value.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::Text { op, values, negated } => {
                let fits = |value: &str| values.iter().any(|text| op.fits(value, text));
                value.is_some_and(fits) != *negated
            }
            Self::Matches(pattern) => value.is_some_and(|value| pattern.is_match(value)),
            Self::Number { op, bits } => value
                .and_then(number_of)
                .is_some_and(|value| op.holds(value, f64::from_bits(*bits))),
            Self::Exists => value.is_some(),
            Self::NotExists => value.is_none(),
        }
    }
}

impl TextOp {
    fn fits(self, value: &str, text: &str) -> bool {
        match self {
            Self::Is => value == text,
            Self::Contains => value.contains(text),
            Self::StartsWith => value.starts_with(text),
            Self::EndsWith => value.ends_with(text),
        }
    }
}

impl NumberOp {
    fn holds(self, value: f64, other: f64) -> bool {
        match self {
            Self::Gt => value > other,
            Self::Gte => value >= other,
            Self::Lt => value < other,
            Self::Lte => value <= other,
        }
    }
}

/// A filter as JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterInput {
    property: String,
    op: Op,
    #[serde(default)]
    values: Vec<Scalar>,
}

/// Filters as JSON, all of which must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct FiltersInput(Vec<FilterInput>);

impl FiltersInput {
    /// The filters, checked; `at` is the JSON pointer to them.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, at: &str) -> Result<Vec<Filter>, Error> {
        super::input::filters(self.0, at)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Is,
    IsNot,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    Matches,
    Gt,
    Gte,
    Lt,
    Lte,
    Exists,
    NotExists,
}

impl FilterInput {
    /// The filter; `at` is the JSON pointer to it.
    pub(super) fn check(self, at: &str) -> Result<Filter, Error> {
        if self.property.is_empty() {
            return Err(invalid(&format!("{at}/property"), "must not be empty".into()));
        }
        let values: Vec<String> = self.values.into_iter().map(|value| value.0).collect();
        let test = test(self.op, values, &format!("{at}/values"))?;
        Ok(Filter { key: self.property, test })
    }
}

fn test(op: Op, values: Vec<String>, at: &str) -> Result<Test, Error> {
    let text = |op, negated| {
        if values.is_empty() || values.len() > FILTER_VALUES_MAX {
            let message = format!("{} given, it takes 1 to {FILTER_VALUES_MAX}", values.len());
            return Err(invalid(at, message));
        }
        Ok(Test::Text { op, values: values.clone(), negated })
    };
    let number = |op| {
        let value = only(&values, at)?;
        let number = number_of(value);
        let number = number
            .ok_or_else(|| invalid(&format!("{at}/0"), format!("{value} is not a number")))?;
        Ok(Test::Number { op, bits: number.to_bits() })
    };
    let nothing = |test| match values.len() {
        0 => Ok(test),
        count => Err(invalid(at, format!("{count} given, it takes none"))),
    };
    match op {
        Op::Is => text(TextOp::Is, false),
        Op::IsNot => text(TextOp::Is, true),
        Op::Contains => text(TextOp::Contains, false),
        Op::NotContains => text(TextOp::Contains, true),
        Op::StartsWith => text(TextOp::StartsWith, false),
        Op::EndsWith => text(TextOp::EndsWith, false),
        Op::Matches => Pattern::new(&format!("{at}/0"), only(&values, at)?).map(Test::Matches),
        Op::Gt => number(NumberOp::Gt),
        Op::Gte => number(NumberOp::Gte),
        Op::Lt => number(NumberOp::Lt),
        Op::Lte => number(NumberOp::Lte),
        Op::Exists => nothing(Test::Exists),
        Op::NotExists => nothing(Test::NotExists),
    }
}

fn only<'v>(values: &'v [String], at: &str) -> Result<&'v str, Error> {
    match values {
        [value] => Ok(value),
        _ => Err(invalid(at, format!("{} given, it takes 1", values.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(op: &str, values: &[&str]) -> Result<Test, Error> {
        let json = serde_json::json!({ "property": "p", "op": op, "values": values });
        let input: FilterInput = serde_json::from_value(json).unwrap();
        input.check("/f").map(|filter| filter.test)
    }

    #[test]
    fn each_operator_holds_of_what_it_says() {
        let check = |op: &str, values: &[&str], value: Option<&str>, expected: bool| {
            assert_eq!(
                read(op, values).unwrap().holds(value),
                expected,
                "{op} {values:?} {value:?}"
            );
        };
        check("is", &["a", "b"], Some("b"), true);
        check("is", &["a"], Some("A"), false);
        check("is", &["a"], None, false);
        check("is_not", &["a", "b"], Some("b"), false);
        check("is_not", &["a"], None, true);
        check("contains", &["bc"], Some("abcd"), true);
        check("not_contains", &["bc"], Some("abcd"), false);
        check("not_contains", &["bc"], None, true);
        check("starts_with", &["ab"], Some("abc"), true);
        check("ends_with", &["ab"], Some("abc"), false);
        check("matches", &["^a.c$"], Some("abc"), true);
        check("matches", &["^a.c$"], None, false);
        check("gt", &["9"], Some("10"), true);
        check("gte", &["10"], Some("1e1"), true);
        check("lt", &["0"], Some("-0.5"), true);
        check("lte", &["1"], Some("x"), false);
        check("lt", &["1"], Some("-inf"), false);
        check("exists", &[], Some(""), true);
        check("not_exists", &[], None, true);
        check("not_exists", &[], Some(""), false);
    }

    #[test]
    fn what_an_operator_does_not_take_is_refused_with_a_pointer() {
        let check = |op: &str, values: &[&str], expected: &str| {
            assert_eq!(read(op, values).unwrap_err().to_string(), expected);
        };
        check("is", &[], "/f/values: 0 given, it takes 1 to 1000");
        check("gt", &["1", "2"], "/f/values: 2 given, it takes 1");
        check("gt", &["one"], "/f/values/0: one is not a number");
        check("exists", &["1"], "/f/values: 1 given, it takes none");
        check("matches", &["("], "/f/values/0: not a regular expression: unclosed group");
    }
}
