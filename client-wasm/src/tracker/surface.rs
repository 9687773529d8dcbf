//! The browser: what `npm/src/host.ts` does for the machine, and what it calls.
//!
//! Only numbers and bytes cross. Strings and objects of JavaScript, and with them js-sys and web-sys, would bring along glue and
//! tables that are as large as the tag.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::pairs::first_text;
use super::{Config, Host, Machine, Pairs, Slot, Stats};

#[wasm_bindgen(raw_module = "../host.js")]
extern "C" {
    // These answer the length of a text, which `take` then copies.
    fn get(hub: usize, key: &[u8]) -> usize;
    fn keys(hub: usize, prefix: &[u8]) -> usize;
    fn read(hub: usize, slot: u32) -> usize;
    fn take(text: &mut [u8]);
    fn put(hub: usize, key: &[u8], text: &[u8]) -> bool;
    fn remove(hub: usize, key: &[u8]);
    fn write(hub: usize, slot: u32, user: &[u8]);
    fn send(hub: usize, flight: u32, batch: &[u8], keepalive: bool);
    #[wasm_bindgen(js_name = setTimer)]
    fn set_timer(hub: usize, ms: f64);
    fn lock(hub: usize);
    fn unlock(hub: usize);
    fn flushed(hub: usize, all: bool);
    fn counted(hub: usize, queued: u32, sent: u32, dropped: u32, rejected: u32, omitted: u32);
    fn log(hub: usize, message: &[u8]);
}

fn taken(length: usize) -> String {
    let mut bytes = alloc::vec![0; length];
    take(&mut bytes);
    // SAFETY: bytes that cross are those of a TextEncoder, whose output is UTF-8.
    #[allow(unsafe_code)]
    unsafe {
        String::from_utf8_unchecked(bytes)
    }
}

/// The browser, as it was made for one hub.
struct Browser(usize);

impl Host for Browser {
    fn get(&mut self, key: &str) -> String {
        taken(get(self.0, key.as_bytes()))
    }

    fn put(&mut self, key: &str, text: &str) -> bool {
        put(self.0, key.as_bytes(), text.as_bytes())
    }

    fn remove(&mut self, key: &str) {
        remove(self.0, key.as_bytes());
    }

    fn keys(&mut self, prefix: &str) -> String {
        taken(keys(self.0, prefix.as_bytes()))
    }

    fn read(&mut self, slot: Slot) -> String {
        taken(read(self.0, slot as u32))
    }

    fn write(&mut self, slot: Slot, user: &str) {
        write(self.0, slot as u32, user.as_bytes());
    }

    fn send(&mut self, flight: u32, batch: &[u8], keepalive: bool) {
        send(self.0, flight, batch, keepalive);
    }

    fn set_timer(&mut self, ms: f64) {
        set_timer(self.0, ms);
    }

    fn lock(&mut self) {
        lock(self.0);
    }

    fn unlock(&mut self) {
        unlock(self.0);
    }

    fn flushed(&mut self, all: bool) {
        flushed(self.0, all);
    }

    fn log(&mut self, message: &'static str) {
        log(self.0, message.as_bytes());
    }
}

struct Hubs(RefCell<Vec<Machine<Browser>>>);

// SAFETY: the module has one thread.
#[allow(unsafe_code)]
unsafe impl Sync for Hubs {}

static HUBS: Hubs = Hubs(RefCell::new(Vec::new()));

/// Begins a hub's page, for the client whose name of this length is to be taken. Hubs are numbered from 0, and the host is called with the
/// number from here on.
#[wasm_bindgen]
pub fn open(
    client: usize,
    flush_interval_ms: f64,
    batch_events: usize,
    queue_events_max: usize,
    queue_bytes_max: usize,
    device: bool,
    denied: bool,
) {
    let Ok(mut hubs) = HUBS.0.try_borrow_mut() else { return };
    let config = Config {
        flush_interval_ms,
        batch_events,
        queue_events_max,
        queue_bytes_max,
        device,
        denied,
    };
    let host = Browser(hubs.len());
    hubs.push(Machine::new(host, config, &taken(client)));
}

/// What happens to a hub. `what` is the length of three texts that are to be taken: the method, its text, and properties. `now` is in ms since 1970, `number` an event's
/// place on its page, below 0 where the machine is to count.
#[wasm_bindgen]
pub fn call(hub: usize, what: usize, now: f64, number: f64) {
    let what = taken(what);
    let Ok(mut hubs) = HUBS.0.try_borrow_mut() else { return };
    let Some(machine) = hubs.get_mut(hub) else { return };
    let Some((method, rest)) = first_text(&what) else { return };
    let Some((text, pairs)) = first_text(rest) else { return };
    let now = now as i64;
    if number >= 0.0 && machine.is_overruled(now) {
        return;
    }
    match method {
        "track" => {
            let number = if number < 0.0 { None } else { Some(number as u64) };
            machine.track(now, text, Pairs(pairs), number);
        }
        "alias" => machine.alias(now, text),
        "identify" => machine.identify(now, text, Pairs(pairs)),
        "register" => machine.register(Pairs(pairs)),
        "reset" => {
            machine.invalidate_identified();
            machine.invalidate_generated(text);
        }
        "invalidateGeneratedUser" => machine.invalidate_generated(text),
        "invalidateIdentifiedUser" => machine.invalidate_identified(),
        "optOut" => machine.opt_out(now),
        "optIn" => machine.opt_in(now, text),
        "enter" => machine.enter(text, pairs),
        "leave" => machine.leave(),
        "flush" => machine.flush(now),
        "timer" => machine.timer(),
        "wake" => machine.wake(now),
        "restore" => machine.restore(now),
        "granted" => machine.granted(now),
        "hide" => machine.hide(now),
        "stats" => {
            let Stats { queued, sent, dropped, rejected, omitted } = machine.stats();
            counted(hub, queued, sent, dropped, rejected, omitted);
        }
        _ => {}
    }
}

/// What came of a batch.
#[wasm_bindgen]
pub fn answered(hub: usize, flight: u32, status: u16, retry_after_ms: f64, now: f64, random: f64) {
    let Ok(mut hubs) = HUBS.0.try_borrow_mut() else { return };
    if let Some(machine) = hubs.get_mut(hub) {
        machine.answered(flight, status, retry_after_ms, now as i64, random);
    }
}
