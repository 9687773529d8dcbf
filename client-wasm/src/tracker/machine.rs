//! The calls of a page, each of which becomes commands or changes who is tracked.

use alloc::string::String;
use alloc::vec::Vec;

use eventhub_core::Command;
use eventhub_core::limits::{EVENT_TYPE_BYTES_MAX, EXTERNAL_ID_BYTES_MAX};

use super::flush::Flusher;
use super::identity::Identity;
use super::queue::Queue;
use super::{Config, Host, Pairs, Slot, Stats, User};

/// The key that says how the visitor decided: `1` out, `0` in; then when that was, in ms since 1970, unless they were tracked before.
const OPT_OUT: &str = "optOut";
/// The key under which is a name that the page that found the storage empty gave it. When it changes, somebody emptied it.
const FOUNDER: &str = "founder";

/// The tag of one page and one hub.
#[derive(Debug)]
pub struct Machine<H> {
    pub(super) host: H,
    pub(super) config: Config,
    pub(super) queue: Queue,
    pub(super) flusher: Flusher,
    pub(super) stats: Stats,
    /// Names this page for ever: no other has it, a copy of its tab neither.
    pub(super) client: String,
    identity: Identity,
    /// The generated user's id with which this page began.
    began_as: String,
    /// What [`FOUNDER`] was when this page last looked.
    founder: String,
    /// How many names this page gave.
    named: u64,
    /// The next event's number in its insert id.
    counter: u64,
    pub(super) enabled: bool,
    /// What [`OPT_OUT`] was when this page last looked.
    decision: String,
    /// The page whose calls are repeated here, while they are.
    other: Option<Page>,
}

/// What calls depend on.
#[derive(Debug)]
struct Page {
    client: String,
    /// None where it is this page's, which goes on as who that page left.
    identity: Option<Identity>,
}

impl<H: Host> Machine<H> {
    /// Begins a page. `client` is random text that no other page ever had; it names the generated user, too, where a
    /// new one is needed.
    pub fn new(mut host: H, config: Config, client: &str) -> Self {
        let decision = host.get(OPT_OUT);
        let enabled = if decision.is_empty() { !config.denied } else { decision.starts_with('0') };
        let mut machine = Self {
            host,
            config,
            queue: Queue::default(),
            flusher: Flusher::default(),
            stats: Stats::default(),
            client: client.into(),
            identity: Identity::default(),
            began_as: String::new(),
            founder: String::new(),
            named: 0,
            counter: 0,
            enabled,
            decision,
            other: None,
        };
        if enabled {
            machine.begin(client);
        } else {
            // The snippet could not know.
            machine.host.write(Slot::Session, "");
            machine.host.log("not tracked");
        }
        machine
    }

    fn begin(&mut self, fresh: &str) {
        self.identity = Identity::start(&mut self.host, self.config.device, fresh);
        self.began_as = self.identity.generated.id().into();
        self.find_founder();
        self.host.set_timer(self.config.flush_interval_ms);
    }

    /// Queues an event. `number` is its place among the events of its page, where the page counted them itself.
    pub fn track(
        &mut self,
        now: i64,
        event_type: &str,
        properties: Pairs<'_>,
        number: Option<u64>,
    ) {
        if !self.heed() {
            return;
        }
        if event_type.is_empty() || event_type.len() > EVENT_TYPE_BYTES_MAX {
            self.refuse();
            return;
        }
        let (client, identity) = match &self.other {
            Some(page) => (&page.client, page.identity.as_ref().unwrap_or(&self.identity)),
            None => (&self.client, &self.identity),
        };
        let number = number.unwrap_or(self.counter);
        if self.other.is_none() {
            self.counter = self.counter.max(number + 1);
        }
        let mut insert_id = String::from("~");
        insert_id.push_str(client);
        insert_id.push('.');
        push_decimal(&mut insert_id, number);
        let user = identity.current();
        let (pairs, omitted) = properties.over(user.properties());
        self.stats.omitted += omitted;
        let pairs = Pairs(&pairs);
        let event = Command::event(event_type, user.id(), now, Some(&insert_id), pairs);
        self.push(now, event);
    }

    /// Queues an alias: `id` becomes another name of the generated user.
    pub fn alias(&mut self, now: i64, id: &str) {
        if !self.heed() {
            return;
        }
        if !is_id(id) {
            self.refuse();
            return;
        }
        let alias = Command::alias(id, self.identity().generated.id());
        self.push(now, alias);
    }

    /// From now on events are this user's; `properties` go with them, and are set on the user.
    pub fn identify(&mut self, now: i64, id: &str, properties: Pairs<'_>) {
        if !self.heed() {
            return;
        }
        if !is_id(id) {
            self.refuse();
            return;
        }
        let mut user = User::new(id);
        self.stats.omitted += user.set(properties);
        if user.properties() != Pairs::default() {
            self.push(now, Command::user(id, user.properties()));
        }
        self.sign(Some(user));
    }

    /// From now on `properties` go with the generated user's events.
    pub fn register(&mut self, properties: Pairs<'_>) {
        if self.heed() {
            let omitted = self.identity().generated.set(properties);
            self.stats.omitted += omitted;
            self.save();
        }
    }

    /// Makes a new generated user, whose id is `fresh`.
    pub fn invalidate_generated(&mut self, fresh: &str) {
        if self.heed() {
            self.identity().generated = User::new(fresh);
            self.save();
        }
    }

    /// Forgets the identified user.
    pub fn invalidate_identified(&mut self) {
        if self.heed() {
            self.sign(None);
        }
    }

    /// Until [`Machine::leave`], calls are those of an earlier page, whose tag did not come: its name is `client`, its
    /// generated user `id`, this page's where that is empty.
    pub fn enter(&mut self, client: &str, id: &str) {
        let is_own = self.config.device || id.is_empty() || id == self.began_as;
        let identity = if is_own {
            None
        } else {
            Some(Identity { generated: User::new(id), identified: None })
        };
        self.other = Some(Page { client: client.into(), identity });
    }

    /// Calls are those of this page again. Who signed in on an earlier page of the tab did not sign in on this one.
    pub fn leave(&mut self) {
        let was_own = self.other.take().is_some_and(|page| page.identity.is_none());
        if was_own && !self.config.device {
            self.identity.identified = None;
            self.save();
        }
    }

    /// The visitor wants not to be tracked: what waits is dropped, and who they were is forgotten.
    pub fn opt_out(&mut self, now: i64) {
        self.decide("1", now);
        self.enabled = false;
        self.queue.adopt(&mut self.host, &self.client);
        self.forget();
        for slot in [Slot::Generated, Slot::Identified] {
            self.host.write(slot, "");
        }
        self.host.remove(FOUNDER);
    }

    /// The visitor wants to be tracked, whatever the browser says.
    pub fn opt_in(&mut self, now: i64, fresh: &str) {
        if !self.heed() {
            self.decide("0", now);
            self.enabled = true;
            self.begin(fresh);
        } else if self.decision.is_empty() {
            self.host.put(OPT_OUT, "0");
            self.decision = self.host.get(OPT_OUT);
        }
    }

    /// Whether the visitor may be tracked. They may have decided in another tab: then nothing is sent of what this one tracked before, and
    /// who they were is forgotten here, too.
    pub(super) fn heed(&mut self) -> bool {
        let before = core::mem::replace(&mut self.decision, self.host.get(OPT_OUT));
        // It is empty where somebody emptied the storage, who decided nothing.
        if self.decision != before && !self.decision.is_empty() {
            let is_in = self.decision.starts_with('0');
            if self.decision.get(1..) != before.get(1..).or(Some("")) {
                self.enabled = false;
                self.forget();
            }
            if is_in && !self.enabled {
                self.enabled = true;
                let fresh = self.new_name();
                self.begin(&fresh);
            }
        }
        self.enabled
    }

    /// Whether a call that was kept since `time` was made before the visitor decided, and so is left out.
    pub fn is_overruled(&mut self, time: i64) -> bool {
        let digits = self.decision.bytes().skip(1);
        let decided = digits.fold(0.0, |ms, digit| ms * 10.0 + f64::from(digit & 15));
        let is_overruled = decided > 0.0 && (time as f64) < decided;
        self.stats.dropped += u32::from(is_overruled);
        is_overruled
    }

    fn decide(&mut self, decision: &str, now: i64) {
        let mut decision = String::from(decision);
        push_decimal(&mut decision, now.max(0) as u64);
        self.host.put(OPT_OUT, &decision);
        self.decision = self.host.get(OPT_OUT);
    }

    fn forget(&mut self) {
        self.stats.dropped += self.queue.len() as u32;
        self.queue.remove(&mut self.host, 0, usize::MAX);
        for slot in [Slot::Session, Slot::Member] {
            self.host.write(slot, "");
        }
        self.stop();
    }

    /// The page was left, and is shown again as it was: who is tracked is now as later pages left it.
    pub fn restore(&mut self, now: i64) {
        if self.heed() {
            self.identity.restore(&mut self.host, self.config.device);
        }
        self.wake(now);
    }

    /// What became of everything so far.
    pub fn stats(&self) -> Stats {
        Stats { queued: self.queue.len() as u32, ..self.stats }
    }

    /// Who events are, and what goes with them.
    pub fn user(&self) -> &User {
        self.identity.current()
    }

    /// What somebody emptied the storage of is written anew. Commands that are gone for no such reason were delivered.
    pub(super) fn mend_storage(&mut self) {
        let before = core::mem::take(&mut self.founder);
        self.find_founder();
        if self.founder != before {
            self.identity.save(&mut self.host);
            self.queue.store(&mut self.host, true);
        }
    }

    /// It stays empty where nothing can be stored.
    fn find_founder(&mut self) {
        self.founder = self.host.get(FOUNDER);
        if self.founder.is_empty() {
            let founder = self.new_name();
            if self.host.put(FOUNDER, &founder) {
                self.founder = founder;
            }
        }
    }

    /// One that nobody ever had.
    fn new_name(&mut self) -> String {
        let mut name = self.client.clone();
        name.push('.');
        self.named += 1;
        push_decimal(&mut name, self.named);
        name
    }

    /// Commands that end with the page.
    #[cfg(test)]
    pub(super) fn memory_only(&self) -> usize {
        self.queue.from(0).iter().filter(|entry| !entry.stored).count()
    }

    fn identity(&mut self) -> &mut Identity {
        match &mut self.other {
            Some(Page { identity: Some(identity), .. }) => identity,
            _ => &mut self.identity,
        }
    }

    /// Somebody signs in or, where there is no `user`, out.
    fn sign(&mut self, user: Option<User>) {
        self.identity().identified = user;
        self.identity.save(&mut self.host);
        if self.other.as_ref().is_none_or(|page| page.identity.is_none()) {
            self.host.write(Slot::Member, self.identity.identified());
        }
    }

    fn save(&mut self) {
        self.identity.save(&mut self.host);
    }

    fn refuse(&mut self) {
        self.stats.rejected += 1;
        self.host.log("left out: no name, or too long");
    }

    fn push(&mut self, now: i64, command: Command) {
        self.queue.push(&mut self.host, &self.client, now, command.into_bytes());
        self.keep_within_caps();
        self.pushed();
    }

    /// Drops the oldest events that are not under way. Aliases and users stay while there are events: who
    /// is who matters to all that follows.
    pub(super) fn keep_within_caps(&mut self) {
        while self.queue.len() > self.config.queue_events_max
            || self.queue.bytes() > self.config.queue_bytes_max
        {
            let waiting = self.in_flight();
            if waiting >= self.queue.len() {
                return;
            }
            let oldest = self.queue.from(waiting).iter().position(super::queue::Entry::is_event);
            self.queue.remove(&mut self.host, waiting + oldest.unwrap_or(0), 1);
            self.stats.dropped += 1;
            self.host.log("dropped: the queue is full");
        }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= EXTERNAL_ID_BYTES_MAX
}

fn push_decimal(text: &mut String, mut number: u64) {
    let mut digits = Vec::new();
    while number >= 10 {
        digits.push(b'0' + (number % 10) as u8);
        number /= 10;
    }
    text.push(char::from(b'0' + number as u8));
    text.extend(digits.iter().rev().map(|digit| char::from(*digit)));
}
