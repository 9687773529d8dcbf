//! Many connections that ask without rest, all on one thread: the server needs the cores.

use super::ids::Ids;
use super::requests::{Load, get};
use super::response::{Response, parsed};
use super::target::Target;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

/// Before the time that counts, so that connections are open and caches warm.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long the last answers may take once the time is over.
const GRACE: Duration = Duration::from_secs(60);
/// Events of one measurement; it ends there, however much time is left.
const EVENTS_MAX: u64 = 20_000_000;
const REQUESTS_MAX: u64 = 20_000_000;
/// Latencies are kept in microseconds with three digits, up to the longest that can be.
const LATENCY_DIGITS: u8 = 3;
const LATENCY_US_MAX: u64 = 300_000_000;
const READ_BYTES: usize = 16 << 10;

/// What one measurement is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// What is asked.
    pub(super) load: Load,
    /// By how many at a time.
    pub(super) connections: usize,
    /// For how long, after a warm-up.
    pub(super) measured: Duration,
}

/// What came of a measurement.
pub(super) struct Outcome {
    /// Answers in the time that counts.
    pub(super) answers: u64,
    /// That time.
    pub(super) elapsed: Duration,
    /// Requests that were refused since the server was too busy, and then sent again; warm-up included.
    pub(super) refused: u64,
    /// How long these answers took since they were first asked for, in microseconds.
    pub(super) latency_us: Histogram<u64>,
}

/// A thread's worth of connections to one server.
pub(super) struct Client {
    runtime: Runtime,
    target: Target,
    ids: Rc<RefCell<Ids>>,
}

/// What the connections of a measurement share.
struct Shared {
    load: Load,
    requests: Rc<[Vec<u8>]>,
    ids: Rc<RefCell<Ids>>,
    /// The time that counts.
    begin: Instant,
    end: Instant,
    tally: RefCell<Tally>,
}

struct Tally {
    asked: u64,
    refused: u64,
    latency_us: Histogram<u64>,
    last: Instant,
}

impl Client {
    /// For a server whose next event gets the id `first_id`, or a greater one.
    pub(super) fn new(target: Target, first_id: u64) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, target, ids: Rc::new(RefCell::new(Ids::from(first_id))) })
    }

    /// Events that were acknowledged since the client was made.
    pub(super) fn acknowledged(&self) -> u64 {
        self.ids.borrow().count()
    }

    /// Asks without rest, and checks every answer.
    ///
    /// # Errors
    /// When a connection fails or an answer is not what it must be.
    pub(super) fn drive(&self, plan: Plan, requests: &Rc<[Vec<u8>]>) -> Result<Outcome> {
        let longest = WARM_UP + plan.measured + GRACE;
        let work = async {
            match timeout(longest, self.drive_all(plan, requests)).await {
                Ok(outcome) => outcome,
                Err(_) => bail!("an answer did not come within {} s", longest.as_secs()),
            }
        };
        let name = plan.load.name();
        LocalSet::new()
            .block_on(&self.runtime, work)
            .with_context(|| format!("{name} at {} connections", plan.connections))
    }

    async fn drive_all(&self, plan: Plan, requests: &Rc<[Vec<u8>]>) -> Result<Outcome> {
        let mut streams = Vec::with_capacity(plan.connections);
        for _ in 0..plan.connections {
            streams.push(Connection::open(&self.target).await?);
        }
        let begin = Instant::now() + WARM_UP;
        let latency_us = Histogram::new_with_max(LATENCY_US_MAX, LATENCY_DIGITS)?;
        let shared = Rc::new(Shared {
            load: plan.load,
            requests: Rc::clone(requests),
            ids: Rc::clone(&self.ids),
            begin,
            end: begin + plan.measured,
            tally: RefCell::new(Tally { asked: 0, refused: 0, latency_us, last: begin }),
        });
        let mut tasks = JoinSet::new();
        for connection in streams {
            tasks.spawn_local(connection.ask_on(Rc::clone(&shared)));
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        let shared = Rc::into_inner(shared).context("a connection is still at work")?;
        shared.outcome()
    }
}

impl Shared {
    /// The next request, or `None` when time or count is over.
    fn next(&self) -> Option<&[u8]> {
        let mut tally = self.tally.borrow_mut();
        let asked_max = REQUESTS_MAX.min(EVENTS_MAX / self.load.events().max(1));
        if tally.asked == asked_max || Instant::now() >= self.end {
            return None;
        }
        let place = tally.asked % self.requests.len() as u64;
        tally.asked += 1;
        Some(&self.requests[place as usize])
    }

    /// Takes in an answer with the body of a status 200.
    fn take(&self, asked: Instant, body: &[u8]) -> Result<()> {
        let now = Instant::now();
        match self.load {
            Load::Nothing => ensure!(body == b"ok", "/health does not say ok"),
            Load::Single | Load::Batch => {
                self.ids.borrow_mut().add(body, self.load.events())?;
            }
        }
        if (self.begin..self.end).contains(&now) {
            let mut tally = self.tally.borrow_mut();
            tally.latency_us.record((now - asked).as_micros() as u64)?;
            tally.last = now;
        }
        Ok(())
    }

    fn outcome(self) -> Result<Outcome> {
        let ended_early = Instant::now() < self.end;
        let Tally { latency_us, refused, last, .. } = self.tally.into_inner();
        let elapsed = if ended_early { last } else { self.end } - self.begin;
        let answers = latency_us.len();
        ensure!(answers > 0, "nothing was answered in time ({refused} requests were refused)");
        Ok(Outcome { answers, elapsed, refused, latency_us })
    }
}

/// One connection, kept alive.
struct Connection {
    stream: TcpStream,
    /// What was received of the answer under way.
    received: Vec<u8>,
}

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(READ_BYTES) })
    }

    /// Asks one thing after another until time or count is over.
    async fn ask_on(mut self, shared: Rc<Shared>) -> Result<()> {
        while let Some(request) = shared.next() {
            let asked = Instant::now();
            loop {
                let (response, body) = self.ask(request).await?;
                if response.status == 200 {
                    shared.take(asked, body)?;
                    break;
                }
                let Some(rest) = response.retry_after.filter(|_| response.status == 503) else {
                    let body = String::from_utf8_lossy(body);
                    bail!("an answer has status {}: {body}", response.status);
                };
                shared.tally.borrow_mut().refused += 1;
                // Nothing of a refused request is stored, so it may be given up.
                if Instant::now() + rest >= shared.end {
                    return Ok(());
                }
                sleep(rest).await;
            }
        }
        Ok(())
    }

    /// An answer and its body.
    async fn ask(&mut self, request: &[u8]) -> Result<(Response, &[u8])> {
        self.received.clear();
        self.stream.write_all(request).await.context("a connection broke")?;
        let response = loop {
            self.received.reserve(READ_BYTES / 2);
            let count = self.stream.read_buf(&mut self.received).await;
            let count = count.context("a connection broke")?;
            ensure!(count > 0, "a connection broke: the server closed it");
            if let Some(response) = parsed(&self.received)? {
                break response;
            }
        };
        ensure!(response.body.end == self.received.len(), "more was answered than asked");
        let body = &self.received[response.body.clone()];
        Ok((response, body))
    }
}

/// The body of an answer of status 200.
///
/// # Errors
/// When there is none within a minute, or its status is another.
pub(super) fn fetched(target: &Target, path: &str) -> Result<String> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(target).await?;
        let request = get(path, &target.host);
        let (Response { status, .. }, body) = timeout(GRACE, connection.ask(&request)).await??;
        let body = String::from_utf8_lossy(body).into_owned();
        ensure!(status == 200, "{path} was answered with {status}: {body}");
        Ok(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const PLAN: Plan =
        Plan { load: Load::Single, connections: 3, measured: Duration::from_millis(100) };

    /// Answers each request of each connection with what comes next, then closes.
    fn served(answers: impl Iterator<Item = String> + Clone + Send + 'static) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let target =
            Target::reached(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            // The first connection is that which found the server.
            for (number, stream) in listener.incoming().skip(1).take(PLAN.connections).enumerate() {
                let answers = answers.clone().skip(number).step_by(PLAN.connections);
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    stream.set_nodelay(true).unwrap();
                    for answer in answers {
                        // The client asks again only after an answer, and its requests are short.
                        if stream.read(&mut [0; 4096]).unwrap_or(0) == 0 {
                            return;
                        }
                        // In two pieces, as a network may cut it.
                        let (one, two) = answer.split_at(answer.len() / 2);
                        let _ = stream.write_all(one.as_bytes());
                        thread::sleep(Duration::from_millis(1));
                        let _ = stream.write_all(two.as_bytes());
                    }
                });
            }
        });
        Client::new(target, 0).unwrap()
    }

    fn answer(status: u16, body: &str) -> String {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn driven(client: &Client) -> Result<Outcome> {
        client.drive(PLAN, &Load::Single.requests("h").into())
    }

    #[test]
    fn every_answer_is_counted() {
        let client = served((0..).map(|id: u64| answer(200, &format!("{id}\n"))));
        let outcome = driven(&client).unwrap();
        let counted = outcome.latency_us.len();
        assert_eq!(outcome.answers, counted);
        // Those of the warm-up are acknowledged too.
        assert!(0 < counted && counted < client.acknowledged(), "{counted}");
        assert!(outcome.latency_us.min() >= 900, "{}", outcome.latency_us.min());
        assert_eq!(outcome.elapsed, PLAN.measured);
    }

    #[test]
    fn a_wrong_answer_ends_the_run() {
        let check = |bad: String, why: &'static str| {
            let fine = (0..50).map(|id: u64| answer(200, &id.to_string()));
            let client = served(fine.chain(std::iter::repeat_n(bad, 100)));
            let error = format!("{:#}", driven(&client).err().expect(why));
            assert!(error.starts_with("single events at 3 connections: "), "{error}");
            assert!(error.contains(why), "{error}");
        };
        check(answer(503, "busy"), "an answer has status 503: busy");
        check(answer(200, "0"), "id 0 was given to two events");
        check(answer(200, "[900,901]"), "1 events were answered with 2 ids");
        check(answer(200, "900") + "x", "more was answered than asked");
    }

    #[test]
    fn a_refused_request_is_sent_again() {
        let busy = "HTTP/1.1 503 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
        // Of every connection's answers, every second is a refusal.
        let answers = (0..).map(move |number: u64| match number / 3 % 2 {
            0 => busy.to_owned(),
            _ => answer(200, &number.to_string()),
        });
        let client = served(answers);
        let outcome = driven(&client).unwrap();
        let acknowledged = client.acknowledged();
        assert!(outcome.refused.abs_diff(acknowledged) <= 3, "{} refused", outcome.refused);
        // Both the refusal and the answer take their time.
        assert!(outcome.latency_us.min() >= 1_800, "{}", outcome.latency_us.min());
    }

    #[test]
    fn a_server_that_never_takes_anything_is_an_error() {
        let busy = "HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
        let client = served(std::iter::repeat(busy.to_owned()));
        let error = format!("{:#}", driven(&client).err().expect("nothing is stored"));
        assert!(error.contains("nothing was answered in time"), "{error}");
    }

    #[test]
    fn a_server_that_goes_away_ends_the_run() {
        let client = served((0..9).map(|id: u64| answer(200, &id.to_string())));
        let error = format!("{:#}", driven(&client).err().expect("closed"));
        assert!(error.contains("a connection broke"), "{error}");
    }
}
