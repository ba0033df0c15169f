//! `/-/healthy` and `/-/ready`.

use http::StatusCode;

use super::reply::{self, Reply};
use crate::snapshot::{AccountPart, Snapshot};

/// The process lives.
pub fn healthy() -> Reply {
    reply::plain(StatusCode::OK, "Healthy\n")
}

/// Every account has been asked once, whatever the answer was, and also since its collector failed.
pub fn ready(snapshot: &Snapshot) -> Reply {
    let unasked = names(snapshot, |part| part.state.is_none() && !part.broken);
    let broken = names(snapshot, |part| part.broken);
    let reasons: Vec<_> =
        [("no answer yet for", unasked), ("a failure inside the exporter stopped", broken)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(reason, names)| format!("{reason} {}", names.join(", ")))
            .collect();
    if reasons.is_empty() {
        return reply::plain(StatusCode::OK, "Ready\n");
    }
    let text = format!("Not ready: {}.\n", reasons.join("; "));
    reply::plain(StatusCode::SERVICE_UNAVAILABLE, text)
}

/// The accounts that are `concerned`, by name.
fn names(snapshot: &Snapshot, concerned: impl Fn(&AccountPart) -> bool) -> Vec<String> {
    let parts = snapshot.accounts.iter().filter(|part| concerned(part));
    parts.map(|part| format!("{} {}", part.api.as_str(), part.account)).collect()
}
