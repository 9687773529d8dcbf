//! What is sent, rendered once before anything is measured.

use std::fmt::Write as _;

/// Events of a batch.
pub(super) const BATCH_EVENTS: u64 = 1_000;
/// Different requests of a kind; they are sent in turn.
const SINGLES: u64 = 4_096;
const BATCHES: u64 = 32;

const TYPES: [&str; 5] =
    ["receive_email", "view_track_page", "start_track", "finish_course", "finish_track"];
const USERS: u64 = 10_000;
/// 2013-01-01T00:00:00Z
const START_MS: u64 = 1_356_998_400_000;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// A question that touches no event: what connections and HTTP alone allow.
    Nothing,
    /// One event, as a form.
    Single,
    /// A batch of events, as JSON in a form.
    Batch,
}

impl Load {
    /// How it is called in tables and charts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing stored",
            Self::Single => "single events",
            Self::Batch => "batches of 1,000",
        }
    }

    /// Events that a request stores.
    pub(super) fn events(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Single => 1,
            Self::Batch => BATCH_EVENTS,
        }
    }

    /// Whole requests, head and body, for a server of this name.
    pub(super) fn requests(self, host: &str) -> Vec<Vec<u8>> {
        match self {
            Self::Nothing => vec![get("/health", host)],
            Self::Single => {
                (0..SINGLES).map(|number| post("/events/track", host, &single(number))).collect()
            }
            Self::Batch => (0..BATCHES)
                .map(|number| post("/events/batch_track", host, &batch(number)))
                .collect(),
        }
    }
}

/// A request without a body.
pub(super) fn get(path: &str, host: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn post(path: &str, host: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

fn single(number: u64) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (key, value) in event(number) {
        form.append_pair(key, &value);
    }
    form.finish()
}

fn batch(number: u64) -> String {
    let mut json = String::from("[");
    for number in number * BATCH_EVENTS..(number + 1) * BATCH_EVENTS {
        json.push_str(if json.len() == 1 { "{" } else { ",{" });
        for (at, (key, value)) in event(number).iter().enumerate() {
            let separator = if at == 0 { "" } else { "," };
            write!(json, "{separator}\"{key}\":\"{value}\"").expect("a String takes all");
        }
        json.push('}');
    }
    json.push(']');
    form_urlencoded::Serializer::new(String::new()).append_pair("events", &json).finish()
}

/// The parameters of an event: the same in every run.
fn event(number: u64) -> [(&'static str, String); 6] {
    let drawn = |what: u64, end: u64| mixed(number * 8 + what) % end;
    [
        ("event_type", TYPES[drawn(0, TYPES.len() as u64) as usize].to_owned()),
        ("external_user_id", format!("user_{}", 1 + drawn(1, USERS))),
        ("timestamp", (START_MS + number).to_string()),
        ("event_property_1", (1 + drawn(2, 10)).to_string()),
        ("event_property_2", (1 + drawn(3, 100)).to_string()),
        ("event_property_3", (1 + drawn(4, 1_000)).to_string()),
    ]
}

/// SplitMix64 of a number: neighbours have nothing in common.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_single_event_is_a_form_with_three_properties() {
        let requests = Load::Single.requests("127.0.0.1:9");
        let (head, form) = text(&requests[1]).split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /events/track HTTP/1.1\r\nHost: 127.0.0.1:9\r\n"), "{head}");
        assert!(head.ends_with(&format!("\r\nContent-Length: {}", form.len())), "{head}");
        let keys: Vec<_> = form.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        let properties = ["event_property_1", "event_property_2", "event_property_3"];
        assert_eq!(keys[..3], ["event_type", "external_user_id", "timestamp"]);
        assert_eq!(keys[3..], properties);
    }

    #[test]
    fn a_batch_holds_its_events_and_fits_a_body() {
        let requests = Load::Batch.requests("localhost:9");
        let (_, form) = text(&requests[0]).split_once("\r\n\r\n").unwrap();
        let (key, json) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
        assert_eq!(key, "events");
        assert_eq!(json.matches("\"external_user_id\":\"user_").count() as u64, BATCH_EVENTS);
        assert!(json.starts_with("[{\"event_type\":\"") && json.ends_with("\"}]"));
        assert!(requests.iter().all(|request| request.len() < 1 << 20));
    }

    #[test]
    fn requests_differ_and_are_the_same_in_every_run() {
        for load in [Load::Single, Load::Batch] {
            let requests = load.requests("h");
            assert_eq!(requests, load.requests("h"));
            assert!(requests.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
