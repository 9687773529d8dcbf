//! A simulated browser with tabs, and a server: time passes when the test says so, and whatever can go wrong is drawn by it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use eventhub_core::{Batch, Content, NewEvent, TimeMs};

use crate::tracker::{Config, Host, Machine, Slot};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server takes it and the answer arrives.
    Delivered,
    /// It never reaches the server.
    LostBefore,
    /// The server takes it, and the answer is lost.
    LostAfter,
    /// The server answers this, and takes nothing.
    Status(u16, u32),
    /// The answer comes after those of later requests.
    Late,
}

/// What the site's pages share, and the server.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) local: BTreeMap<String, String>,
    /// Characters that storage has room for, `None` for no storage at all.
    pub(super) quota: Option<usize>,
    pub(super) holder: Option<usize>,
    pub(super) server: Server,
}

/// The server's part of the contract: what it takes, it takes once.
#[derive(Debug, Default)]
pub(super) struct Server {
    known: BTreeSet<(String, String)>,
    pub(super) events: Vec<NewEvent>,
    /// Aliases and users as texts, in the order in which they came.
    pub(super) commands: Vec<String>,
    pub(super) requests: usize,
    /// Events of this type are refused, with the batch around them.
    pub(super) refused: Option<&'static str>,
}

impl Server {
    fn take(&mut self, batch: &[u8]) -> u16 {
        let batch = Batch::decode_by(batch, |_, ms| Ok(TimeMs::new(ms).unwrap_or(TimeMs::MIN)));
        let batch = batch.expect("the tag's batches are sound");
        match batch.content {
            Content::Events(events) => {
                if events.iter().any(|event| Some(event.event_type.as_str()) == self.refused) {
                    return 400;
                }
                for event in events {
                    let insert_id = event.insert_id.as_ref().expect("the tag names events");
                    assert!(insert_id.counted().is_some(), "{insert_id:?}");
                    let id = (event.user.as_str().to_owned(), insert_id.as_str().to_owned());
                    if self.known.insert(id) {
                        self.events.push(event);
                    }
                }
            }
            Content::Alias { from, to } => {
                self.commands.push(format!("{} = {}", from.as_str(), to.as_str()));
            }
            Content::User { id, properties } => {
                let pairs: Vec<_> = properties.iter().map(|(k, v)| format!("{k}={v}")).collect();
                self.commands.push(format!("{}: {}", id.as_str(), pairs.join(" ")));
            }
        }
        200
    }

    /// The types of the events, in the order in which they came.
    pub(super) fn types(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.event_type.as_str()).collect()
    }
}

/// What a page's machine asked for and has not got.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) session: String,
    pub(super) member: String,
    pub(super) sent: Vec<(u32, Vec<u8>, bool)>,
    pub(super) timer_ms: Option<f64>,
    pub(super) lock: bool,
    pub(super) flushed: Vec<bool>,
}

#[derive(Debug)]
pub(super) struct Page {
    number: usize,
    world: Rc<RefCell<World>>,
    asked: Rc<RefCell<Asked>>,
}

impl Host for Page {
    fn get(&mut self, key: &str) -> String {
        self.world.borrow().local.get(key).cloned().unwrap_or_default()
    }

    fn put(&mut self, key: &str, text: &str) -> bool {
        let world = &mut *self.world.borrow_mut();
        let used = world.local.iter().filter(|(other, _)| *other != key);
        let used: usize = used.map(|(key, text)| key.len() + text.len()).sum();
        let fits = world.quota.is_some_and(|quota| used + key.len() + text.len() <= quota);
        if fits {
            world.local.insert(key.to_owned(), text.to_owned());
        }
        fits
    }

    fn remove(&mut self, key: &str) {
        self.world.borrow_mut().local.remove(key);
    }

    fn keys(&mut self, prefix: &str) -> String {
        let world = self.world.borrow();
        let keys = world.local.keys().filter(|key| key.starts_with(prefix));
        keys.map(|key| format!("{key}\0")).collect()
    }

    fn read(&mut self, slot: Slot) -> String {
        match slot {
            Slot::Session => self.asked.borrow().session.clone(),
            Slot::Member => self.asked.borrow().member.clone(),
            slot => self.get(&format!("{slot:?}")),
        }
    }

    fn write(&mut self, slot: Slot, user: &str) {
        let key = format!("{slot:?}");
        match slot {
            Slot::Session => user.clone_into(&mut self.asked.borrow_mut().session),
            Slot::Member => user.clone_into(&mut self.asked.borrow_mut().member),
            _ if user.is_empty() => self.remove(&key),
            _ => {
                self.put(&key, user);
            }
        }
    }

    fn send(&mut self, flight: u32, batch: &[u8], keepalive: bool) {
        self.asked.borrow_mut().sent.push((flight, batch.to_vec(), keepalive));
    }

    fn set_timer(&mut self, ms: f64) {
        self.asked.borrow_mut().timer_ms = Some(ms);
    }

    fn lock(&mut self) {
        let mut asked = self.asked.borrow_mut();
        assert!(!asked.lock, "the lock is asked for once");
        asked.lock = true;
    }

    fn unlock(&mut self) {
        let mut world = self.world.borrow_mut();
        assert_eq!(world.holder, Some(self.number), "who gives the lock back has it");
        world.holder = None;
    }

    fn flushed(&mut self, all: bool) {
        self.asked.borrow_mut().flushed.push(all);
    }

    fn log(&mut self, _: &'static str) {}
}

/// A page with its machine.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) number: usize,
    pub(super) world: Rc<RefCell<World>>,
    pub(super) asked: Rc<RefCell<Asked>>,
    pub(super) machine: Machine<Page>,
}

pub(super) fn config() -> Config {
    Config {
        flush_interval_ms: 1_000.0,
        batch_events: 10,
        queue_events_max: 10_000,
        queue_bytes_max: 2_000_000,
        device: false,
        denied: false,
    }
}

pub(super) fn world() -> Rc<RefCell<World>> {
    Rc::new(RefCell::new(World { quota: Some(1 << 20), ..World::default() }))
}

impl Tab {
    /// Opens a page in a tab with this session; `number` is the page's for ever.
    pub(super) fn open(
        world: &Rc<RefCell<World>>,
        config: Config,
        number: usize,
        session: &str,
    ) -> Self {
        let asked = Asked { session: session.to_owned(), ..Asked::default() };
        Self::begin(world, config, number, asked)
    }

    /// Opens the next page of a tab, while this one is kept.
    pub(super) fn next(&self, config: Config, number: usize) -> Self {
        let Asked { session, member, .. } = &*self.asked.borrow();
        let asked = Asked { session: session.clone(), member: member.clone(), ..Asked::default() };
        Self::begin(&self.world, config, number, asked)
    }

    fn begin(world: &Rc<RefCell<World>>, config: Config, number: usize, asked: Asked) -> Self {
        let (world, asked) = (Rc::clone(world), Rc::new(RefCell::new(asked)));
        let page = Page { number, world: Rc::clone(&world), asked: Rc::clone(&asked) };
        let machine = Machine::new(page, config, &format!("client-{number:04}"));
        Self { number, world, asked, machine }
    }

    /// The page goes; what it sent with keepalive still arrives. Returns the tab's session.
    pub(super) fn close(self) -> String {
        let mut world = self.world.borrow_mut();
        if world.holder == Some(self.number) {
            world.holder = None;
        }
        let mut asked = self.asked.borrow_mut();
        for (_, batch, keepalive) in asked.sent.drain(..) {
            if keepalive {
                world.server.take(&batch);
            }
        }
        asked.session.clone()
    }

    /// The page is shown again after `later`, a page of the same tab.
    pub(super) fn restore(&mut self, later: Self, now: i64) {
        let member = later.asked.borrow().member.clone();
        let session = later.close();
        let mut asked = self.asked.borrow_mut();
        (asked.session, asked.member) = (session, member);
        drop(asked);
        self.machine.restore(now);
    }

    /// Grants the lock if it is asked for and free.
    pub(super) fn grant(&mut self, now: i64) -> bool {
        let free = self.world.borrow().holder.is_none();
        if !free || !self.asked.borrow().lock {
            return false;
        }
        self.asked.borrow_mut().lock = false;
        self.world.borrow_mut().holder = Some(self.number);
        self.machine.granted(now);
        true
    }

    /// Lets the first request under way, or for `Late` the last, meet its fate.
    pub(super) fn answer(&mut self, fate: Fate, now: i64, random: f64) -> bool {
        let request = {
            let sent = &mut self.asked.borrow_mut().sent;
            match fate {
                _ if sent.is_empty() => None,
                Fate::Late => sent.pop(),
                _ => Some(sent.remove(0)),
            }
        };
        let Some((flight, batch, _)) = request else { return false };
        let take = || {
            let server = &mut self.world.borrow_mut().server;
            server.requests += 1;
            server.take(&batch)
        };
        let (status, retry_after) = match fate {
            Fate::Delivered | Fate::Late => (take(), 0),
            Fate::LostBefore => (0, 0),
            Fate::LostAfter => {
                take();
                (0, 0)
            }
            Fate::Status(status, retry_after) => (status, retry_after),
        };
        self.machine.answered(flight, status, f64::from(retry_after), now, random);
        true
    }

    /// Fires the timer if it is set.
    pub(super) fn fire(&mut self) -> bool {
        let set = self.asked.borrow_mut().timer_ms.take().is_some();
        if set {
            self.machine.timer();
        }
        set
    }

    /// Everything goes well until nothing is left to do.
    pub(super) fn settle(&mut self, now: i64) {
        for _ in 0..10_000 {
            let acted = self.grant(now) || self.answer(Fate::Delivered, now, 0.5) || self.fire();
            if !acted {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    pub(super) fn stored_commands(&self) -> usize {
        self.world.borrow().local.keys().filter(|key| key.starts_with("q:")).count()
    }
}
