//! A secret that was regenerated kills the old one at once (trap T16): when the API refuses the one
//! that was sent, the file it came from is read again.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::vendor::Payload;
use crate::clock::Clock;
use crate::file;
use crate::model::settings::{Credential, CredentialSource};
use crate::secret::Secret;
use crate::telemetry::Outcome;
use crate::upstream::answer::Answer;

/// A file that holds a secret is read within this time, or its disk hangs.
const READING: Duration = Duration::from_secs(5);

/// A file that is longer holds no secret.
const LONGEST_FILE: u64 = 64 * 1024;

/// The secret that a request carries: its number, and where it is from.
pub(super) struct Carried {
    pub(super) number: u64,
    pub(super) credential: Credential,
}

/// What became of the secret that a request carried.
pub(super) struct Spoken {
    /// The secret's number.
    pub(super) number: u64,
    /// What its file holds by now, where the API refused this secret and that is another.
    pub(super) found: Option<Secret>,
}

/// Awaits the answer to a request, and with it learns what became of the secret that it carried.
pub(super) async fn sent_with(
    carried: Option<Carried>,
    clock: Clock,
    work: impl Future<Output = Answer<Payload>>,
) -> (Answer<Payload>, Option<Spoken>) {
    let answer = work.await;
    let Some(Carried { number, credential }) = carried else { return (answer, None) };
    let refused =
        matches!(&answer.result, Err(failure) if failure.outcome == Outcome::Unauthorized);
    let found = match credential.source {
        CredentialSource::File(path) if refused => {
            reread(path, &clock).await.filter(|found| *found != credential.secret)
        }
        _ => None,
    };
    (answer, Some(Spoken { number, found }))
}

/// What the file holds; `None` where that is no secret, which the refusal then speaks for.
async fn reread(path: PathBuf, clock: &Clock) -> Option<Secret> {
    let reading = tokio::task::spawn_blocking(move || read(&path));
    clock.timeout(READING, reading).await?.ok()?.ok()
}

/// Reads a secret.
///
/// # Errors
/// What is wrong with the file, in words that follow its name; never its content.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let bytes =
        file::read(path, LONGEST_FILE).map_err(|error| format!("cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
    Secret::parse(&text).map_err(|error| error.to_string())
}
