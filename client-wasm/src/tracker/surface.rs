//! The browser: what `npm/src/host.ts` calls, and what it offers.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Uint8Array, Uint32Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Config, Host, Machine, Pairs, Slot, User};

#[wasm_bindgen]
extern "C" {
    /// The object of `npm/src/host.ts`, whose methods never throw.
    pub type JsHost;

    #[wasm_bindgen(method)]
    fn get(this: &JsHost, key: &str) -> Option<String>;
    #[wasm_bindgen(method)]
    fn has(this: &JsHost, key: &str) -> bool;
    #[wasm_bindgen(method)]
    fn put(this: &JsHost, key: &str, text: &str) -> bool;
    #[wasm_bindgen(method)]
    fn remove(this: &JsHost, key: &str);
    #[wasm_bindgen(method)]
    fn keys(this: &JsHost, prefix: &str) -> Array;
    #[wasm_bindgen(method)]
    fn read(this: &JsHost, slot: u32) -> Option<Array>;
    #[wasm_bindgen(method)]
    fn write(this: &JsHost, slot: u32, user: Option<Array>);
    #[wasm_bindgen(method)]
    fn send(this: &JsHost, flight: u32, batch: Uint8Array, keepalive: bool);
    #[wasm_bindgen(method, js_name = setTimer)]
    fn set_timer(this: &JsHost, ms: f64);
    #[wasm_bindgen(method)]
    fn lock(this: &JsHost);
    #[wasm_bindgen(method)]
    fn unlock(this: &JsHost);
    #[wasm_bindgen(method)]
    fn flushed(this: &JsHost, all: bool);
    #[wasm_bindgen(method)]
    fn log(this: &JsHost, message: &str);
}

impl Host for JsHost {
    fn get(&mut self, key: &str) -> Option<String> {
        JsHost::get(self, key)
    }

    fn has(&mut self, key: &str) -> bool {
        JsHost::has(self, key)
    }

    fn put(&mut self, key: &str, text: &str) -> bool {
        JsHost::put(self, key, text)
    }

    fn remove(&mut self, key: &str) {
        JsHost::remove(self, key);
    }

    fn keys(&mut self, prefix: &str) -> Vec<String> {
        texts_of(&JsHost::keys(self, prefix))
    }

    fn read(&mut self, slot: Slot) -> Option<User> {
        let mut texts = texts_of(&JsHost::read(self, slot as u32)?).into_iter();
        Some(User { id: texts.next()?, properties: pairs_of(texts) })
    }

    fn write(&mut self, slot: Slot, user: Option<&User>) {
        JsHost::write(self, slot as u32, user.map(array_of));
    }

    fn send(&mut self, flight: u32, batch: &[u8], keepalive: bool) {
        JsHost::send(self, flight, Uint8Array::from(batch), keepalive);
    }

    fn set_timer(&mut self, ms: f64) {
        JsHost::set_timer(self, ms);
    }

    fn lock(&mut self) {
        JsHost::lock(self);
    }

    fn unlock(&mut self) {
        JsHost::unlock(self);
    }

    fn flushed(&mut self, all: bool) {
        JsHost::flushed(self, all);
    }

    fn log(&mut self, message: &'static str) {
        JsHost::log(self, message);
    }
}

fn texts_of(array: &Array) -> Vec<String> {
    (0..array.length()).filter_map(|index| array.get(index).as_string()).collect()
}

/// Keys and values take turns.
fn pairs_of(mut texts: impl Iterator<Item = String>) -> Pairs {
    let mut pairs = Pairs::new();
    while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
        pairs.push((key, value));
    }
    pairs
}

/// The id, then keys and values.
fn array_of(user: &User) -> Array {
    let texts = Array::of1(&JsValue::from_str(&user.id));
    for (key, value) in &user.properties {
        texts.push(&JsValue::from_str(key));
        texts.push(&JsValue::from_str(value));
    }
    texts
}

/// The tag of one hub. Times are ms since 1970, properties a list in which keys and values take turns.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Tracker(Machine<JsHost>);

impl core::fmt::Debug for JsHost {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}

#[wasm_bindgen]
#[allow(missing_docs, reason = "each is the machine's method of that name")]
impl Tracker {
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: JsHost,
        client: &str,
        flush_interval_ms: f64,
        batch_events: u32,
        queue_events_max: u32,
        queue_bytes_max: u32,
        device: bool,
        denied: bool,
    ) -> Self {
        let config = Config {
            flush_interval_ms,
            batch_events: batch_events as usize,
            queue_events_max: queue_events_max as usize,
            queue_bytes_max: queue_bytes_max as usize,
            device,
            denied,
        };
        Self(Machine::new(host, config, client))
    }

    pub fn track(&mut self, now: f64, event_type: &str, properties: &Array, number: Option<f64>) {
        let number = number.map(|number| number as u64);
        self.0.track(now as i64, event_type, pairs_of_array(properties), number);
    }

    pub fn alias(&mut self, now: f64, id: &str) {
        self.0.alias(now as i64, id);
    }

    pub fn identify(&mut self, now: f64, id: &str, properties: &Array) {
        self.0.identify(now as i64, id, pairs_of_array(properties));
    }

    pub fn register(&mut self, properties: &Array) {
        self.0.register(pairs_of_array(properties));
    }

    #[wasm_bindgen(js_name = invalidateGenerated)]
    pub fn invalidate_generated(&mut self, fresh: &str) {
        self.0.invalidate_generated(fresh);
    }

    #[wasm_bindgen(js_name = invalidateIdentified)]
    pub fn invalidate_identified(&mut self) {
        self.0.invalidate_identified();
    }

    pub fn enter(&mut self, client: &str, id: Option<String>) {
        self.0.enter(client, id.as_deref());
    }

    pub fn leave(&mut self) {
        self.0.leave();
    }

    #[wasm_bindgen(js_name = optOut)]
    pub fn opt_out(&mut self) {
        self.0.opt_out();
    }

    #[wasm_bindgen(js_name = optIn)]
    pub fn opt_in(&mut self, fresh: &str) {
        self.0.opt_in(fresh);
    }

    pub fn flush(&mut self, now: f64) {
        self.0.flush(now as i64);
    }

    pub fn timer(&mut self) {
        self.0.timer();
    }

    pub fn wake(&mut self, now: f64) {
        self.0.wake(now as i64);
    }

    pub fn granted(&mut self, now: f64) {
        self.0.granted(now as i64);
    }

    pub fn hide(&mut self, now: f64) {
        self.0.hide(now as i64);
    }

    pub fn answered(
        &mut self,
        flight: u32,
        status: u16,
        retry_after_ms: f64,
        now: f64,
        random: f64,
    ) {
        self.0.answered(flight, status, retry_after_ms, now as i64, random);
    }

    /// Queued, sent, dropped, rejected and omitted, in this order.
    pub fn stats(&self) -> Uint32Array {
        let stats = self.0.stats();
        let counts = [stats.queued, stats.sent, stats.dropped, stats.rejected, stats.omitted];
        Uint32Array::from(counts.as_slice())
    }
}

fn pairs_of_array(array: &Array) -> Pairs {
    pairs_of(texts_of(array).into_iter())
}
