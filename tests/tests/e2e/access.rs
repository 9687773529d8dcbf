//! Who may ask what: hosts, the password, the write key, other origins, and the data folder's lock.

use std::fs;

use eventhub_tests::{Answer, Server, run};

const TRACKING: [&str; 4] = [
    "/events/track?event_type=t&external_user_id=u&date=20130101",
    "/events/batch_track?events=[]",
    "/users/alias?from_external_user_id=u&to_external_user_id=v",
    "/users/add_or_update?external_user_id=u&plan=free",
];

const ASKING: [&str; 13] = [
    "/events/types",
    "/events/keys?event_type=t",
    "/events/values?event_type=t&event_key=k",
    "/events/view?event_id=0",
    "/users/find",
    "/users/keys",
    "/users/values?user_key=plan",
    "/users/timeline?external_user_id=u&offset=0&num_records=1",
    "/varz",
    "/metrics",
    "/api/v1/event-types",
    "/api/v1/users/u",
    "/api/v1/views",
];

/// `Authorization` of admin with the password `secret of ours`.
const SIGNED_IN: (&str, &str) = ("authorization", "Basic YWRtaW46c2VjcmV0IG9mIG91cnM=");
/// The same with another password.
const MISTAKEN: (&str, &str) = ("authorization", "Basic YWRtaW46bm90IHRoZSBzZWNyZXQ=");

fn get(server: &Server, target: &str, header: (&str, &str)) -> Answer {
    server.call("GET", target, &[header], b"")
}

#[test]
fn without_a_password_only_local_names_are_answered() {
    let server = Server::start();
    for host in ["localhost", "127.0.0.1", "[::1]", "localhost:8080", "127.0.0.1:1"] {
        assert_eq!(get(&server, "/events/types", ("host", host)).status, 200, "{host}");
    }
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "x@localhost"]
    {
        for path in ["/events/types", TRACKING[0]] {
            get(&server, path, ("host", host)).assert_refused(403, "forbidden");
        }
    }
    assert_eq!(server.events(), 0);
}

#[test]
fn a_host_may_be_allowed() {
    let server = Server::with(&["--allowed-host", "hub.example"]);
    assert_eq!(get(&server, "/events/types", ("host", "hub.example")).status, 200);
    assert_eq!(get(&server, "/events/types", ("host", "hub.example:8080")).status, 200);
    get(&server, "/events/types", ("host", "sub.hub.example")).assert_refused(403, "forbidden");
}

#[test]
fn a_password_guards_the_data_and_not_the_tracking() {
    let server = Server::with(&["--password", "secret of ours"]);
    for path in TRACKING {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.get("/health").status, 200);
    for path in ASKING.into_iter().chain(["/debug"]) {
        let answer = server.get(path);
        answer.assert_refused(401, "unauthorized");
        assert!(
            answer.header("www-authenticate").is_some_and(|v| v.starts_with("Basic")),
            "{path}"
        );
    }
    for path in ASKING {
        assert_eq!(get(&server, path, SIGNED_IN).status, 200, "{path}");
    }
    get(&server, ASKING[0], MISTAKEN).assert_refused(401, "unauthorized");
    get(&server, ASKING[0], ("authorization", "Basic !!!")).assert_refused(401, "unauthorized");
    get(&server, ASKING[0], ("authorization", "Bearer x")).assert_refused(401, "unauthorized");
    // With a password any host will do.
    let headers = [SIGNED_IN, ("host", "hub.example")];
    assert_eq!(server.call("GET", ASKING[0], &headers, b"").status, 200);
}

#[test]
fn a_password_may_stand_in_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("password");
    fs::write(&file, "secret of ours\n").expect("a file can be written");
    let file = file.to_str().expect("the path is text");
    let server = Server::with(&["--username", "admin", "--password-file", file]);
    server.get("/events/types").assert_refused(401, "unauthorized");
    assert_eq!(get(&server, "/events/types", SIGNED_IN).status, 200);
}

#[test]
fn a_write_key_guards_the_tracking() {
    let server = Server::with(&["--write-key", "k3y"]);
    for path in TRACKING {
        server.get(path).assert_refused(401, "unauthorized");
        server.get(&format!("{path}&write_key=other")).assert_refused(401, "unauthorized");
    }
    assert_eq!(server.events(), 0);
    for path in TRACKING {
        assert_eq!(server.get(&format!("{path}&write_key=k3y")).status, 200, "{path}");
        assert_eq!(get(&server, path, ("x-write-key", "k3y")).status, 200, "{path}");
    }
    // The key is no property, of events as of users.
    assert_eq!(server.get("/events/keys?event_type=t").body, "[]\n");
    assert_eq!(server.get("/users/keys").body, "[\"plan\"]\n");
}

#[test]
fn other_origins_may_track_and_not_ask() {
    let server = Server::start();
    let origin = ("origin", "https://shop.example");
    for path in TRACKING {
        let answer = get(&server, path, origin);
        assert!(answer.header("access-control-allow-origin").is_some(), "{path}: {answer:?}");
    }
    for path in ASKING {
        let answer = get(&server, path, origin);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}: {answer:?}");
    }
    let ask = [origin, ("access-control-request-method", "POST")];
    let answer = server.call("OPTIONS", "/events/track", &ask, b"");
    assert!((200..300).contains(&answer.status), "{answer:?}");
    assert!(answer.header("access-control-allow-origin").is_some(), "{answer:?}");
    let methods = answer.header("access-control-allow-methods").unwrap_or_default();
    assert!(methods.contains("POST"), "{answer:?}");
}

#[test]
fn origins_may_be_named() {
    let server = Server::with(&["--cors-origin", "https://shop.example"]);
    let allowed = |origin: &str| {
        let answer = get(&server, TRACKING[0], ("origin", origin));
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed("https://shop.example").as_deref(), Some("https://shop.example"));
    assert_eq!(allowed("https://evil.example"), None);
}

#[test]
fn without_a_password_it_stays_at_home() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().to_str().expect("the path is text");
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let output = run(&["serve", "--data", data, "--listen", listen]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{listen}");
        assert!(message.contains("--password"), "{message}");
    }
    let server = Server::with(&["--listen", "0.0.0.0:0", "--password", "secret of ours"]);
    assert_eq!(get(&server, "/events/types", SIGNED_IN).status, 200);
}

#[test]
fn a_second_writer_is_told_who_holds_the_folder() {
    let server = Server::start();
    let data = server.data();
    let data = data.to_str().expect("the path is text");
    let csv = server.folder().join("one.csv");
    fs::write(&csv, "event_type,external_user_id,timestamp\nt,u,2013-01-01\n")
        .expect("it is written");
    let file = csv.to_str().expect("the path is text");
    for arguments in [
        &["serve", "--data", data, "--listen", "127.0.0.1:0"][..],
        &["import", file, "--data", data],
    ] {
        let output = run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{message}");
        assert!(message.contains(&server.pid().to_string()), "{message}");
    }
    // Reading beside it is welcome.
    for command in ["check", "stats"] {
        assert!(run(&[command, "--data", data]).status.success(), "{command}");
    }
    assert_eq!(server.events(), 0);
}

#[test]
fn a_server_told_to_stop_finishes_and_exits_well() {
    let mut server = Server::start();
    assert_eq!(server.get(TRACKING[0]).body, "0\n");
    assert!(server.stop().success());
    server.start_again();
    assert_eq!(server.events(), 1);
}
