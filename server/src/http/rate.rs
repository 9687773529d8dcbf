//! How many events a client may send: a bucket of tokens for each address, filled at the limit's rate.
//!
//! A request is let in when there is a token for it, before its body is read. A batch turns out to hold more
//! events only afterwards; they are taken from the bucket then, which may leave it owing, so that a client that
//! sends large batches waits the longer for the next. Addresses of version 6 count by their first 64 bits, which
//! is what one subscriber has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use eventhub_core::limits::{RATE_BURST_SECONDS, RATE_CLIENTS_MAX};

/// The buckets of all clients.
#[derive(Debug)]
pub(super) struct RateLimit {
    per_second: u32,
    buckets: Mutex<Buckets>,
}

/// Buckets of those who sent since some time, and of those who sent in the time before. When there are many of the
/// former they become the latter, whose buckets are forgotten: so memory is bounded, and forgetting costs nothing.
#[derive(Debug, Default)]
struct Buckets {
    recent: HashMap<IpAddr, Bucket>,
    before: HashMap<IpAddr, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Events that may be sent at `at`; below 0 the client owes as many.
    tokens: f64,
    at: Instant,
}

impl RateLimit {
    /// For a number of events per second.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, buckets: Mutex::default() }
    }

    /// Events per second.
    pub(super) const fn per_second(&self) -> u32 {
        self.per_second
    }

    /// Lets a request in that has at least one event.
    ///
    /// # Errors
    /// With the seconds after which it would be.
    pub(super) fn admit(&self, client: IpAddr, now: Instant) -> Result<(), u64> {
        self.with_bucket(client, now, |bucket, rate| {
            if bucket.tokens < 1.0 {
                return Err(((1.0 - bucket.tokens) / rate).ceil() as u64);
            }
            bucket.tokens -= 1.0;
            Ok(())
        })
    }

    /// Counts the events of a request that was let in beyond the first.
    pub(super) fn charge(&self, client: IpAddr, events: usize, now: Instant) {
        self.with_bucket(client, now, |bucket, _| bucket.tokens -= events as f64);
    }

    fn with_bucket<T>(
        &self,
        client: IpAddr,
        now: Instant,
        act: impl FnOnce(&mut Bucket, f64) -> T,
    ) -> T {
        let rate = f64::from(self.per_second);
        let full = rate * RATE_BURST_SECONDS;
        // A panic elsewhere cannot have left the buckets half changed.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.of(subscriber(client), Bucket { tokens: full, at: now });
        let elapsed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * rate).min(full);
        bucket.at = bucket.at.max(now);
        act(bucket, rate)
    }
}

impl Buckets {
    fn of(&mut self, client: IpAddr, new: Bucket) -> &mut Bucket {
        if self.recent.len() >= RATE_CLIENTS_MAX && !self.recent.contains_key(&client) {
            self.before = std::mem::take(&mut self.recent);
        }
        let before = &mut self.before;
        self.recent.entry(client).or_insert_with(|| before.remove(&client).unwrap_or(new))
    }
}

/// The address by which a client counts.
fn subscriber(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_has_a_burst_and_then_the_rate() {
        let (limit, now, client) = (RateLimit::new(2), Instant::now(), ip("10.0.0.1"));
        let burst = (0..100).take_while(|_| limit.admit(client, now).is_ok()).count();
        assert_eq!(burst, 20);
        assert_eq!(limit.admit(client, now), Err(1));
        assert_eq!(limit.admit(client, now + Duration::from_millis(400)), Err(1));
        let later = now + Duration::from_secs(1);
        assert_eq!(limit.admit(client, later), Ok(()));
        assert_eq!(limit.admit(client, later), Ok(()));
        assert_eq!(limit.admit(client, later), Err(1));
        // Others are not concerned, and a clock that was read before another changes nothing.
        assert_eq!(limit.admit(ip("10.0.0.2"), later), Ok(()));
        assert_eq!(limit.admit(client, now), Err(1));
        // However long it rests, it has no more than a burst.
        let rested = later + Duration::from_secs(3_600);
        assert_eq!((0..100).take_while(|_| limit.admit(client, rested).is_ok()).count(), 20);
    }

    #[test]
    fn a_batch_is_waited_for_in_full() {
        let (limit, now, client) = (RateLimit::new(10), Instant::now(), ip("10.0.0.1"));
        assert_eq!(limit.admit(client, now), Ok(()));
        limit.charge(client, 1_099, now);
        assert_eq!(limit.admit(client, now), Err(101));
        assert_eq!(limit.admit(client, now + Duration::from_secs(100)), Err(1));
        assert_eq!(limit.admit(client, now + Duration::from_secs(101)), Ok(()));
    }

    #[test]
    fn a_subscriber_of_version_6_has_many_addresses() {
        let (limit, now) = (RateLimit::new(1), Instant::now());
        limit.charge(ip("2001:db8:0:1::1"), 10, now);
        assert!(limit.admit(ip("2001:db8:0:1:ffff::2"), now).is_err());
        assert!(limit.admit(ip("2001:db8:0:2::1"), now).is_ok());
        limit.charge(ip("10.0.0.1"), 10, now);
        assert!(limit.admit(ip("::ffff:10.0.0.1"), now).is_err());
    }

    #[test]
    fn clients_are_forgotten_when_there_are_many_and_not_before() {
        let (limit, now) = (RateLimit::new(1), Instant::now());
        let client = |number: u32| IpAddr::from(number.to_be_bytes());
        limit.charge(client(0), 100, now);
        for number in 1..2 * RATE_CLIENTS_MAX as u32 {
            limit.admit(client(number), now).unwrap();
            // Whoever goes on sending is known for as long.
            assert!(limit.admit(client(0), now).is_err(), "{number}");
        }
        let buckets = limit.buckets.lock().unwrap();
        assert!(buckets.recent.len() + buckets.before.len() <= 2 * RATE_CLIENTS_MAX);
    }
}
