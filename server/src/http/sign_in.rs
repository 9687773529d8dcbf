//! Basic authentication, and the sign-in of browsers, against one user name and one hashed password.
//!
//! Checking a password costs tens of milliseconds by design, so credentials that were right once are
//! known by a keyed hash from then on. Everything else is checked in lanes, one per address of origin:
//! a lane takes one attempt at a time, off the runtime's threads, and rests after a failure. A guesser
//! thus slows down nobody but itself.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use subtle::ConstantTimeEq;
use tokio::sync::{Mutex as Lane, Semaphore};

use super::error::ApiError;
use super::sessions::Sessions;

/// Attempts of one address that may wait; a browser opens up to some ten connections at once.
const LANE_ATTEMPTS_MAX: usize = 16;
/// How long a lane rests after a failure.
const FAILURE_DELAY: Duration = Duration::from_millis(500);
/// Passwords checked at a time, each taking some 20 MB while it is.
const CHECKS_MAX: usize = 2;
/// Spellings of the right credentials that are remembered.
const VERIFIED_MAX: usize = 16;

/// Why a password cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the password hash cannot be used: {0}")]
pub struct PasswordError(String);

/// The one user name and password of a server.
#[derive(Debug)]
pub struct SignIn {
    username: String,
    password: Arc<PasswordHash>,
    keys: [RandomState; 2],
    verified: Mutex<Vec<u128>>,
    lanes: Mutex<HashMap<IpAddr, Arc<Lane<()>>>>,
    checks: Semaphore,
    sessions: Sessions,
}

impl SignIn {
    /// For a password in plain text, which is kept as its hash only.
    ///
    /// # Errors
    /// When the system has no randomness for a salt.
    pub fn with_password(username: String, password: &str) -> Result<Self, PasswordError> {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Ok(Self::new(username, hash.map_err(|error| PasswordError(error.to_string()))?))
    }

    /// For a password's Argon2 hash in PHC form (`$argon2id$v=19$...`).
    ///
    /// # Errors
    /// When the hash is none.
    pub fn with_hash(username: String, hash: &str) -> Result<Self, PasswordError> {
        let hash = PasswordHash::new(hash).map_err(|error| PasswordError(error.to_string()))?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(PasswordError("it has no salt or no hash".to_string()));
        }
        Ok(Self::new(username, hash))
    }

    fn new(username: String, password: PasswordHash) -> Self {
        Self {
            username,
            password: Arc::new(password),
            keys: [RandomState::new(), RandomState::new()],
            verified: Mutex::default(),
            lanes: Mutex::default(),
            checks: Semaphore::new(CHECKS_MAX),
            sessions: Sessions::default(),
        }
    }

    /// Checks an `Authorization` header.
    ///
    /// # Errors
    /// When it is missing or wrong, or too many attempts of this address wait already.
    pub(super) async fn check(
        &self,
        header: Option<&HeaderValue>,
        peer: IpAddr,
    ) -> Result<(), ApiError> {
        let header = header.ok_or(ApiError::SignIn)?.as_bytes();
        let fingerprint = self.fingerprint(header);
        if self.is_verified(fingerprint) {
            return Ok(());
        }
        let credentials = basic(header).ok_or(ApiError::SignIn)?;
        let is_right = self.verify(fingerprint, credentials, peer).await?;
        if is_right { Ok(()) } else { Err(ApiError::SignIn) }
    }

    /// Checks a user name and password that came in another way.
    ///
    /// # Errors
    /// When they are wrong, or too many attempts of this address wait already.
    pub(super) async fn check_password(
        &self,
        username: String,
        password: String,
        peer: IpAddr,
    ) -> Result<(), ApiError> {
        // As a header of the Basic scheme has it, whose user names hold no colon.
        let header = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
        let fingerprint = self.fingerprint(header.as_bytes());
        let is_right = !username.contains(':')
            && (self.is_verified(fingerprint)
                || self.verify(fingerprint, (username, password), peer).await?);
        if is_right { Ok(()) } else { Err(ApiError::Password) }
    }

    /// The sessions of browsers that have signed in.
    pub(super) const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Whether credentials that were not right before are; tells wrong ones late.
    async fn verify(
        &self,
        fingerprint: u128,
        (username, password): (String, String),
        peer: IpAddr,
    ) -> Result<bool, ApiError> {
        let slot = LaneSlot::enter(&self.lanes, peer)?;
        let _turn = slot.lane.lock().await;
        // A request that waited behind one with the same credentials need not check again.
        if self.is_verified(fingerprint) {
            return Ok(true);
        }
        let is_user: bool = self.username.as_bytes().ct_eq(username.as_bytes()).into();
        if self.is_password(password).await && is_user {
            self.remember(fingerprint);
            return Ok(true);
        }
        tracing::warn!(%peer, "a sign-in failed");
        tokio::time::sleep(FAILURE_DELAY).await;
        Ok(false)
    }

    async fn is_password(&self, given: String) -> bool {
        let Ok(_permit) = self.checks.acquire().await else { return false };
        let expected = Arc::clone(&self.password);
        let check = move || Argon2::default().verify_password(given.as_bytes(), &*expected).is_ok();
        tokio::task::spawn_blocking(check).await.unwrap_or(false)
    }

    fn fingerprint(&self, header: &[u8]) -> u128 {
        let [high, low] = &self.keys;
        u128::from(high.hash_one(header)) << 64 | u128::from(low.hash_one(header))
    }

    fn is_verified(&self, fingerprint: u128) -> bool {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).contains(&fingerprint)
    }

    fn remember(&self, fingerprint: u128) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() == VERIFIED_MAX {
            verified.remove(0);
        }
        verified.push(fingerprint);
    }
}

/// A place in an address's lane, given back when dropped, also when the client goes away.
struct LaneSlot<'a> {
    lanes: &'a Mutex<HashMap<IpAddr, Arc<Lane<()>>>>,
    peer: IpAddr,
    lane: Arc<Lane<()>>,
}

impl<'a> LaneSlot<'a> {
    fn enter(
        lanes: &'a Mutex<HashMap<IpAddr, Arc<Lane<()>>>>,
        peer: IpAddr,
    ) -> Result<Self, ApiError> {
        let mut open = lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = open.entry(peer).or_default();
        // The map holds one of the references.
        if Arc::strong_count(lane) > LANE_ATTEMPTS_MAX {
            return Err(ApiError::TooManySignIns);
        }
        Ok(Self { lanes, peer, lane: Arc::clone(lane) })
    }
}

impl Drop for LaneSlot<'_> {
    fn drop(&mut self) {
        let mut open = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&self.lane) == 2 {
            open.remove(&self.peer);
        }
    }
}

/// The user name and password in a header of the Basic scheme.
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim_ascii()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_string(), password.to_string()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn header(username: &str, password: &str) -> HeaderValue {
        let credentials = STANDARD.encode(format!("{username}:{password}"));
        format!("Basic {credentials}").parse().unwrap()
    }

    #[tokio::test]
    async fn the_right_credentials_are_remembered_and_wrong_ones_slow() {
        let sign_in = SignIn::with_password("admin".into(), "a:b").unwrap();
        let right = header("admin", "a:b");
        assert!(sign_in.check(Some(&right), PEER).await.is_ok());
        let started = Instant::now();
        for _ in 0..1000 {
            assert!(sign_in.check(Some(&right), PEER).await.is_ok());
        }
        assert!(started.elapsed() < Duration::from_millis(100));
        for wrong in [header("admin", "a"), header("root", "a:b")] {
            let started = Instant::now();
            assert!(matches!(sign_in.check(Some(&wrong), PEER).await, Err(ApiError::SignIn)));
            assert!(started.elapsed() >= FAILURE_DELAY);
        }
        assert!(sign_in.lanes.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_guesser_does_not_keep_others_waiting() {
        let sign_in = Arc::new(SignIn::with_password("admin".into(), "secret").unwrap());
        let mut guesses = tokio::task::JoinSet::new();
        for guess in 0..40 {
            let sign_in = Arc::clone(&sign_in);
            guesses.spawn(async move {
                sign_in.check(Some(&header("admin", &guess.to_string())), PEER).await
            });
        }
        tokio::task::yield_now().await;
        let started = Instant::now();
        let other = IpAddr::from([10, 0, 0, 1]);
        assert!(sign_in.check(Some(&header("admin", "secret")), other).await.is_ok());
        assert!(started.elapsed() < FAILURE_DELAY);
        let mut refused = 0;
        while let Some(found) = guesses.try_join_next() {
            refused += usize::from(matches!(found, Ok(Err(ApiError::TooManySignIns))));
        }
        assert_eq!(refused, 40 - LANE_ATTEMPTS_MAX);
    }

    #[tokio::test]
    async fn a_header_that_is_none_is_refused_at_once() {
        let sign_in = SignIn::with_password("admin".into(), "secret").unwrap();
        for header in ["", "Basic", "Basic !!!", "Bearer abc", "Basic YQ==", "Basic /w=="] {
            let header = HeaderValue::from_static(header);
            assert!(sign_in.check(Some(&header), PEER).await.is_err());
        }
        assert!(sign_in.check(None, PEER).await.is_err());
    }

    #[test]
    fn a_hash_must_be_one() {
        assert!(SignIn::with_hash("admin".into(), "secret").is_err());
        assert!(SignIn::with_hash("admin".into(), "$argon2id$v=19$m=8,t=1,p=1").is_err());
        let hash = Argon2::default().hash_password(b"secret").unwrap().to_string();
        assert!(SignIn::with_hash("admin".into(), &hash).is_ok());
    }
}
