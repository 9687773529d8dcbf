//! What the columns of a CSV file mean, worked out once for all of its rows.

use eventhub_core::limits::{
    EVENT_PROPERTIES_MAX, EVENT_TYPE_BYTES_MAX, EXTERNAL_ID_BYTES_MAX, INSERT_ID_BYTES_MAX,
    KEY_BYTES_MAX, VALUE_BYTES_MAX,
};
use eventhub_core::{
    Error, EventType, ExternalId, InsertId, NewEvent, Properties, RESERVED_KEYS, TimeMs,
    parse_file_time,
};

use super::mapping::{INSERT_ID, Mapping, Role, TIMESTAMP, USER};
use super::records::Record;

/// What a cell of a column is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    EventType,
    User,
    Time,
    InsertId,
    /// A property, by the number of its key.
    Property(usize),
    /// Nothing: a reserved key without a meaning in a file.
    Nothing,
    /// Something that only the long way knows.
    Unusual,
}

/// The purposes of all columns, and the cells of the row that was read last.
#[derive(Debug)]
pub(super) struct Columns {
    purposes: Vec<Purpose>,
    /// Keys of properties, in order.
    keys: Vec<String>,
    /// Per key its cell, if it has one.
    cells: Vec<Option<usize>>,
}

/// An event within its row; all of its texts are within the limits.
#[derive(Debug, Clone, Copy)]
pub struct ShortEvent<'r> {
    /// Its type.
    pub event_type: &'r str,
    /// Its external user id.
    pub user: &'r str,
    /// When it happened.
    pub time: TimeMs,
    /// Its insert id, if it has one.
    pub insert_id: Option<&'r str>,
    keys: &'r [String],
    cells: &'r [Option<usize>],
    record: Record<'r>,
}

impl Columns {
    /// The columns of these names and roles.
    pub(super) fn new(columns: &[(String, Role)]) -> Self {
        let is_property = |(name, role): &&(String, Role)| {
            *role == Role::Property && !RESERVED_KEYS.contains(&name.as_str())
        };
        let mut keys: Vec<String> =
            columns.iter().filter(is_property).map(|(name, _)| name.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let purpose = |(name, role): &(String, Role)| match role {
            Role::Reserved(USER) => Purpose::User,
            Role::Reserved(INSERT_ID) => Purpose::InsertId,
            Role::Reserved(TIMESTAMP) | Role::Clash => Purpose::Unusual,
            Role::Reserved(_) => Purpose::EventType,
            Role::Time => Purpose::Time,
            Role::LeftOut => Purpose::Nothing,
            Role::Property if name == "callback" => Purpose::Nothing,
            Role::Property if !(1..=KEY_BYTES_MAX).contains(&name.len()) => Purpose::Unusual,
            Role::Property => keys.binary_search(name).map_or(Purpose::Unusual, Purpose::Property),
        };
        let purposes = columns.iter().map(purpose).collect();
        Self { purposes, cells: vec![None; keys.len()], keys }
    }

    /// The keys of properties, in order.
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The event of a row without copying anything; `None` for a row that breaks a rule or is unusual,
    /// which the long way of [`Mapping::event`] tells.
    pub(super) fn read<'r>(
        &'r mut self,
        record: Record<'r>,
        mapping: &Mapping,
    ) -> Option<ShortEvent<'r>> {
        let (mut event_type, mut user, mut time, mut insert_id) = ("", "", "", None);
        let mut properties = 0;
        self.cells.fill(None);
        for (at, purpose) in self.purposes.iter().enumerate() {
            let cell = record.cell(at);
            if cell.is_empty() {
                continue;
            }
            // Of two columns of one name, the last that is not empty counts, as with keys of an object.
            match *purpose {
                Purpose::EventType => event_type = cell,
                Purpose::User => user = cell,
                Purpose::Time => time = cell,
                Purpose::InsertId => insert_id = Some(cell),
                Purpose::Property(_) if cell.len() > VALUE_BYTES_MAX => return None,
                Purpose::Property(key) => {
                    properties += usize::from(self.cells[key].replace(at).is_none());
                }
                Purpose::Nothing => {}
                Purpose::Unusual => return None,
            }
        }
        let sound = (1..=EVENT_TYPE_BYTES_MAX).contains(&event_type.len())
            && (1..=EXTERNAL_ID_BYTES_MAX).contains(&user.len())
            && insert_id.is_none_or(|id: &str| id.len() <= INSERT_ID_BYTES_MAX)
            && properties <= EVENT_PROPERTIES_MAX
            && !time.is_empty();
        if !sound {
            return None;
        }
        let time = parse_file_time(mapping.time(), time).ok()?;
        if time > mapping.latest() {
            return None;
        }
        let (keys, cells) = (&self.keys, &self.cells);
        Some(ShortEvent { event_type, user, time, insert_id, keys, cells, record })
    }
}

impl<'r> ShortEvent<'r> {
    /// The properties in order of their keys, each with its key's number.
    pub fn properties(self) -> impl Iterator<Item = (usize, &'r str)> {
        let cells = self.cells.iter().enumerate();
        cells.filter_map(move |(key, cell)| Some((key, self.record.cell((*cell)?))))
    }

    /// The same event on its own.
    ///
    /// # Errors
    /// None: its texts are within the limits.
    pub fn to_event(self) -> Result<NewEvent, Error> {
        let pairs =
            self.properties().map(|(key, value)| (self.keys[key].clone(), value.to_owned()));
        Ok(NewEvent {
            event_type: EventType::new(self.event_type)?,
            user: ExternalId::new(self.user)?,
            time: self.time,
            insert_id: self.insert_id.map(InsertId::new).transpose()?,
            properties: Properties::new(pairs.collect())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::Clock;
    use crate::file::csv_rows::long_row;
    use crate::file::mapping::Names;

    fn mapping() -> Mapping {
        let names = Names {
            event_type: "event_type".to_owned(),
            user: "external_user_id".to_owned(),
            time: "at".to_owned(),
            insert_id: Some("key".to_owned()),
            left_out: vec!["note".to_owned()],
        };
        Mapping::new(names, Clock::import(TimeMs::MAX))
    }

    fn name() -> impl Strategy<Value = String> {
        let names = [
            "event_type",
            "external_user_id",
            "at",
            "key",
            "date",
            "callback",
            "",
            "plan",
            "age",
            "note",
        ];
        prop_oneof![9 => select(names.map(str::to_owned).to_vec()), 1 => Just("k".repeat(256))]
    }

    fn cell() -> impl Strategy<Value = String> {
        let long = select(vec![128, 129, 255, 256, 400, 401, 8_192, 8_193]);
        let known = ["0", "1356998400123", "2013-01-01", "20130101", "-1", "\u{e9}"];
        prop_oneof![
            3 => Just(String::new()),
            6 => select(known.map(str::to_owned).to_vec()),
            1 => long.prop_map(|bytes: usize| "x".repeat(bytes)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(
            rest in list((name(), cell()), 0..6),
            required in (cell(), cell(), cell()),
            at in 0_usize..4,
        ) {
            let mapping = mapping();
            let mut pairs = rest;
            let mut required = vec![
                ("event_type".to_owned(), required.0),
                ("external_user_id".to_owned(), required.1),
                ("at".to_owned(), required.2),
            ];
            let at = at.min(pairs.len());
            pairs.splice(at..at, required.drain(..));
            let names: Vec<_> =
                pairs.iter().map(|(name, _)| (name.clone(), mapping.role(name))).collect();
            let (mut text, mut cells) = (String::new(), Vec::new());
            for (_, cell) in &pairs {
                cells.push((text.len(), text.len() + cell.len()));
                text.push_str(cell);
            }
            let record = Record::new(&text, &cells);
            let long = mapping.event(long_row(&names, record));
            let mut columns = Columns::new(&names);
            if let Some(short) = columns.read(record, &mapping) {
                prop_assert_eq!(Ok(short.to_event().unwrap()), long);
            } else if let Ok(event) = long {
                let is_unusual = |(name, _): &(String, String)| name == "date";
                prop_assert!(pairs.iter().any(is_unusual), "{event:?} takes the long way");
            }
        }
    }
}
