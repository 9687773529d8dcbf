//! Sessions of browsers that have signed in: random tokens, kept in memory alone.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::COOKIE;

/// The name of the cookie that holds a session's token.
pub(super) const COOKIE_NAME: &str = "eventhub_session";
/// How long a session lasts.
pub(super) const SESSION_SECONDS: u64 = 7 * 86_400;
/// Sessions at a time; one more ends the oldest.
const SESSIONS_MAX: usize = 256;
/// Bytes of a token.
const TOKEN_BYTES: usize = 16;

/// The sessions of a server.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    keys: [RandomState; 2],
    /// In the order in which they began, which is that in which they end.
    open: Mutex<VecDeque<Session>>,
}

/// A session, by a keyed hash of its token: how long a comparison takes says nothing of the token.
#[derive(Debug)]
struct Session {
    fingerprint: u128,
    until: Instant,
}

impl Sessions {
    /// Begins a session and returns its token, hexadecimal digits.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn begin(&self, now: Instant) -> Result<String, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        let token = format!("{:032x}", u128::from_be_bytes(bytes));
        let fingerprint = self.fingerprint(&token);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        while open.front().is_some_and(|oldest| oldest.until <= now) || open.len() >= SESSIONS_MAX {
            open.pop_front();
        }
        open.push_back(Session { fingerprint, until: now + Duration::from_secs(SESSION_SECONDS) });
        Ok(token)
    }

    /// Whether one of a request's cookies is the token of a session.
    pub(super) fn holds(&self, headers: &HeaderMap, now: Instant) -> bool {
        tokens(headers).any(|token| {
            let fingerprint = self.fingerprint(token);
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.iter().any(|session| session.fingerprint == fingerprint && session.until > now)
        })
    }

    /// Ends the sessions of a request's cookies.
    pub(super) fn end(&self, headers: &HeaderMap) {
        for token in tokens(headers) {
            let fingerprint = self.fingerprint(token);
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.retain(|session| session.fingerprint != fingerprint);
        }
    }

    fn fingerprint(&self, token: &str) -> u128 {
        let [high, low] = &self.keys;
        u128::from(high.hash_one(token)) << 64 | u128::from(low.hash_one(token))
    }
}

/// The tokens among a request's cookies.
fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(|pair| {
        let (name, token) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME && token.len() == 2 * TOKEN_BYTES).then_some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn a_session_is_known_by_its_cookie_until_it_ends() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.begin(now).unwrap();
        let other = sessions.begin(now).unwrap();
        assert_ne!(token, other);
        let week = Duration::from_secs(SESSION_SECONDS);
        let check = |lines: &[&str], at: Instant, expected: bool| {
            assert_eq!(sessions.holds(&cookies(lines), at), expected, "{lines:?}");
        };
        let cookie = format!("{COOKIE_NAME}={token}");
        check(&[&cookie], now, true);
        check(&["a=b", &format!("x=y; {cookie};z=")], now, true);
        check(&[&cookie], now + week, false);
        check(&[&format!("{COOKIE_NAME}=")], now, false);
        check(&[&format!("other={token}")], now, false);
        check(&[&format!("{cookie}0")], now, false);
        check(&[&cookie[..cookie.len() - 1]], now, false);
        check(&[], now, false);
        sessions.end(&cookies(&[&cookie]));
        check(&[&cookie], now, false);
        check(&[&format!("{COOKIE_NAME}={other}")], now, true);
    }

    #[test]
    fn there_is_a_limit() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let tokens: Vec<_> = (0..=SESSIONS_MAX).map(|_| sessions.begin(now).unwrap()).collect();
        let held =
            |token: &String| sessions.holds(&cookies(&[&format!("{COOKIE_NAME}={token}")]), now);
        assert_eq!(tokens.iter().filter(|token| held(token)).count(), SESSIONS_MAX);
        assert!(!held(&tokens[0]));
    }
}
