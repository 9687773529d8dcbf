//! `eventhub import`: forms of files, bad rows, and an import that is interrupted.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use eventhub_tests::{Random, Server, binary, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const ROWS: &str = "event,who,at,plan\nsignup,ann,2013-01-01,free\nvisit,ben,2013-01-02 10:00:00,\nvisit,ann,1357171200,paid\n";
const NAMES: [&str; 6] = ["--event-column", "event", "--user-column", "who", "--time-column", "at"];

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a file can be written");
    path
}

/// `eventhub import` of these files into the folder's data, with further options.
fn import(folder: &Path, files: &[&Path], options: &[&str]) -> Output {
    let data = folder.join("data");
    let mut arguments = vec!["import", "--data", data.to_str().expect("text")];
    arguments.extend(files.iter().map(|file| file.to_str().expect("text")));
    arguments.extend(options);
    run(&arguments)
}

#[track_caller]
fn assert_done(output: &Output, said: &str) {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.contains(said), "{out}{err}");
}

/// Refused, with all of `named` in what it says.
#[track_caller]
fn assert_failed(output: &Output, named: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it succeeded");
    assert!(named.iter().all(|text| said.contains(text)), "{named:?} not in: {said}");
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).expect("a Vec takes all")
}

#[track_caller]
fn assert_rows(server: &Server) {
    assert_eq!(server.events(), 3);
    let event = |id: u64| server.get(&format!("/events/view?event_id={id}")).body;
    let expected = [
        r#"{"event_type":"signup","external_user_id":"ann","date":"20130101","timestamp":"1356998400000","plan":"free"}"#,
        r#"{"event_type":"visit","external_user_id":"ben","date":"20130102","timestamp":"1357120800000"}"#,
        r#"{"event_type":"visit","external_user_id":"ann","date":"20130103","timestamp":"1357171200000","plan":"paid"}"#,
    ];
    for (id, expected) in (0..).zip(expected) {
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&event(id)), value(expected), "event {id}");
    }
}

#[test]
fn files_have_several_forms() {
    let ndjson = "{\"event\":\"signup\",\"who\":\"ann\",\"at\":\"2013-01-01\",\"plan\":\"free\"}\n{\"event\":\"visit\",\"who\":\"ben\",\"at\":\"2013-01-02 10:00:00\",\"plan\":null}\n\n{\"event\":\"visit\",\"who\":\"ann\",\"at\":1357171200,\"plan\":\"paid\"}\n";
    for (name, bytes) in [
        ("a.csv", ROWS.as_bytes().to_vec()),
        ("a.csv.gz", gzipped(ROWS)),
        ("a.csv.zst", zstd(ROWS)),
        ("packed_without_a_name", gzipped(ROWS)),
        ("dos.csv", ROWS.replace('\n', "\r\n").into_bytes()),
        ("marked.csv", format!("\u{feff}{ROWS}").into_bytes()),
        ("a.ndjson", ndjson.as_bytes().to_vec()),
        ("a.jsonl.gz", gzipped(ndjson)),
        ("a.ndjson.zst", zstd(ndjson)),
        ("lines", ndjson.as_bytes().to_vec()),
    ] {
        println!("{name}");
        let folder = folder();
        let file = write(folder.path(), name, &bytes);
        assert_done(&import(folder.path(), &[&file], &NAMES), "3 events of 2 users");
        assert_rows(&Server::on(folder, &[]));
    }
}

#[test]
fn a_bad_row_is_named_and_nothing_is_imported() {
    let folder = folder();
    for (name, text, named) in [
        (
            "time.csv",
            "event,who,at\na,u,2013-01-01\nb,u,2013-02-30\n",
            &["time.csv", "line 3", "2013-02-30"][..],
        ),
        (
            "user.csv",
            "event,who,at\na,u,2013-01-01\nb,,2013-01-01\n",
            &["user.csv", "line 3", "who"],
        ),
        ("type.csv", "event,who,at\n,u,2013-01-01\n", &["type.csv", "line 2", "event"]),
        ("cells.csv", "event,who,at\na,u,2013-01-01\nb,u\n", &["cells.csv", "line 3"]),
        ("column.csv", "event,name,at\na,u,2013-01-01\n", &["column.csv", "who"]),
        ("empty.csv", "", &["empty.csv"]),
        (
            "unnamed.csv",
            ",event,who,at\n0,a,u,2013-01-01\n",
            &["unnamed.csv", "line 1", "column 1 has no name"],
        ),
        (
            "twice.csv",
            "event,who,at,p,p\na,u,2013-01-01,1,2\n",
            &["twice.csv", "line 1", "two columns are named p"],
        ),
        (
            "torn.ndjson",
            "{\"event\":\"a\",\"who\":\"u\",\"at\":1}\n{\"event\":",
            &["torn.ndjson", "line 2"],
        ),
        (
            "deep.ndjson",
            "{\"event\":\"a\",\"who\":\"u\",\"at\":1,\"k\":{}}\n",
            &["deep.ndjson", "line 1", "k"],
        ),
        ("list.ndjson", "[1]\n", &["list.ndjson", "line 1"]),
        (
            "long.csv",
            &format!("event,who,at\n{},u,2013-01-01\n", "x".repeat(256)),
            &["long.csv", "line 2"],
        ),
    ] {
        println!("{name}");
        let file = write(folder.path(), name, text.as_bytes());
        assert_failed(&import(folder.path(), &[&file], &NAMES), named);
    }
    let file = write(folder.path(), "latin.csv", b"event,who,at\ncaf\xe9,u,2013-01-01\n");
    assert_failed(&import(folder.path(), &[&file], &NAMES), &["latin.csv", "line 2", "UTF-8"]);
    let file = write(folder.path(), "torn.csv.gz", &gzipped(ROWS)[..30]);
    assert_failed(&import(folder.path(), &[&file], &NAMES), &["torn.csv.gz"]);
    let gone = folder.path().join("gone.csv");
    assert_failed(&import(folder.path(), &[&gone], &NAMES), &["gone.csv"]);
    // A good file beside a bad one waits until that is mended.
    let good = write(folder.path(), "good.csv", ROWS.as_bytes());
    let bad = folder.path().join("time.csv");
    assert_failed(&import(folder.path(), &[&good, &bad], &NAMES), &["time.csv", "line 3"]);
    assert_eq!(Server::on(folder, &[]).events(), 0);
}

#[test]
fn a_file_imported_twice_is_imported_once() {
    let folder = folder();
    let file = write(folder.path(), "a.csv", ROWS.as_bytes());
    assert_done(&import(folder.path(), &[&file], &NAMES), "3 events");
    // Whatever it is called and however it is packed, it is the same rows.
    let again = write(folder.path(), "b.csv.gz", &gzipped(ROWS));
    assert_done(&import(folder.path(), &[&again, &file], &NAMES), "0 events");
    let other = write(folder.path(), "c.csv", ROWS.replace("ann", "cyd").as_bytes());
    assert_done(&import(folder.path(), &[&other], &NAMES), "3 events");
    assert_eq!(Server::on(folder, &[]).events(), 6);
}

/// A file of rows that are all different.
fn many_rows(folder: &Path, rows: u64) -> PathBuf {
    let mut text = String::from("event,who,at,n\n");
    let mut random = Random::new(7);
    for n in 0..rows {
        let (user, time) = (random.below(50), 1_356_998_400 + random.below(8_640_000));
        text.push_str(&format!("visit,user_{user},{time},{n}\n"));
    }
    write(folder, "many.csv", text.as_bytes())
}

/// The rows of `many_rows` that are stored.
fn stored_rows(server: &Server) -> Vec<u64> {
    let mut numbers: Vec<u64> = Vec::new();
    for user in 0..50 {
        let user = format!("user_{user}");
        let pairs = [("external_user_id", &*user), ("offset", "0"), ("num_records", "1000000")];
        let timeline = server.ask("/users/timeline", &pairs).json();
        let events = timeline.as_array().expect("a timeline is a list").iter();
        numbers.extend(events.filter_map(|event| event["n"].as_str()?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    numbers
}

/// Starts an import and kills it after a while; whether it was still running.
fn interrupted(arguments: &[&str], after: Duration) -> bool {
    let mut child = Command::new(binary())
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be started");
    thread::sleep(after);
    let running = child.try_wait().expect("a child can be waited for").is_none();
    child.kill().expect("a child can be killed");
    child.wait().expect("a child can be waited for");
    running
}

/// Kills imports of a file with these options over and over, then lets one finish.
fn assert_goes_on(rows: fn(&Path, u64) -> PathBuf, options: &[&str]) {
    const COUNT: u64 = 150_000;
    let folder = folder();
    let file = rows(folder.path(), COUNT);
    let data = folder.path().join("data");
    let head = ["import", file.to_str().expect("text"), "--data", data.to_str().expect("text")];
    let options = [&NAMES[..], options].concat();
    let arguments = [&head[..], &options].concat();
    let cut =
        (0..8).filter(|n| interrupted(&arguments, Duration::from_millis(40 + 45 * n))).count();
    assert!(cut > 0, "it was done before it could be interrupted");
    let output = import(folder.path(), &[&file], &options);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked = run(&["check", "--data", data.to_str().expect("text")]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let server = Server::on(folder, &[]);
    assert_eq!(server.events(), COUNT);
    assert_eq!(stored_rows(&server), (0..COUNT).collect::<Vec<_>>());
    // Ids follow the file's order over all interruptions.
    for id in (0..COUNT).step_by(9_973) {
        let event = server.get(&format!("/events/view?event_id={id}")).json();
        assert_eq!(event["n"], id.to_string().as_str());
    }
}

#[test]
fn an_interrupted_import_goes_on_where_it_was() {
    // One commit at the end, and 47 of them.
    assert_goes_on(many_rows, &[]);
    assert_goes_on(many_rows, &["--seal-events", "100"]);
}

/// The rows of `many_rows`, each with an insert id.
fn many_rows_with_ids(folder: &Path, rows: u64) -> PathBuf {
    let text = fs::read_to_string(many_rows(folder, rows)).expect("the file was written");
    let mut with_ids = String::new();
    for (number, line) in text.lines().enumerate() {
        let id = if number == 0 { "id".to_owned() } else { format!("row-{number}") };
        with_ids.push_str(&format!("{line},{id}\n"));
    }
    write(folder, "with_ids.csv", with_ids.as_bytes())
}

#[test]
fn an_interrupted_import_with_insert_ids_goes_on_where_it_was() {
    assert_goes_on(many_rows_with_ids, &["--insert-id-column", "id"]);
}

#[test]
fn large_and_small_files_follow_one_another() {
    const COUNT: u64 = 3_000;
    let folder = folder();
    let large = many_rows(folder.path(), COUNT);
    let ids = many_rows_with_ids(folder.path(), COUNT);
    let small = write(folder.path(), "small.csv", ROWS.as_bytes());
    // 50 users in the large files; ann and ben.
    let options = [&NAMES[..], &["--insert-id-column", "id", "--seal-events", "100"]].concat();
    let files = [&*small, &*large, &*ids];
    assert_done(&import(folder.path(), &files, &options), "6,003 events of 52 users");
    let again = import(folder.path(), &files, &options);
    assert_done(&again, "0 events of 0 users");
    let twin = write(
        folder.path(),
        "twin.csv",
        &[&fs::read(&ids).expect("it was written"), &b"visit,eve,0,x,y\n"[..]].concat(),
    );
    // Another file with the same insert ids brings one event.
    let output = import(folder.path(), &[&twin], &options);
    assert_done(&output, "1 events of 51 users");
    assert_done(&output, "3,000 were there already");
    let server = Server::on(folder, &[]);
    assert_eq!(server.events(), 2 * COUNT + 4);
    let first = server.get("/events/view?event_id=0").json();
    assert_eq!(first["external_user_id"], "ann");
    let event = server.get(&format!("/events/view?event_id={}", COUNT + 2)).json();
    assert_eq!(event["n"], (COUNT - 1).to_string().as_str());
}

#[test]
fn a_file_may_be_sent_to_a_running_server() {
    const COUNT: u64 = 12_000;
    let server = Server::with(&["--write-key", "k3y", "--seal-events", "500"]);
    let url = server.url();
    let file = many_rows(server.folder(), COUNT);
    let head = ["import", file.to_str().expect("text"), "--url", &url];
    let refused = run(&[&head[..], &NAMES].concat());
    assert_failed(&refused, &["401"]);
    let arguments = [&head[..], &["--write-key", "k3y"], &NAMES].concat();
    for n in 0..3 {
        interrupted(&arguments, Duration::from_millis(30 + 40 * n));
    }
    let output = run(&arguments);
    assert_done(&output, "12,000 events of 50 users");
    assert_eq!(server.events(), COUNT);
    assert_eq!(stored_rows(&server), (0..COUNT).collect::<Vec<_>>());
}

#[test]
fn what_was_stored_is_told_from_what_was_there_already() {
    let folder = folder();
    let text = "event,who,at,insert_id\na,u,2013-01-01,x\na,u,2013-01-02,x\na,u,2013-01-03,\n";
    let file = write(folder.path(), "ids.csv", text.as_bytes());
    let output = import(folder.path(), &[&file], &NAMES);
    assert_done(&output, "2 events of 1 users");
    assert_done(&output, "1 were there already");
}
