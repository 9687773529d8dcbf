//! Batches of events as clients post them: form bodies, in which times and insert ids are written anew
//! for each request, so that sending costs the machine next to nothing.

use super::random::Random;
use super::sets::{DAY_MS, START_MS, TYPES, uniform};
use std::fmt::Write as _;

/// Events of a batch.
pub(super) const BATCH_EVENTS: u64 = 1_000;
/// Bodies that take turns, so that not every batch is of the same users.
const BODIES: usize = 16;
const USERS: u64 = 500_000;
/// The events begin on this day, which the questions of S10 ask about, and follow as densely as those.
const FIRST_DAY: u64 = 19;
const EVENT_STEP_MS: u64 = 864;
/// Digits of a time, which must be as many in every batch.
const TIME_DIGITS: usize = 13;
/// Counters begin with this many digits and keep them.
const COUNTER_START: u64 = 100_000_000_000;
const COUNTER_DIGITS: usize = 12;
const RANDOM_ID_DIGITS: usize = 32;

/// What insert ids a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// 128 random bits in hexadecimal; each event is of another user.
    Random,
    /// Those of the tracker: a client that counts up, and all its events are of one user.
    Tracker,
}

/// The batches of one connection of many.
pub(super) struct Feed {
    bodies: Vec<Body>,
    random: Random,
    ids: Ids,
    /// The number of this connection, and of how many.
    connection: u64,
    connections: u64,
    batch: u64,
}

/// A body, and where its times and insert ids stand.
struct Body {
    form: Vec<u8>,
    slots: Vec<[usize; 2]>,
}

impl Feed {
    pub(super) fn new(ids: Ids, connection: u64, connections: u64) -> Self {
        let mut random = Random::new(connection + 100);
        let client = match ids {
            Ids::Tracker => Some(connection),
            Ids::Random => None,
        };
        let bodies = (0..BODIES).map(|_| Body::new(&mut random, client)).collect();
        Self { bodies, random, ids, connection, connections, batch: 0 }
    }

    /// The next batch, a form for `/events/batch_track`.
    pub(super) fn next(&mut self) -> &[u8] {
        let body = &mut self.bodies[self.batch as usize % BODIES];
        // Connections take turns, so that events are posted about in order of time.
        let first = (self.batch * self.connections + self.connection) * BATCH_EVENTS;
        for (number, [time, id]) in body.slots.iter().enumerate() {
            let time_ms = START_MS + FIRST_DAY * DAY_MS + (first + number as u64) * EVENT_STEP_MS;
            digits(&mut body.form[*time..*time + TIME_DIGITS], time_ms);
            match self.ids {
                Ids::Tracker => {
                    let counter = COUNTER_START + self.batch * BATCH_EVENTS + number as u64;
                    digits(&mut body.form[*id..*id + COUNTER_DIGITS], counter);
                }
                Ids::Random => {
                    for half in body.form[*id..*id + RANDOM_ID_DIGITS].chunks_mut(16) {
                        hexadecimal(half, self.random.next());
                    }
                }
            }
        }
        self.batch += 1;
        &body.form
    }
}

impl Body {
    /// A body with room for times and ids; all its events are of the user of `client`, if there is one.
    fn new(random: &mut Random, client: Option<u64>) -> Self {
        let mut form = String::from("events=%5B");
        let mut slots = Vec::with_capacity(BATCH_EVENTS as usize);
        for number in 0..BATCH_EVENTS {
            let event = uniform(random, 0, USERS);
            let user = client.map_or(event.user, |client| client as u32 + 1);
            let comma = if number == 0 { "" } else { "," };
            let kind = TYPES[event.kind as usize];
            let head = format!(
                "{comma}{{\"event_type\":\"{kind}\",\"external_user_id\":\"user_{user}\",\"timestamp\":"
            );
            form.push_str(&escaped(&head));
            let time = form.len();
            form.push_str(&"0".repeat(TIME_DIGITS));
            form.push_str(&escaped(",\"insert_id\":\""));
            if let Some(client) = client {
                // Twenty-two characters, as many as the tracker draws.
                form.push_str(&escaped(&format!("~bench-client-{client:09}.")));
            }
            let id = form.len();
            form.push_str(&"0".repeat(client.map_or(RANDOM_ID_DIGITS, |_| COUNTER_DIGITS)));
            let [one, two, three] = [event.one.into(), event.two.into(), event.three];
            let tail = format!(
                "\",\"event_property_1\":\"{one}\",\"event_property_2\":\"{two}\",\
                 \"event_property_3\":\"{three}\"}}"
            );
            form.push_str(&escaped(&tail));
            slots.push([time, id]);
        }
        form.push_str("%5D");
        Self { form: form.into_bytes(), slots }
    }
}

/// Fills a text with the last digits of a number.
fn digits(text: &mut [u8], mut number: u64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn hexadecimal(text: &mut [u8], mut number: u64) {
    for digit in text {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

/// Escapes as browsers do, for a text of ASCII.
fn escaped(text: &str) -> String {
    let mut form = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) {
            form.push(char::from(byte));
        } else {
            write!(form, "%{byte:02X}").expect("a String takes all");
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(ids: Ids, connection: u64, count: usize) -> Vec<String> {
        let mut feed = Feed::new(ids, connection, 8);
        let batches = (0..count).map(|_| String::from_utf8(feed.next().to_vec()));
        batches.collect::<Result<_, _>>().expect("ASCII")
    }

    #[test]
    fn a_batch_is_the_same_in_every_run_and_fits_a_body() {
        for ids in [Ids::Random, Ids::Tracker] {
            let sent = batches(ids, 1, 20);
            assert_eq!(sent, batches(ids, 1, 20));
            assert_ne!(sent[0], sent[16], "{ids:?}");
            assert_ne!(sent[0], batches(ids, 2, 1)[0]);
            assert!(sent[0].len() < 1 << 20, "{}", sent[0].len());
            assert!(
                sent[0].starts_with("events=%5B%7B%22event_type%22%3A%22"),
                "{}",
                &sent[0][..60]
            );
        }
    }

    #[test]
    fn a_client_counts_up_and_time_goes_on() {
        let sent = batches(Ids::Tracker, 3, 2);
        assert!(sent[0].contains("%22%7Ebench-client-000000003.100000000000%22"));
        assert!(sent[1].contains("%22%7Ebench-client-000000003.100000001000%22"));
        let first = START_MS + FIRST_DAY * DAY_MS + 3_000 * EVENT_STEP_MS;
        assert!(sent[0].contains(&format!("timestamp%22%3A{first}%2C")), "{}", &sent[0][..200]);
        let later = first + 8_000 * EVENT_STEP_MS;
        assert!(sent[1].contains(&format!("timestamp%22%3A{later}%2C")));
    }
}
