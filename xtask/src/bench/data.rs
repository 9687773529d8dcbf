//! The events of the benchmark: the same in every run.

use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const TYPES: [&str; 5] =
    ["receive_email", "view_track_page", "start_track", "finish_course", "finish_track"];
const USERS: u64 = 10_000;
/// 2013-01-01T00:00:00Z
const START_MS: u64 = 1_356_998_400_000;
const SPAN_MS: u64 = 10 * 86_400_000;

/// A file of this many events, in order of time, made when it is not there.
pub(super) fn generated(folder: &Path, events: u64) -> Result<PathBuf> {
    let path = folder.join(format!("events-{events}.csv"));
    if path.exists() {
        return Ok(path);
    }
    // Under another name until it is whole.
    let part = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&part).context("cannot write the events")?);
    write!(file, "event_type,external_user_id,timestamp")?;
    writeln!(file, ",event_property_1,event_property_2,event_property_3")?;
    let mut random = Random(1);
    for number in 0..events {
        let time = START_MS + number * SPAN_MS / events;
        let [kind, user, one, two, three] = drawn(&mut random);
        let event_type = TYPES[kind as usize];
        writeln!(file, "{event_type},user_{user},{time},{one},{two},{three}")?;
    }
    file.into_inner().context("cannot write the events")?.sync_all()?;
    fs::rename(&part, &path)?;
    Ok(path)
}

/// A form body with a batch of events, each with an insert id.
pub(super) fn batch_form(batch: u64, events: u64) -> String {
    let mut random = Random(batch + 2);
    let mut json = String::from("[");
    for number in batch * events..(batch + 1) * events {
        let [kind, user, one, two, three] = drawn(&mut random);
        let (event_type, time) = (TYPES[kind as usize], START_MS + number);
        let separator = if json.len() == 1 { "" } else { "," };
        write!(
            json,
            "{separator}{{\"event_type\":\"{event_type}\",\"external_user_id\":\"user_{user}\",\
             \"timestamp\":{time},\"insert_id\":\"bench-{number}\",\"event_property_1\":\"{one}\",\
             \"event_property_2\":\"{two}\",\"event_property_3\":\"{three}\"}}"
        )
        .expect("a String takes all");
    }
    json.push(']');
    format!("events={}", escaped(&json))
}

/// The number of a type, a user, and three properties of 10, 100 and 1,000 values.
fn drawn(random: &mut Random) -> [u64; 5] {
    [
        random.below(TYPES.len() as u64),
        1 + random.below(USERS),
        1 + random.below(10),
        1 + random.below(100),
        1 + random.below(1_000),
    ]
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_the_same_in_every_run_and_fits_a_body() {
        let body = batch_form(7, 1_000);
        assert_eq!(body, batch_form(7, 1_000));
        assert_ne!(body, batch_form(8, 1_000));
        assert!(body.len() < 1 << 20, "{}", body.len());
        assert!(body.starts_with("events=%5B%7B%22event_type%22%3A%22"), "{}", &body[..60]);
    }
}
