//! Files as they come, row by row.

use std::fs;

use clap::Parser;
use eventhub_core::NewEvent;

use super::{Error, mapping, source};
use crate::cli::{Cli, Command, ImportArgs};
use crate::engine::EngineError;

/// The arguments of an import with these options.
fn args(options: &str) -> ImportArgs {
    let line = format!("eventhub import file {options}");
    match Cli::parse_from(line.split_whitespace()).command {
        Command::Import(args) => *args,
        other => panic!("not an import: {other:?}"),
    }
}

/// The events of a file, and its fingerprint.
fn read(name: &str, text: &str, options: &str) -> Result<(Vec<NewEvent>, u128), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let args = args(options);
    let mapping = mapping(&args);
    let checked = source::check(&path, args.format, &mapping)?;
    let mut events = Vec::new();
    let mut rows = source::open(&path, checked.form, &mapping, 0)?;
    while let Some(event) = rows.next() {
        let event = event.map_err(|error| source::changed(&path, error))?;
        events.push(event.into_event().map_err(EngineError::from)?);
    }
    assert_eq!(events.len() as u64, checked.rows);
    Ok((events, checked.fingerprint))
}

/// An event on one line: type, user, time, insert id and properties.
fn shown(event: &NewEvent) -> String {
    let insert_id = event.insert_id.as_ref().map_or("-", |id| id.as_str());
    let properties: Vec<String> =
        event.properties.iter().map(|(key, value)| format!(" {key}={value}")).collect();
    let (event_type, user) = (event.event_type.as_str(), event.user.as_str());
    format!("{event_type} {user} {} {insert_id}{}", event.time.ms(), properties.concat())
}

#[track_caller]
fn check(name: &str, text: &str, options: &str, expected: &[&str]) {
    let (events, _) = read(name, text, options).unwrap();
    assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn check_bad(name: &str, text: &str, options: &str, expected: &str) {
    let error = read(name, text, options).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn columns_are_reserved_keys_or_properties() {
    let text =
        "event_type,external_user_id,timestamp,plan,insert_id\na,u,1970-01-01,free,i\nb,v,1,,\n";
    check("a.csv", text, "", &["a u 0 i plan=free", "b v 1000 -"]);
    let text = "who,what,at,key\nu,a,0,k\n";
    let options = "--event-column what --user-column who --time-column at --insert-id-column key";
    check("a.csv", text, options, &["a u 0 k"]);
    let text = "event_type,external_user_id,timestamp,p\n\"a,\"\"b\",u,0,\"two\nlines\"\n";
    check("a.csv", text, "", &["a,\"b u 0 - p=two\nlines"]);
}

#[test]
fn keys_of_objects_are_reserved_keys_or_properties() {
    let text = "{\"event_type\":\"a\",\"external_user_id\":7,\"timestamp\":\"1970-01-01 00:00:01\",\"n\":1.50,\"x\":null}\n\r\n{\"event_type\":\"b\",\"external_user_id\":\"u\",\"date\":\"19700102\",\"ok\":true}";
    check("a.ndjson", text, "", &["a 7 1000 - n=1.50", "b u 86400000 - ok=true"]);
    check("a.txt", text, "", &["a 7 1000 - n=1.50", "b u 86400000 - ok=true"]);
    check("a.csv", text, "--format ndjson", &["a 7 1000 - n=1.50", "b u 86400000 - ok=true"]);
}

#[test]
fn a_bad_row_is_named_by_its_line() {
    let csv = |rows: &str| format!("event_type,external_user_id,timestamp\n{rows}");
    check_bad(
        "a.csv",
        &csv("a,u,0\n\"b\nb\",u,0\nc,u,never\n"),
        "",
        "a.csv: line 5: timestamp: never",
    );
    check_bad("a.csv", &csv("a,,0\n"), "", "line 2: external_user_id: must not be empty");
    check_bad("a.csv", &csv("a,u,\n"), "", "line 2: timestamp: must not be empty");
    check_bad("a.csv", &csv("a,u\n"), "", "line 2: 2 cells, there are 3 columns");
    check_bad("a.csv", "", "", "line 1: the file is empty");
    check_bad("a.csv", "a,b\n", "", "line 1: there is no column event_type");
    check_bad("a.csv", &csv(""), "--time-column at", "line 1: timestamp: the name is reserved");
    check_bad(
        "a.csv",
        "e,u,t\n,u,0\n",
        "--event-column e --user-column u --time-column t",
        "line 2: column e: event_type: must",
    );
    check_bad("a.ndjson", "{}\n[]\n", "", "line 1: timestamp: must not be empty; line 2: ");
    check_bad("a.ndjson", "{\"event_type\":\"a\"", "", "line 1: ");
    let many = csv(&"a,,0\n".repeat(25));
    check_bad(
        "a.csv",
        &many,
        "",
        "line 11: external_user_id: must not be empty; and 15 more bad rows",
    );
}

#[test]
fn a_fingerprint_tells_contents_and_columns() {
    let text = "event_type,external_user_id,timestamp,other\na,u,0,b\n";
    let of = |name: &str, text: &str, options: &str| read(name, text, options).unwrap().1;
    let plain = of("a.csv", text, "");
    assert_eq!(plain, of("b.txt", text, ""));
    assert_ne!(plain, of("a.csv", &text.replace(",b", ",c"), ""));
    assert_ne!(plain, of("a.csv", text, "--insert-id-column other"));
}

#[test]
fn a_server_takes_no_time_more_than_a_day_ahead() {
    let csv = "event_type,external_user_id,timestamp\na,u,2150-01-01 00:00:00\n";
    let ndjson = "{\"event_type\":\"a\",\"external_user_id\":\"u\",\"timestamp\":5680281600000}\n";
    for (name, text) in [("a.csv", csv), ("a.ndjson", ndjson)] {
        assert_eq!(read(name, text, "").unwrap().0.len(), 1);
        check_bad(name, text, "--url http://127.0.0.1:1", "one day from now");
    }
}
