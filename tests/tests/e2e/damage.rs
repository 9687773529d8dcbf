//! A damaged byte on disk: reported by `check` and by the query that meets it, never answered wrongly.

use std::fs;

use eventhub_tests::{Event, Server, batch_json, run, wait_until};

const VALUES: [&str; 3] = ["needle_in_hay_0", "needle_in_hay_1", "needle_in_hay_2"];
const FUNNEL: &str = "/events/funnel?start_date=20130101&end_date=20130201&funnel_steps[]=find&num_days_to_complete_funnel=7";

/// A stopped server whose events were sealed, so that the values above stand end to end in a
/// dictionary of a part.
fn sealed() -> Server {
    let mut server = Server::with(&["--seal-events", "1"]);
    let events: Vec<Event> = (0..30)
        .map(|n| {
            let time = 1_356_998_400_000 + n;
            let value = VALUES[usize::try_from(n).expect("small") % VALUES.len()];
            Event::new("find", &format!("user_{n}"), time).property("what", value)
        })
        .collect();
    server.batch(&batch_json(&events));
    wait_until("the tail is sealed", || server.figure("tail_events") == 0);
    assert!(server.stop().success());
    server
}

/// Changes one byte wherever the text stands in the data folder; how often it does.
fn damage(server: &Server, text: &[u8]) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(server.data()).expect("the data folder can be read") {
        let path = entry.expect("the data folder can be read").path();
        let mut bytes = fs::read(&path).expect("its files can be read");
        let places: Vec<usize> = bytes
            .windows(text.len())
            .enumerate()
            .filter(|(_, window)| *window == text)
            .map(|(at, _)| at)
            .collect();
        for at in &places {
            // Letters stay letters: only a checksum can tell.
            bytes[at + text.len() / 2] ^= 1;
        }
        found += places.len();
        if !places.is_empty() {
            fs::write(&path, bytes).expect("its files can be written");
        }
    }
    found
}

fn check(server: &Server) -> (bool, String) {
    let output = run(&["check", "--data", server.data().to_str().expect("the path is text")]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_damaged_chunk_is_reported_and_not_believed() {
    let mut server = sealed();
    let (whole, said) = check(&server);
    assert!(whole, "{said}");
    assert!(damage(&server, VALUES.concat().as_bytes()) > 0, "the dictionary was not found");
    let (whole, said) = check(&server);
    assert!(!whole && said.contains("part"), "{said}");

    server.start_again();
    let answer = server.get(&format!("{FUNNEL}&efk[]=what&efv[]=needle_in_hay_1"));
    answer.assert_refused(500, "storage_damaged");
    // Again: a checksum that failed is not forgotten.
    let answer = server.get(&format!("{FUNNEL}&efk[]=what&efv[]=needle_in_hay_2"));
    answer.assert_refused(500, "storage_damaged");
    // What does not touch the chunk is answered, and events are taken.
    assert_eq!(server.get(FUNNEL).numbers(), [30]);
    assert_eq!(server.get("/events/types").body, "[\"find\"]\n");
    assert_eq!(server.get("/events/track?event_type=find&external_user_id=new").status, 200);
}

#[test]
fn a_data_file_that_is_none_is_not_served() {
    let mut server = sealed();
    for entry in fs::read_dir(server.data()).expect("the data folder can be read") {
        let path = entry.expect("the data folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "mdb")
            && !path.ends_with("lock.mdb")
        {
            fs::write(&path, vec![0x5a; 64 << 10]).expect("its files can be written");
        }
    }
    let data = server.data();
    let data = data.to_str().expect("the path is text").to_owned();
    for arguments in
        [&["check", "--data", &data][..], &["serve", "--data", &data, "--listen", "127.0.0.1:0"]]
    {
        let output = run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    server.kill();
}
