//! Events as plain values: made from a seed or read from the sample file.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::Random;

/// An event before the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its kind.
    pub event_type: String,
    /// Who did it.
    pub user: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The client's own name for it.
    pub insert_id: Option<String>,
    /// Everything else.
    pub properties: Vec<(String, String)>,
}

impl Event {
    /// An event without properties.
    #[must_use]
    pub fn new(event_type: &str, user: &str, time_ms: i64) -> Self {
        Self {
            event_type: event_type.to_owned(),
            user: user.to_owned(),
            time_ms,
            insert_id: None,
            properties: Vec::new(),
        }
    }

    /// The event with one more property.
    #[must_use]
    pub fn property(mut self, key: &str, value: &str) -> Self {
        self.properties.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The event with an insert id.
    #[must_use]
    pub fn insert_id(mut self, id: String) -> Self {
        self.insert_id = Some(id);
        self
    }

    /// The event as clients send it.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("event_type".into(), json!(self.event_type));
        object.insert("external_user_id".into(), json!(self.user));
        object.insert("timestamp".into(), json!(self.time_ms));
        if let Some(id) = &self.insert_id {
            object.insert("insert_id".into(), json!(id));
        }
        let properties = self.properties.iter().map(|(key, value)| (key.clone(), json!(value)));
        object.extend(properties);
        Value::Object(object)
    }
}

/// Events as the `events` parameter of a batch.
#[must_use]
pub fn batch_json(events: &[Event]) -> String {
    Value::Array(events.iter().map(Event::json).collect()).to_string()
}

/// The sample of a shop's clickstream: 31,106 events of 600 users, as a gzipped CSV file.
///
/// `EVENTHUB_SAMPLE` names it; without that it is looked for beside the workspace. Where it is not, a
/// file of the same shape is made in `folder` from a fixed seed, and that is said.
#[must_use]
pub fn sample(folder: &Path) -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ecom.csv.gz");
    let path = env::var_os("EVENTHUB_SAMPLE").map_or(beside, PathBuf::from);
    if path.is_file() {
        return path;
    }
    println!("{} is not there: made a file of its shape from a fixed seed", path.display());
    let made = folder.join("sample.csv.gz");
    let file = fs::File::create(&made).expect("the sample can be written");
    let mut packed = GzEncoder::new(file, Compression::fast());
    packed.write_all(made_sample().as_bytes()).expect("the sample can be written");
    packed.finish().expect("the sample can be written");
    made
}

/// The rows of a gzipped CSV file: of each, the cells by the names of their columns.
#[must_use]
pub fn csv_rows(path: &Path) -> Vec<Vec<(String, String)>> {
    let mut text = String::new();
    let file = fs::File::open(path).expect("the file can be opened");
    GzDecoder::new(file).read_to_string(&mut text).expect("the file is gzipped text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("the file has a header").clone();
    let cells = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(key, cell)| (key.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|row| cells(row.expect("the file is CSV"))).collect()
}

fn made_sample() -> String {
    const EVENTS: u64 = 31_106;
    const USERS: u64 = 600;
    const TYPES: [&str; 8] = [
        "home",
        "catalog",
        "search",
        "product_view",
        "product_view",
        "add_to_cart",
        "cart",
        "purchase",
    ];
    const PLATFORMS: [&str; 3] = ["desktop", "mobile", "tablet"];
    const CHANNELS: [&str; 4] = ["email", "organic", "paid_search", "social"];
    let mut random = Random::new(2024);
    let mut text = String::from(
        "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort,user_lifecycle\n",
    );
    for row in 0..EVENTS {
        // Every user occurs, whatever the seed says.
        let user = if row < USERS { row } else { random.below(USERS) };
        let (month, day) = (1 + random.below(6), 1 + random.below(28));
        let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
        let (event, platform) = (random.pick(&TYPES), random.pick(&PLATFORMS));
        let (channel, cohort) = (random.pick(&CHANNELS), 1 + user % 6);
        let time = format!("2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        text.push_str(&format!(
            "user_{user:04},sess_{row:06},{event},{time},{platform},{channel},2024-{cohort:02},new\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_made_sample_has_the_shape_of_the_real_one() {
        let text = made_sample();
        assert_eq!(text.lines().count(), 31_107);
        assert_eq!(text, made_sample());
        let mut users: Vec<&str> =
            text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        users.sort_unstable();
        users.dedup();
        assert_eq!(users.len(), 600);
    }
}
