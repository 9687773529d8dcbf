//! The programs of `docs/clients.md`: each is taken out of the document and run against a server, first past one that is
//! busy, and what it prints is compared with what the document says.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eventhub_tests::{Server, fenced_blocks};

const DOCUMENT: &str = include_str!("../../../docs/clients.md");
/// The refusals that a program meets before it is let through, both of which ask it to come again.
const REFUSALS: [&str; 2] = ["503 Service Unavailable", "429 Too Many Requests"];

/// What they ask for together, a second each.
const WAITS: Duration = Duration::from_secs(REFUSALS.len() as u64);

#[test]
fn curl() {
    check("sh", "sh", "client.sh", &["curl", "jq"]);
}

#[test]
fn python() {
    check("python", "python3", "client.py", &["python3"]);
}

#[test]
fn node() {
    check("js", "node", "client.mjs", &["node"]);
}

#[test]
fn ruby() {
    check("ruby", "ruby", "client.rb", &["ruby"]);
}

/// Runs the program in this language; `needed` are the programs that must be there.
fn check(language: &str, interpreter: &str, file: &str, needed: &[&str]) {
    for name in needed {
        let found = Command::new(name).arg("--version").output();
        assert!(
            found.is_ok_and(|output| output.status.success()),
            "{name} was not found: install it, or run `cargo xtask test --only end-to-end`, which does"
        );
    }
    let server = Server::start();
    let program = server.folder().join(file);
    fs::write(&program, block(language)).expect("the program can be written");
    let busy =
        Busy::before(server.url().trim_start_matches("http://").parse().expect("an address"));
    let expected = block("text");
    let begin = Instant::now();
    assert_eq!(run(interpreter, &program, &busy.url()), expected, "{language}");
    assert!(begin.elapsed() >= WAITS, "{language} came again too soon");
    assert_eq!(busy.refused(), REFUSALS.len(), "{language} did not come again");
    assert_eq!(run(interpreter, &program, &server.url()), expected, "{language}, a second time");
    assert_eq!(server.events(), 10, "{language} stored events twice");
}

/// The only block of the document in this language.
fn block(language: &str) -> String {
    let blocks = fenced_blocks(DOCUMENT).into_iter().filter(|block| block.info == language);
    let blocks: Vec<_> = blocks.collect();
    assert_eq!(blocks.len(), 1, "the document has one block {language}");
    blocks.into_iter().map(|block| block.text).collect()
}

/// What a program prints.
fn run(interpreter: &str, program: &Path, url: &str) -> String {
    let mut command = Command::new(interpreter);
    command.arg(program);
    // What the environment says about proxies and servers is not for this server.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy().to_ascii_lowercase();
        if text.ends_with("_proxy") || text.starts_with("eventhub_") {
            command.env_remove(name);
        }
    }
    let output = command.env("EVENTHUB_URL", url).output();
    let output = output.unwrap_or_else(|error| panic!("{interpreter}: {error}"));
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{interpreter} ({}): {said}\n{errors}", output.status);
    said.into_owned()
}

/// An address at which a server seems busy at first.
struct Busy {
    address: SocketAddr,
    refused: Arc<AtomicUsize>,
}

impl Busy {
    /// Listens before a server. The thread goes with the tests' process.
    fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A client may open a connection and send nothing on it.
                match REFUSALS.get(count.load(Ordering::SeqCst)) {
                    Some(status) if refuse(&client, status).is_ok() => {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    Some(_) => {}
                    None => pass_on(&client, server).expect("the server takes connections"),
                }
            }
        });
        Self { address, refused }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

/// Reads a request to its end, since a client that is still sending would miss the answer, and refuses it.
fn refuse(mut client: &TcpStream, status: &str) -> io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&request) {
        match client.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => request.extend(&chunk[..length]),
        }
    }
    let body = r#"{"error": {"code": "queue_full", "message": "come again"}}"#;
    write!(
        client,
        "HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse().expect("a length is a number"))
}

/// Copies what either side says to the other.
fn pass_on(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            // Either side may go away at any time, which ends the other.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    copy(client.try_clone()?, server.try_clone()?);
    copy(server, client.try_clone()?);
    Ok(())
}
