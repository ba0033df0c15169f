//! Passwords that were shown: which are right, without working that out anew for every scrape.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;

use super::rules::Rules;
use super::users::Hash;

/// How many passwords are worked on at once, so that guesses leave the processors to the rest.
const AT_ONCE: usize = 2;

/// How many more may wait for that; bcrypt of cost 12 takes a quarter of a second.
const WAITING: usize = 32;

/// A name and a password as a request shows them.
pub(super) struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Credentials {
    /// Those of the `Authorization` header, if it has any of the scheme Basic (RFC 7617).
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let shown =
            scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded).ok())??;
        let colon = shown.iter().position(|byte| *byte == b':')?;
        let (user, password) = shown.split_at_checked(colon)?;
        Some(Self { user: user.to_owned(), password: password.get(1..)?.to_owned() })
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The password is right.
    Welcome,
    /// It is not, or nobody has this name.
    Unknown,
    /// Too many passwords wait already.
    Busy,
}

/// The right passwords seen so far. Wrong ones are not remembered: whoever guesses could push the
/// right ones out, or fill the memory.
pub(super) struct Logins {
    /// Of this process alone, so that what is remembered is of no use to anybody.
    key: Option<hmac::Key>,
    right: Mutex<HashMap<Vec<u8>, hmac::Tag>>,
    places: Arc<Semaphore>,
    waiting: Semaphore,
    rounds: Arc<AtomicU64>,
}

impl Logins {
    pub(super) fn new() -> Self {
        Self {
            // Where the system has no randomness nothing is remembered.
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(),
            right: Mutex::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(WAITING),
            rounds: Arc::default(),
        }
    }

    /// The rounds of bcrypt done so far.
    pub(super) fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }

    /// Judges what was shown by the users of `rules`.
    pub(super) async fn judge(&self, rules: &Arc<Rules>, shown: Credentials) -> Verdict {
        let seal = self.seal(rules, &shown);
        if seal.as_deref().is_some_and(|seal| self.remembers(&shown.user, seal)) {
            return Verdict::Welcome;
        }
        let Ok(waits) = self.waiting.try_acquire() else { return Verdict::Busy };
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return Verdict::Busy;
        };
        drop(waits);
        let (rules, rounds, user) =
            (Arc::clone(rules), Arc::clone(&self.rounds), shown.user.clone());
        let worked = tokio::task::spawn_blocking(move || {
            let is_right = rules.users.admits(&shown.user, &shown.password, &rounds);
            // Held to the end of the work, also where the client has gone.
            drop(place);
            is_right
        });
        if !worked.await.unwrap_or(false) {
            return Verdict::Unknown;
        }
        self.remember(user, seal);
        Verdict::Welcome
    }

    /// What is remembered of a password, before it is sealed: with the hash it was right for, so
    /// that another hash makes it unknown.
    fn seal(&self, rules: &Rules, shown: &Credentials) -> Option<Vec<u8>> {
        self.key.as_ref()?;
        let hash = rules.users.hash(&shown.user).map(Hash::bytes);
        // Every hash has the same length, and a name that is unknown has none.
        Some([&hash.unwrap_or_default()[..], &shown.password].concat())
    }

    fn remembers(&self, user: &[u8], seal: &[u8]) -> bool {
        let Some(key) = &self.key else { return false };
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        // Worked out for strangers as well, who would otherwise be told by a microsecond.
        let known = right.get(user).map_or(&[0; 32][..], AsRef::as_ref);
        hmac::verify(key, seal, known).is_ok()
    }

    fn remember(&self, user: Vec<u8>, seal: Option<Vec<u8>>) {
        if let (Some(key), Some(seal)) = (&self.key, seal) {
            let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
            right.insert(user, hmac::sign(key, &seal));
        }
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logins(***)")
    }
}
