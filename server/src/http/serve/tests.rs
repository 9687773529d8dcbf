//! Real sockets: clients that dawdle, and the stop.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::tests::{Fake, open, service};
use super::*;

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(connections_max: usize) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let sockets = Sockets {
        connections_max,
        header_timeout: Duration::from_millis(300),
        write_timeout: Duration::from_millis(300),
        stop_timeout: Duration::from_millis(600),
    };
    let service = service(Arc::new(Fake::default()), open());
    let task = tokio::spawn(serve(service, listener, sockets, async {
        let _ = stopped.await;
    }));
    Server { address, stop, task }
}

impl Server {
    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const POST: &str = "POST /events/track HTTP/1.1\r\nHost: localhost\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn a_request_is_answered_over_a_socket() {
    let server = start(10).await;
    let answer = server.exchange(HEALTH).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
    let answer = server.exchange(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.contains("content-length: 2\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn chunked_bodies_are_taken_within_the_limit() {
    let server = start(10).await;
    let head = format!("{POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    let body = "10\r\nevent_type=a&ext\r\n10\r\nernal_user_id=u1\r\n0\r\n\r\n";
    let answer = server.exchange(format!("{head}{body}").as_bytes()).await;
    assert!(answer.ends_with("\r\n\r\n0\n"), "{answer}");
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "a".repeat(1 << 20));
    let answer = server.exchange(format!("{head}{chunk}{chunk}0\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let head = format!("{POST}Content-Length: {}\r\nConnection: close\r\n\r\n", 3 << 20);
    let answer = server.exchange(format!("{head}{}", "a".repeat(3 << 20)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn what_is_too_long_to_be_a_request_is_refused_without_a_body() {
    let server = start(10).await;
    let check = async |target: &str, lines: &str, status: u16| {
        let head =
            format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
        let answer = server.exchange(head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
        assert_eq!(answer.ends_with("\r\n\r\n"), status != 200, "{answer}");
    };
    let target = |bytes: usize| format!("/health?{}", "a".repeat(bytes - 8));
    check(&target(65_534), "", 200).await;
    check(&target(65_535), "", 414).await;
    check("/health", &"X: y\r\n".repeat(98), 200).await;
    check("/health", &"X: y\r\n".repeat(99), 431).await;
    check("/health", &format!("X: {}\r\n", "y".repeat(130_000)), 200).await;
    check("/health", &format!("X: {}\r\n", "y".repeat(300_000)), 431).await;
    let answer = server.exchange(b"GARBAGE\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn slow_and_idle_clients_are_let_go() {
    let server = start(10).await;
    let started = Instant::now();
    assert_eq!(server.exchange(b"").await, "");
    assert_eq!(server.exchange(b"GET /health HTTP/1.1\r\nHost: loc").await, "");
    let idle = server.exchange(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(idle.ends_with("ok"), "{idle}");
    let torn = format!("{POST}Content-Length: 50\r\n\r\nevent_type=a");
    let answer = server.exchange(torn.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn connections_beyond_the_number_wait() {
    let server = start(2).await;
    let _idle = [
        TcpStream::connect(server.address).await.unwrap(),
        TcpStream::connect(server.address).await.unwrap(),
    ];
    let started = Instant::now();
    assert!(server.exchange(HEALTH).await.ends_with("ok"));
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_stop_finishes_what_was_accepted() {
    let server = start(10).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = "event_type=a&external_user_id=u";
    let head = format!("{POST}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("0\n"), "{answer}");
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_stop_ends_answers_without_an_end() {
    let server = start(10).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("content-type: text/event-stream\r\n"), "{answer}");
    assert!(answer.ends_with("retry: 2000\n\n\r\n0\r\n\r\n"), "{answer}");
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = start(10).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("{POST}Content-Length: 50\r\n\r\n").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_never_reads_is_let_go() {
    let server = start(10).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let form = format!("ufk=a&ufv={}", "v".repeat(1_000_000));
    let head = POST.replace("/events/track", "/users/find");
    let request = format!("{head}Content-Length: {}\r\n\r\n{form}", form.len());
    // Every answer is as long as its request: unread, they fill all buffers on the way.
    let sending = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), sending).await.unwrap();
}
