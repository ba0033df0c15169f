//! TapRain's key, shown or made anew by whoever is signed in (traps T16, T22).
//!
//! A new key kills the old one at once. So its file is made ready before the API is asked, and where
//! the answer is lost or says too little, the API is asked what the key is now. Whether these requests
//! count against the 600 an hour nobody says; they are few, made by hand, and in no ledger.

pub mod key_file;

use std::path::Path;

use key_file::Ready;

use crate::fetch::Fetch;
use crate::file;
use crate::secret::Secret;
use crate::telemetry::Outcome;
use crate::upstream::failure::Failure;
use crate::upstream::taprain_key::{regenerate_request, show_request};

/// A longer file holds no key.
const LONGEST_FILE: u64 = 64 * 1024;

/// Whom to ask, and as whom.
pub struct Desk<'a> {
    /// How requests travel, and their limits.
    pub fetch: Fetch,
    /// The account's `base_url`.
    pub base_url: &'a str,
    /// The value of the `Cookie` header.
    pub cookie: Secret,
}

/// What became of the file when a new key was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It holds the new key.
    Done,
    /// It holds the present key, but the API's answer did not say whether that is new; why.
    Found(Failure),
}

/// Why the file does not hold a new key.
#[derive(Debug)]
pub enum Trouble {
    /// The API refused or was not reached: the old key serves as before.
    Refused(Failure),
    /// The API's answers do not tell whether the key was changed: to the wish, and to the question.
    Unknown(Failure, Failure),
    /// The API still has the key from before.
    Unchanged(Failure),
    /// There is a new key and the file does not hold it. It must not be lost.
    Unwritten(Secret, std::io::Error),
}

impl Desk<'_> {
    /// The present key.
    ///
    /// # Errors
    /// A [`Failure`] that says what to do; nothing was changed.
    pub async fn show(&self) -> Result<Secret, Failure> {
        self.fetch.key(show_request(self.base_url, &self.cookie)?).await.result
    }

    /// Has a new key made and writes it to `ready`; `before` is the key as far as it is known.
    ///
    /// # Errors
    /// [`Trouble`]; a new key that was not written is in it.
    pub async fn rotate(&self, ready: Ready, before: Option<&Secret>) -> Result<Rotation, Trouble> {
        let request = regenerate_request(self.base_url, &self.cookie).map_err(Trouble::Refused)?;
        let failure = match self.fetch.key(request).await.result {
            Ok(key) => return written(ready, key).map(|()| Rotation::Done),
            Err(failure) if was_not_done(&failure) => return Err(Trouble::Refused(failure)),
            Err(failure) => failure,
        };
        match self.show().await {
            Ok(key) if Some(&key) == before => Err(Trouble::Unchanged(failure)),
            Ok(key) => written(ready, key).map(|()| Rotation::Found(failure)),
            // A session that is not let in now was not let in a moment ago either.
            Err(again) if again == failure && again.outcome == Outcome::NotJson => {
                Err(Trouble::Refused(failure))
            }
            Err(again) => Err(Trouble::Unknown(failure, again)),
        }
    }
}

/// Whether the API said by its status that it did nothing, or was never reached.
fn was_not_done(failure: &Failure) -> bool {
    let refused = matches!(
        failure.outcome,
        Outcome::Unauthorized | Outcome::Forbidden | Outcome::RateLimited | Outcome::BadRequest
    );
    refused || !failure.sent
}

fn written(ready: Ready, key: Secret) -> Result<(), Trouble> {
    ready.write(&key).map_err(|error| Trouble::Unwritten(key, error))
}

/// The key that a file holds, if it holds one.
pub fn held(path: &Path) -> Option<Secret> {
    let bytes = file::read(path, LONGEST_FILE).ok()?;
    Secret::parse(std::str::from_utf8(&bytes).ok()?).ok()
}
