//! Numbers among property values, which are texts.

use alloc::format;
use alloc::string::String;

/// The number whose text a value is: decimal digits with an optional sign, fraction and exponent.
///
/// ```
/// use eventhub_core::number_of;
/// assert_eq!(number_of("-1.5e2"), Some(-150.0));
/// assert_eq!(number_of("inf"), None);
/// ```
#[must_use]
pub fn number_of(value: &str) -> Option<f64> {
    // Rust also reads `inf`, `infinity` and `nan`, which begin with letters.
    let first = value.trim_start_matches(['+', '-']).bytes().next()?;
    let digits = first.is_ascii_digit() || first == b'.';
    value.parse::<f64>().ok().filter(|number| digits && number.is_finite())
}

/// The shortest decimal text that is read as this number, without an exponent; none of what is not finite.
///
/// ```
/// use eventhub_core::number_text;
/// assert_eq!(number_text(3.0).as_deref(), Some("3"));
/// assert_eq!(number_text(f64::NAN), None);
/// ```
#[must_use]
pub fn number_text(number: f64) -> Option<String> {
    // Zero has one text, whatever its sign.
    number.is_finite().then(|| format!("{}", number + 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_decimal_form_only() {
        let check = |value: &str, expected: Option<f64>| {
            assert_eq!(number_of(value), expected, "{value}");
        };
        check("1", Some(1.0));
        check("-2.50", Some(-2.5));
        check("+.5e1", Some(5.0));
        for other in
            ["", "-", "nan", "inf", "-infinity", "1e999", "0x10", "1,5", " 1", "1 ", "true"]
        {
            check(other, None);
        }
    }

    #[test]
    fn a_number_has_one_short_text() {
        let check = |number: f64, expected: &str| {
            assert_eq!(number_text(number).as_deref(), Some(expected));
            assert_eq!(number_of(expected), Some(number));
        };
        check(1.5, "1.5");
        check(3.0, "3");
        check(-2.0, "-2");
        check(-0.0, "0");
        check(1e21, "1000000000000000000000");
        check(1e-7, "0.0000001");
        assert!(number_text(f64::MAX).is_some_and(|text| text.len() == 309));
        assert_eq!(number_text(f64::INFINITY), None);
    }
}
