//! What the columns of a file may mean, by their names and by its first rows.

use std::borrow::Cow;
use std::collections::HashSet;

use eventhub_core::{RESERVED_KEYS, parse_file_time};
use eventhub_ingest::file::{Form, Records, RowError, unmarked};
use eventhub_ingest::{Value, read_object};
use serde::Serialize;

/// Rows that are looked at.
const ROWS_MAX: usize = 500;
/// Rows that are shown.
const ROWS_SHOWN: usize = 5;
/// Characters of a cell that are shown.
const CELL_CHARS_MAX: usize = 80;
/// Digits of a number that is taken for a time: those of seconds since 1973.
const TIME_DIGITS_MIN: usize = 9;

/// Names that stand for the event type, as they are most often used; likewise below.
const EVENT_NAMES: [&str; 8] =
    ["event_type", "event", "event_name", "action", "activity", "type", "name", "step"];
const USER_NAMES: [&str; 14] = [
    "external_user_id",
    "user_id",
    "user",
    "userid",
    "distinct_id",
    "customer_id",
    "visitor_id",
    "account_id",
    "member_id",
    "client_id",
    "anonymous_id",
    "uid",
    "email",
    "case_id",
];
const TIME_NAMES: [&str; 12] = [
    "timestamp",
    "time",
    "event_time",
    "event_timestamp",
    "ts",
    "datetime",
    "date_time",
    "occurred_at",
    "created_at",
    "sent_at",
    "date",
    "event_date",
];

/// What is known of a file before it is loaded.
#[derive(Debug, Serialize)]
pub struct Guess {
    /// `csv` or `ndjson`.
    pub form: &'static str,
    /// Its columns or keys, in order.
    pub columns: Vec<Column>,
    /// The cells of the first rows, one a column.
    pub rows: Vec<Vec<String>>,
    /// Why it cannot be loaded as it is.
    pub problem: Option<String>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub role: Role,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The event type.
    Event,
    /// The external user id.
    User,
    /// The time.
    Time,
    /// The insert id.
    InsertId,
    /// A property under the column's name.
    Property,
    /// Nothing of an event.
    LeftOut,
}

/// The first rows of a file.
#[derive(Default)]
struct Sample {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Guesses by the name of a file and how its text begins, which is all of it when `is_whole`.
#[must_use]
pub fn guess(file_name: &str, start: &[u8], is_whole: bool) -> Guess {
    let form = Form::of_name(file_name).unwrap_or_else(|| Form::of_text(start));
    // The last line may be cut off.
    let end = if is_whole { start.len() } else { last_line_end(start) };
    let text = unmarked(&start[..end]).unwrap_or_default();
    let read = match form {
        Form::Csv => csv_sample(text),
        Form::Ndjson => ndjson_sample(text),
    };
    let (sample, problem) = match read {
        Ok(sample) => {
            let problem = problem_of(form, &sample);
            (sample, problem)
        }
        Err(problem) => (Sample::default(), Some(problem)),
    };
    let roles = roles_of(&sample);
    let columns = sample.names.into_iter().zip(roles).map(|(name, role)| Column { name, role });
    let shown = |row: Vec<String>| row.into_iter().map(|cell| shortened(&cell)).collect();
    Guess {
        form: if form == Form::Csv { "csv" } else { "ndjson" },
        columns: columns.collect(),
        rows: sample.rows.into_iter().take(ROWS_SHOWN).map(shown).collect(),
        problem,
    }
}

fn last_line_end(text: &[u8]) -> usize {
    text.iter().rposition(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1)
}

fn csv_sample(text: &[u8]) -> Result<Sample, String> {
    let mut records = Records::new(text);
    let mut sample = Sample::default();
    while sample.rows.len() < ROWS_MAX {
        let cells: Vec<String> = match records.next_record() {
            None => break,
            Some(Ok(record)) => record.iter().map(str::to_owned).collect(),
            Some(Err(RowError::Bad(row))) if sample.names.is_empty() => {
                return Err(row.to_string());
            }
            // A bad row is told of when the file is loaded.
            Some(Err(RowError::Bad(_))) => continue,
            Some(Err(RowError::Read(error))) => return Err(error.to_string()),
        };
        if sample.names.is_empty() {
            sample.names = cells;
        } else if cells.len() == sample.names.len() {
            sample.rows.push(cells);
        }
    }
    Ok(sample)
}

fn ndjson_sample(text: &[u8]) -> Result<Sample, String> {
    let mut sample = Sample::default();
    let lines = text.split(|byte| *byte == b'\n').zip(1..).take(ROWS_MAX);
    let mut first_fault = None;
    for (line, number) in lines.filter(|(line, _)| !line.trim_ascii().is_empty()) {
        let pairs = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned());
        let pairs = pairs.and_then(|text| read_object(text).map_err(|error| error.to_string()));
        let pairs = match pairs {
            Ok(pairs) => pairs,
            Err(fault) => {
                first_fault.get_or_insert(format!("line {number}: {fault}"));
                continue;
            }
        };
        let mut row = vec![String::new(); sample.names.len()];
        for (key, value) in pairs {
            let text = match value {
                Value::Text(text) => text,
                Value::Absent => continue,
                Value::Nested => Cow::Borrowed("{...}"),
            };
            let known = sample.names.iter().position(|name| *name == key);
            let at = known.unwrap_or_else(|| {
                sample.names.push(key.into_owned());
                row.push(String::new());
                row.len() - 1
            });
            row[at] = text.into_owned();
        }
        sample.rows.push(row);
    }
    if sample.rows.is_empty()
        && let Some(fault) = first_fault
    {
        return Err(fault);
    }
    let keys = sample.names.len();
    sample.rows.iter_mut().for_each(|row| row.resize(keys, String::new()));
    Ok(sample)
}

/// What keeps a file from being loaded, in a sentence.
fn problem_of(form: Form, sample: &Sample) -> Option<String> {
    let Sample { names, rows } = sample;
    if names.is_empty() {
        return Some("The file is empty.".to_owned());
    }
    if form == Form::Ndjson {
        return None;
    }
    if let [only] = &names[..]
        && let Some(separator) = [';', '\t', '|'].into_iter().find(|c| only.contains(*c))
    {
        let name = if separator == '\t' { "tabs".to_owned() } else { format!("{separator:?}") };
        return Some(format!(
            "The columns are separated by {name}: save the file with commas between them."
        ));
    }
    if names.iter().any(|name| is_time(name) || name.parse::<f64>().is_ok()) {
        return Some(
            "The first line holds data, not the names of columns: put a line of names before it, such as \
             user_id,event,timestamp."
                .to_owned(),
        );
    }
    if let Some(at) = names.iter().position(String::is_empty) {
        return Some(format!("Column {} has no name: name it, or take it out.", at + 1));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        return Some(format!("Two columns are named {twice}: rename one of them."));
    }
    rows.is_empty().then(|| "There is no row after the columns' names.".to_owned())
}

/// The role of each column.
fn roles_of(sample: &Sample) -> Vec<Role> {
    let names: Vec<String> = sample.names.iter().map(|name| plain(name)).collect();
    let cells = |at: usize| sample.rows.iter().map(move |row| row[at].as_str());
    let values = |at: usize| cells(at).filter(|cell| !cell.is_empty());
    let distinct = |at: usize| values(at).collect::<HashSet<_>>().len();
    let is_time_column = |at: usize| values(at).next().is_some() && values(at).all(is_time);
    let named = |wanted: &[&str], is_free: &dyn Fn(usize) -> bool| {
        let place = |name: &&str| (0..names.len()).find(|at| names[*at] == **name && is_free(*at));
        wanted.iter().find_map(place)
    };
    let all = 0..names.len();
    let time = named(&TIME_NAMES, &is_time_column)
        .or_else(|| all.clone().find(|at| is_time_column(*at)))
        .or_else(|| named(&TIME_NAMES, &|_| true));
    let not_time = |at: usize| Some(at) != time && !is_time_column(at);
    let user = named(&USER_NAMES, &not_time).or_else(|| {
        // Ids have many values, each of which comes again.
        let ids = all.clone().filter(|at| not_time(*at) && names[*at].ends_with("id"));
        ids.max_by_key(|at| distinct(*at))
    });
    let is_free = |at: usize| not_time(at) && Some(at) != user;
    let event = named(&EVENT_NAMES, &is_free).or_else(|| {
        let few = all.clone().filter(|at| {
            is_free(*at)
                && distinct(*at) > 1
                && values(*at).all(|cell| cell.parse::<f64>().is_err())
        });
        few.min_by_key(|at| distinct(*at))
    });
    let role = |at: usize| match &names[at] {
        _ if Some(at) == event => Role::Event,
        _ if Some(at) == user => Role::User,
        _ if Some(at) == time => Role::Time,
        name if name == "insert_id" => Role::InsertId,
        _ if RESERVED_KEYS.contains(&sample.names[at].as_str()) => Role::LeftOut,
        _ => Role::Property,
    };
    all.map(role).collect()
}

/// A name in small letters, with an underscore where a word ends.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut was_small = false;
    for letter in name.trim().chars() {
        if letter.is_uppercase() && was_small {
            plain.push('_');
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
        if letter.is_alphanumeric() {
            plain.extend(letter.to_lowercase());
        } else if !plain.is_empty() && !plain.ends_with('_') {
            plain.push('_');
        }
    }
    plain
}

fn is_time(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (!is_number || digits >= TIME_DIGITS_MIN) && parse_file_time("time", cell).is_ok()
}

fn shortened(cell: &str) -> String {
    if cell.chars().count() <= CELL_CHARS_MAX {
        return cell.to_owned();
    }
    let start: String = cell.chars().take(CELL_CHARS_MAX).collect();
    format!("{start}...")
}
