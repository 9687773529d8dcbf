//! Requests that are no HTTP, bodies that are too much, and connections that only wait.

use std::fs;
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use eventhub_tests::Server;
use flate2::Compression;
use flate2::write::GzEncoder;

const HEAD: &str = "POST /events/track HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";

#[track_caller]
fn assert_alive_and_empty(server: &Server) {
    assert_eq!(server.events(), 0);
    assert_eq!(server.get("/events/types").body, "[]\n");
    assert_eq!(server.get("/health").body, "ok");
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes()
}

fn post(body: &[u8]) -> Vec<u8> {
    [format!("{HEAD}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

#[test]
fn what_is_no_text_is_refused() {
    let server = Server::start();
    for escape in ["%", "%z", "%zz", "%4", "%ff", "%c3", "%ed%a0%80", "%f5%80%80%80"] {
        let pairs = format!("event_type=t&external_user_id=u&k=v{escape}");
        for request in [get(&format!("/events/track?{pairs}")), post(pairs.as_bytes())] {
            let answer = server.raw(&request).expect("a bad escape is answered");
            answer.assert_refused(400, "invalid_encoding");
        }
    }
    for bytes in
        [&b"event_type=t&external_user_id=u&k=\xff"[..], b"event_type=t&external_user_id=\xc3"]
    {
        let answer = server.raw(&post(bytes)).expect("a bad body is answered");
        answer.assert_refused(400, "invalid_encoding");
    }
    assert_alive_and_empty(&server);
}

#[test]
fn what_is_no_http_is_refused() {
    let server = Server::start();
    let long = "x".repeat(100_000);
    for request in [
        "hello\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /events/types HTTP/9.9\r\n\r\n".to_owned(),
        "GET /events/types HTTP/1.1\r\nHost\r\n\r\n".to_owned(),
        format!("{HEAD}Content-Length: -1\r\n\r\n"),
        format!("{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}{long}{long}{long}{long}\r\n\r\n"
        ),
    ] {
        if let Some(answer) = server.raw(request.as_bytes()) {
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
    }
    assert_alive_and_empty(&server);
}

#[test]
fn a_body_has_a_limit() {
    let server = Server::start();
    let mut body = b"event_type=t&external_user_id=u&k=".to_vec();
    body.resize((1 << 20) + 1, b'v');
    server.raw(&post(&body)).expect("it is answered").assert_refused(413, "too_large");
    // Without a length beforehand it is cut off when it passes the limit.
    let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    let chunked = [format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").as_bytes(), &chunk].concat();
    server.raw(&chunked).expect("it is answered").assert_refused(413, "too_large");
    // A length that nobody will send is refused at once.
    let claimed = format!("{HEAD}Content-Length: 99999999999\r\n\r\n");
    server.raw(claimed.as_bytes()).expect("it is answered").assert_refused(413, "too_large");
    assert_alive_and_empty(&server);
    // A small body in chunks is as good as any other.
    let small = format!(
        "{HEAD}Transfer-Encoding: chunked\r\n\r\n1f\r\nevent_type=t&external_user_id=u\r\n0\r\n\r\n"
    );
    assert_eq!(server.raw(small.as_bytes()).expect("it is answered").status, 200);
}

#[test]
fn a_gzip_bomb_does_not_unfold() {
    let server = Server::start();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"event_type=t&external_user_id=u&k=").expect("a Vec takes all");
    for _ in 0..256 {
        packed.write_all(&[b'v'; 1 << 20]).expect("a Vec takes all");
    }
    let bomb = packed.finish().expect("a Vec takes all");
    assert!(bomb.len() < 1 << 20, "the packed body is within the limit");
    let head = format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
    let answer = server.raw(&[head.as_bytes(), &bomb].concat()).expect("it is answered");
    assert!(matches!(answer.status, 413 | 415), "{answer:?}");
    assert!(!answer.error("code").is_empty(), "{answer:?}");
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is told");
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().expect("it is a number");
    assert!(peak_kb < 150_000, "{peak_kb} kB at the peak");
    assert_alive_and_empty(&server);
}

#[test]
fn who_only_waits_is_sent_away() {
    let server = Server::start();
    let starts: [&[u8]; 4] = [
        b"",
        b"POST /events/track HTTP/1.1\r\nHost: loc",
        b"POST /events/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nevent_type=t&",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let streams = starts.map(|start| {
        let mut stream = server.connect();
        stream.write_all(start).expect("the server takes the start of a request");
        stream
    });
    thread::scope(|scope| {
        for mut stream in streams {
            scope.spawn(move || {
                let begin = Instant::now();
                stream.set_read_timeout(Some(Duration::from_secs(90))).expect("it can be set");
                let mut answer = Vec::new();
                // An end or a reset is as good; waiting for ever is not.
                let _ = stream.read_to_end(&mut answer);
                let waited = begin.elapsed();
                assert!(waited < Duration::from_secs(80), "waited {waited:?}");
            });
        }
        // Meanwhile everybody else is served.
        assert_eq!(server.get("/health").status, 200);
    });
    assert_alive_and_empty(&server);
}

#[test]
fn many_idle_connections_keep_nobody_out() {
    let server = Server::start();
    let idle: Vec<_> = (0..200).map(|_| server.connect()).collect();
    let begin = Instant::now();
    assert_eq!(server.get("/health").status, 200);
    assert!(begin.elapsed() < Duration::from_secs(2));
    drop(idle);
}
