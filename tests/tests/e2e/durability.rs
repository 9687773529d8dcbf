//! An acknowledgement comes after the commit is on disk.

use std::fs;
use std::path::Path;

use eventhub_tests::Server;

const REQUESTS: usize = 40;

/// Calls by which the kernel is told to put data on disk, that have returned.
fn syncs(log: &Path) -> usize {
    let text = fs::read_to_string(log).expect("strace writes its log");
    let ends = |line: &&str| line.ends_with("= 0") && line.contains("sync");
    text.lines().filter(ends).count()
}

/// Runs sequential requests under strace, and returns how many syncs had returned before and after.
#[track_caller]
fn traced(request: impl Fn(&Server, usize)) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let log = folder.path().join("syncs");
    let file = log.to_str().expect("the path is text");
    // -D: the server, not strace, is the child that is stopped at the end.
    let strace = [
        "strace",
        "-D",
        "-f",
        "-qq",
        "-e",
        "trace=fdatasync,fsync,msync,sync_file_range",
        "-o",
        file,
    ];
    let server = Server::under(&strace, folder, &[]);
    request(&server, 0);
    let before = syncs(&log);
    for n in 1..=REQUESTS {
        request(&server, n);
    }
    (before, syncs(&log))
}

#[test]
fn every_acknowledgement_follows_a_sync() {
    for path in [
        "/events/track?event_type=t&external_user_id=u&n=",
        "/users/add_or_update?external_user_id=u&n=",
    ] {
        let (before, after) = traced(|server, n| {
            assert_eq!(server.get(&format!("{path}{n}")).status, 200);
        });
        assert!(before > 0, "the first request was not synced: {path}");
        assert!(
            after >= before + REQUESTS,
            "{before} to {after} syncs for {REQUESTS} requests: {path}"
        );
    }
}

#[test]
fn an_alias_follows_a_sync() {
    let (before, after) = traced(|server, n| {
        let path = format!("/users/alias?from_external_user_id=a{n}&to_external_user_id=b");
        assert_eq!(server.get(&path).status, 200);
    });
    assert!(after >= before + REQUESTS, "{before} to {after} syncs for {REQUESTS} requests");
}

#[test]
fn asking_syncs_nothing() {
    let (before, after) = traced(|server, _| {
        assert_eq!(server.get("/events/types").body, "[]\n");
    });
    assert!(after - before < REQUESTS / 2, "{before} to {after} syncs for {REQUESTS} questions");
}
