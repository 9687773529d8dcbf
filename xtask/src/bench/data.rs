//! The files of a set: a CSV file that EventHub imports, and the same events as columns of integers,
//! from which the naive model and the other engines are fed.

use super::random::Random;
use super::sets::{DAY_MS, Event, START_MS, Set, TYPES, uniform};
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

const HEADER: &str =
    "event_type,external_user_id,timestamp,event_property_1,event_property_2,event_property_3\n";
/// The longest row is shorter.
const ROW_BYTES_MAX: usize = 128;
const BUFFER_BYTES: usize = 1 << 20;
/// Stands beside the files when they are whole.
const DONE: &str = "generated";

/// The events of a set as columns, each entry in little-endian in a file of the column's name.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Columns {
    /// `type.u8`
    pub(super) kinds: Vec<u8>,
    /// `user.u32`, from 1
    pub(super) users: Vec<u32>,
    /// `day.u16`, from 2013-01-01
    pub(super) days: Vec<u16>,
    /// `order.u32`: the rank by (time, id), where the id is the place in the file
    pub(super) ranks: Vec<u32>,
    /// `p1.u8`
    pub(super) ones: Vec<u8>,
}

/// The CSV file of a set.
pub(super) fn csv_file(folder: &Path) -> PathBuf {
    folder.join("events.csv")
}

/// Makes the files of a set in its folder when they are not there.
///
/// # Errors
/// When they cannot be written.
pub(super) fn generate(folder: &Path, set: &Set) -> Result<()> {
    if folder.join(DONE).exists() {
        return Ok(());
    }
    println!("making {} events of {}", set.events, set.name);
    fs::create_dir_all(folder)?;
    let mut csv = writer(&csv_file(folder))?;
    let column = |name: &str| writer(&folder.join(name));
    let (mut kinds, mut users, mut days) =
        (column("type.u8")?, column("user.u32")?, column("day.u16")?);
    let (mut ones, mut twos, mut threes) = (column("p1.u8")?, column("p2.u8")?, column("p3.u16")?);
    csv.write_all(HEADER.as_bytes())?;
    let mut times = Vec::with_capacity(set.events as usize);
    let mut row = Vec::with_capacity(ROW_BYTES_MAX);
    set.each(|event| {
        row.clear();
        push_row(&mut row, &event);
        csv.write_all(&row)?;
        kinds.write_all(&[event.kind])?;
        users.write_all(&event.user.to_le_bytes())?;
        days.write_all(&(((event.time_ms - START_MS) / DAY_MS) as u16).to_le_bytes())?;
        ones.write_all(&[event.one])?;
        twos.write_all(&[event.two])?;
        threes.write_all(&event.three.to_le_bytes())?;
        times.push(event.time_ms);
        Ok(())
    })?;
    let mut ranks = column("order.u32")?;
    ranks_of(&times).iter().try_for_each(|rank| ranks.write_all(&rank.to_le_bytes()))?;
    for mut file in [csv, kinds, users, days, ones, twos, threes, ranks] {
        file.flush()?;
    }
    fs::write(folder.join(DONE), "")?;
    Ok(())
}

/// Reads the columns of a set.
///
/// # Errors
/// When one cannot be read or has not one entry an event.
pub(super) fn columns(folder: &Path, set: &Set) -> Result<Columns> {
    let read = |name: &str, width: u64| -> Result<Vec<u8>> {
        let bytes = fs::read(folder.join(name)).with_context(|| format!("cannot read {name}"))?;
        ensure!(bytes.len() as u64 == set.events * width, "{name} is of another set of events");
        Ok(bytes)
    };
    let u32s = |bytes: Vec<u8>| {
        let (entries, _) = bytes.as_chunks();
        entries.iter().map(|entry| u32::from_le_bytes(*entry)).collect()
    };
    let days = read("day.u16", 2)?;
    let (days, _) = days.as_chunks();
    Ok(Columns {
        kinds: read("type.u8", 1)?,
        users: u32s(read("user.u32", 4)?),
        days: days.iter().map(|entry| u16::from_le_bytes(*entry)).collect(),
        ranks: u32s(read("order.u32", 4)?),
        ones: read("p1.u8", 1)?,
    })
}

/// Makes a CSV file of events of other days than those of a set, by its users.
///
/// # Errors
/// When it cannot be written.
pub(super) fn generate_days(file: &Path, set: &Set, days: Range<i64>, events: u64) -> Result<()> {
    let mut csv = writer(file)?;
    csv.write_all(HEADER.as_bytes())?;
    let mut random = Random::new(days.start.unsigned_abs() + 3);
    let start = START_MS.wrapping_add_signed(days.start * DAY_MS as i64);
    let span = u128::from(days.end.abs_diff(days.start) * DAY_MS);
    let mut row = Vec::with_capacity(ROW_BYTES_MAX);
    for number in 0..events {
        let time = start + (u128::from(number) * span / u128::from(events)) as u64;
        row.clear();
        push_row(&mut row, &uniform(&mut random, time, set.users));
        csv.write_all(&row)?;
    }
    Ok(csv.flush()?)
}

fn writer(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

fn push_row(row: &mut Vec<u8>, event: &Event) {
    row.extend_from_slice(TYPES[event.kind as usize].as_bytes());
    row.extend_from_slice(b",user_");
    push_number(row, event.user.into());
    for number in [event.time_ms, event.one.into(), event.two.into(), event.three.into()] {
        row.push(b',');
        push_number(row, number);
    }
    row.push(b'\n');
}

/// Appends a number in decimal, several times as fast as `write!` does.
pub(super) fn push_number(text: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

/// Of each event, how many are before it by (time, place).
fn ranks_of(times: &[u64]) -> Vec<u32> {
    if times.is_sorted() {
        return (0..times.len() as u32).collect();
    }
    let mut places: Vec<u32> = (0..times.len() as u32).collect();
    places.sort_unstable_by_key(|place| (times[*place as usize], *place));
    let mut ranks = vec![0; times.len()];
    for (rank, place) in places.into_iter().enumerate() {
        ranks[place as usize] = rank as u32;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::super::sets::SETS;
    use super::*;

    #[test]
    fn ranks_follow_time_and_then_the_place() {
        assert_eq!(ranks_of(&[5, 5, 7]), [0, 1, 2]);
        assert_eq!(ranks_of(&[7, 5, 9, 5]), [2, 0, 3, 1]);
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 9, 10, 1_356_998_400_000, u64::MAX] {
            let mut text = Vec::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }

    #[test]
    fn the_files_hold_the_events() {
        let set = Set { events: 1_000, skewed: true, ..SETS[0] };
        let folder = std::env::temp_dir().join(format!("eventhub-bench-{}", std::process::id()));
        generate(&folder, &set).expect("written");
        let (columns, csv) = (columns(&folder, &set), fs::read_to_string(csv_file(&folder)));
        fs::remove_dir_all(&folder).expect("removed");
        let (columns, csv) = (columns.expect("read"), csv.expect("read"));
        let rows: Vec<Vec<&str>> =
            csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
        assert_eq!(rows.len(), 1_000);
        for (place, row) in rows.iter().enumerate() {
            assert_eq!(row[0], TYPES[columns.kinds[place] as usize]);
            assert_eq!(row[1], format!("user_{}", columns.users[place]));
            let time: u64 = row[2].parse().expect("a time");
            assert_eq!((time - START_MS) / DAY_MS, u64::from(columns.days[place]));
            assert_eq!(row[3], columns.ones[place].to_string());
        }
    }
}
