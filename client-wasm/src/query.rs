//! The funnel of the JSON API, as far as the engine answers it: what it does not know is refused
//! by name.

use eventhub_core::query::{Filter, FunnelQuery, Range, Step};
use eventhub_core::{Error, parse_date, parse_end_date};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunnelJson {
    range: RangeJson,
    steps: Vec<StepJson>,
    window: WindowJson,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeJson {
    start: String,
    end: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepJson {
    event: String,
    #[serde(default)]
    filters: Vec<FilterJson>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterJson {
    property: String,
    // One operation so far, which needs no telling apart.
    #[serde(rename = "op")]
    _op: Op,
    values: [String; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Is,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowJson {
    amount: u32,
    // One unit so far, which needs no telling apart.
    #[serde(rename = "unit")]
    _unit: Unit,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    CalendarDays,
}

impl TryFrom<FunnelJson> for FunnelQuery {
    type Error = Error;

    fn try_from(json: FunnelJson) -> Result<Self, Error> {
        let start = day("range.start", &json.range.start, parse_date)?;
        let range = Range::new(start, day("range.end", &json.range.end, parse_end_date)?)?;
        let steps = json.steps.into_iter().map(Step::from).collect();
        Self::new(range, steps, json.window.amount, Vec::new())
    }
}

impl From<StepJson> for Step {
    fn from(json: StepJson) -> Self {
        let filters = json.filters.into_iter().map(Filter::from).collect();
        Self { event_type: json.event, filters }
    }
}

impl From<FilterJson> for Filter {
    fn from(json: FilterJson) -> Self {
        let [value] = json.values;
        Self { key: json.property, value }
    }
}

/// Reads `YYYY-MM-DD` by a reader of `YYYYMMDD`.
fn day<T>(
    field: &str,
    text: &str,
    read: impl Fn(&str, &str) -> Result<T, Error>,
) -> Result<T, Error> {
    let parts: Vec<&str> = text.split('-').collect();
    let invalid = || Error::InvalidDate {
        field: field.to_owned(),
        value: text.chars().take(40).collect(),
        expected: "YYYY-MM-DD",
    };
    match parts[..] {
        [year, month, day] if [year.len(), month.len(), day.len()] == [4, 2, 2] => {
            read(field, &parts.concat()).map_err(|error| match error {
                Error::InvalidDate { .. } => invalid(),
                other => other,
            })
        }
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn valid() -> Value {
        json!({
            "range": { "start": "2024-03-01", "end": "2024-04-01" },
            "steps": [
                { "event": "home" },
                { "event": "buy", "filters": [{ "property": "plan", "op": "is", "values": ["a"] }] },
            ],
            "window": { "amount": 7, "unit": "calendar_days" },
        })
    }

    fn read(json: Value) -> Result<FunnelQuery, String> {
        let json: FunnelJson = serde_json::from_value(json).map_err(|error| error.to_string())?;
        json.try_into().map_err(|error: Error| error.to_string())
    }

    #[test]
    fn reads_a_funnel() {
        let query = read(valid()).unwrap();
        assert_eq!(query.range().start().date_text(), "20240301");
        assert_eq!(query.range().end().date_text(), "20240401");
        assert_eq!(query.limit_ms(0), 7 * eventhub_core::DAY_MS);
        let [home, buy] = query.steps() else { panic!("two steps") };
        assert_eq!((home.event_type.as_str(), home.filters.len()), ("home", 0));
        assert_eq!(buy.filters, [Filter { key: "plan".into(), value: "a".into() }]);
    }

    #[test]
    fn refuses_what_the_engine_does_not_answer() {
        let check = |pointer: &str, value: Value, expected: &str| {
            let mut json = valid();
            *json.pointer_mut(pointer).unwrap() = value;
            let message = read(json).unwrap_err();
            assert!(message.contains(expected), "{pointer}: {message}");
        };
        check("/range/start", json!("2024-13-45"), "range.start: 2024-13-45 is not a date");
        check("/range/end", json!("20240401"), "range.end: 20240401 is not a date (YYYY-MM-DD)");
        check("/range/end", json!("2024-02-01"), "lies before");
        check("/steps", json!([]), "must not be empty");
        check("/steps/1/filters/0/op", json!("contains"), "unknown variant `contains`");
        check("/steps/1/filters/0/values", json!(["a", "b"]), "invalid length");
        check("/window/amount", json!(0), "is not between 1");
        check("/window/unit", json!("hours"), "unknown variant `hours`");
        check("/window", json!({ "amount": 1, "unit": "calendar_days", "x": 1 }), "`x`");
    }
}
