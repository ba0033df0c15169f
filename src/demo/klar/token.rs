//! Access tokens: given for the refresh token, dead after five minutes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{Moment, Tick};

/// "Valid for 5 minutes (300,000 milliseconds)".
const LIFE_MILLIS: u64 = 300_000;

const LIFE: Duration = Duration::from_millis(LIFE_MILLIS);

/// Access tokens remembered, dead ones included, to tell an expired one from an invented one.
const KEPT: usize = 64;

/// The store's refresh token and the access tokens given for it.
#[derive(Debug)]
pub(super) struct Tokens {
    key: Option<String>,
    given: VecDeque<(String, Tick)>,
    count: u64,
}

/// What an access token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Given less than five minutes ago.
    Valid,
    /// Given longer ago.
    Expired,
    /// Never given, or revoked.
    Unknown,
}

impl Tokens {
    pub(super) fn new(key: String) -> Self {
        Self { key: Some(key), given: VecDeque::new(), count: 0 }
    }

    pub(super) fn set_key(&mut self, key: &str) {
        self.key = Some(key.to_owned());
    }

    pub(super) fn revoke(&mut self) {
        self.key = None;
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        self.given.clear();
    }

    /// The answer to `sent`; `None` when it is not the refresh token.
    pub(super) fn issue(&mut self, sent: &str, now: Moment) -> Option<String> {
        if self.key.as_deref() != Some(sent) {
            return None;
        }
        self.count += 1;
        let token = jwt(self.count, now);
        let body = serde_json::json!({ "accessToken": token, "expiresIn": LIFE_MILLIS });
        self.given.push_back((token, now.tick + LIFE));
        if self.given.len() > KEPT {
            self.given.pop_front();
        }
        Some(body.to_string())
    }

    pub(super) fn standing(&self, token: &str, now: Tick) -> Standing {
        match self.given.iter().rev().find(|(given, _)| given == token) {
            Some((_, until)) if now < *until => Standing::Valid,
            Some(_) => Standing::Expired,
            None => Standing::Unknown,
        }
    }
}

/// Three parts like a real one's; the signature is none.
fn jwt(number: u64, now: Moment) -> String {
    let issued = now.wall.as_second();
    let expires = issued.saturating_add_unsigned(LIFE.as_secs());
    let claims = format!(r#"{{"sub":"demo-store","jti":{number},"iat":{issued},"exp":{expires}}}"#);
    let header = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signature = base64url(format!("signed by nobody, {number:08}").as_bytes());
    format!("{header}.{}.{signature}", base64url(claims.as_bytes()))
}

/// RFC 4648's URL-safe alphabet, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let sextet = (group >> (18 - 6 * place)) & 63;
            text.extend(ALPHABET.chars().nth(sextet as usize));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_the_standard_one() {
        for (plain, coded) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("???>", "Pz8_Pg")]
        {
            assert_eq!(base64url(plain.as_bytes()), coded);
        }
        // The beginning of the page's own sample.
        assert!(
            base64url(br#"{"alg":"HS256","typ":"JWT"}"#)
                .starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
        );
    }
}
