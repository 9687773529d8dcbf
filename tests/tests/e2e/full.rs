//! A full queue and a full disk: 503 until there is room again, and nothing lost or half.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use eventhub_tests::{Answer, Client, Event, Server, batch_json, wait_until};

/// A batch of some 300 KB.
fn large_batch(first: u64) -> String {
    let events: Vec<Event> = (first..first + 40)
        .map(|n| {
            let text = n.to_string().repeat(7_000);
            Event::new("t", "u", 0).property("n", &n.to_string()).property("text", &text[..7_000])
        })
        .collect();
    batch_json(&events)
}

#[track_caller]
fn assert_unavailable(answer: &Answer, code: &str) {
    answer.assert_refused(503, code);
    let seconds = answer.header("retry-after").and_then(|value| value.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{answer:?}");
}

/// Sends large batches until one is refused; how many were taken.
fn fill(client: &Client, code: &str) -> u64 {
    for taken in 0..2_000 {
        let answer = client.try_batch(&large_batch(40 * taken)).expect("the server stays");
        if answer.status != 200 {
            assert_unavailable(&answer, code);
            return taken;
        }
    }
    panic!("it was never full");
}

/// Everything that was taken is there, and nothing that was refused.
#[track_caller]
fn assert_batches(server: &Server, batches: u64) {
    assert_eq!(server.events(), 40 * batches);
    let pairs = [("external_user_id", "u"), ("offset", "0"), ("num_records", "1000000")];
    let timeline = server.ask("/users/timeline", &pairs).json();
    let events = timeline.as_array().expect("a timeline is a list");
    let numbers: Vec<&str> = events.iter().filter_map(|event| event["n"].as_str()).collect();
    let expected: Vec<String> = (0..40 * batches).map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_full_queue_asks_to_come_again() {
    let server = Server::with(&["--queue-requests", "1"]);
    // Many at once: one is written, one waits, the others are sent away, and each knows which it was.
    let answers: Vec<Answer> = thread::scope(|scope| {
        let senders: Vec<_> = (0..32u64)
            .map(|n| {
                let client = server.client();
                scope.spawn(move || {
                    let target = format!("/events/track?event_type=t&external_user_id=u&n={n}");
                    (0..20).map(|_| client.get(&target)).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("all were answered")).collect()
    });
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    assert!(!taken.is_empty() && !refused.is_empty(), "{} taken", taken.len());
    refused.iter().for_each(|answer| assert_unavailable(answer, "queue_full"));
    assert_eq!(server.events(), taken.len() as u64);
    assert_eq!(server.get("/events/track?event_type=t&external_user_id=u").status, 200);
}

#[test]
fn a_data_file_at_its_limit_takes_nothing_and_loses_nothing() {
    let mut server = Server::with(&["--map-size", "16MiB"]);
    let batches = fill(&server, "disk_full");
    assert!(batches > 2, "only {batches} batches in 16 MiB");
    assert_batches(&server, batches);
    assert!(server.stop().success());
    server.start_again();
    assert_batches(&server, batches);
}

/// A server whose folder is a small file system of its own, with a file in it that keeps space.
fn on_small_disk() -> Server {
    const MOUNT: &str = "mount -t tmpfs -o size=24m tmpfs \"$0\" && head -c 8M /dev/zero > \"$0/ballast\" && exec \"$@\"";
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().to_str().expect("the path is text").to_owned();
    let mut wrapper = vec!["unshare", "--mount", "sh", "-c", MOUNT, &path];
    // Without the right to mount, a user name space of one's own has it.
    let test = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    if !test.expect("unshare is there").success() {
        wrapper.insert(1, "--map-root-user");
    }
    Server::under(&wrapper, folder, &[])
}

#[test]
fn a_full_disk_is_told_and_space_helps() {
    let server = on_small_disk();
    let taken = fill(&server, "disk_full");
    assert!(taken > 2, "only {taken} batches on the small disk");
    assert_batches(&server, taken);
    // Its folder is seen only through the process, which has mounted it for itself.
    let folder = server.folder().strip_prefix("/").expect("the path is absolute");
    let ballast = format!("/proc/{}/root/{}/ballast", server.pid(), folder.display());
    fs::remove_file(ballast).expect("the ballast can be removed");
    let mut batches = taken;
    wait_until("there is space again", || {
        let answer = server.try_batch(&large_batch(40 * batches)).expect("the server stays");
        answer.status == 200
    });
    batches += 1;
    assert_batches(&server, batches);
    assert_eq!(server.get("/health").body, "ok");
}
