//! A secret that was regenerated kills the old one at once (trap T16): when the API refuses the one
//! that was sent, the file it came from is read again.

use std::future::Future;
use std::path::PathBuf;

use super::vendor::Payload;
use crate::model::settings::{Credential, CredentialSource};
use crate::secret::Secret;
use crate::telemetry::Outcome;
use crate::upstream::answer::Answer;

/// Awaits the answer to a request that carried `credential`; with it comes the secret that its file
/// holds by now, where the API refused this one and that one is another.
pub(super) async fn sent_with(
    credential: Option<Credential>,
    work: impl Future<Output = Answer<Payload>>,
) -> (Answer<Payload>, Option<Secret>) {
    let answer = work.await;
    let refused =
        matches!(&answer.result, Err(failure) if failure.outcome == Outcome::Unauthorized);
    let renewed = match credential {
        Some(Credential { secret, source: CredentialSource::File(path) }) if refused => {
            read(path).await.filter(|found| *found != secret)
        }
        _ => None,
    };
    (answer, renewed)
}

/// What the file holds; `None` where that is no secret, which the refusal then speaks for.
async fn read(path: PathBuf) -> Option<Secret> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    Secret::parse(&text.ok()?.ok()?).ok()
}
