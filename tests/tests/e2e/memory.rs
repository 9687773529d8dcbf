//! What a server takes while nothing happens.

use std::fs;

use eventhub_tests::{Event, Server, batch_json};

const IDLE_MAX_KB: u64 = 50_000;

/// Memory of a process that is its own, in kB: not the data file, which is mapped.
fn anonymous_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.map(|line| line.trim().trim_end_matches(" kB").parse());
    number.expect("the kernel tells it").expect("it is a number")
}

#[test]
fn an_idle_server_is_small() {
    let mut server = Server::start();
    assert_eq!(server.get("/health").status, 200);
    let fresh = anonymous_kb(server.pid());
    assert!(fresh < IDLE_MAX_KB, "{fresh} kB without events");

    for batch in 0..40u32 {
        let events: Vec<Event> = (0..1000)
            .map(|n| {
                let user = format!("user_{}", (batch * 31 + n) % 5000);
                Event::new("visit", &user, i64::from(batch) * 3_600_000)
                    .property("page", &format!("page_{}", n % 100))
                    .insert_id(format!("{batch}-{n}"))
            })
            .collect();
        assert_eq!(server.batch(&batch_json(&events)).len(), 1000);
    }
    assert!(server.stop().success());
    server.start_again();
    assert_eq!(server.events(), 40_000);
    let idle = anonymous_kb(server.pid());
    assert!(idle < IDLE_MAX_KB, "{idle} kB with 40,000 events");
}
