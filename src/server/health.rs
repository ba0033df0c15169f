//! `/-/healthy` and `/-/ready`.

use http::StatusCode;

use super::reply::{self, Reply};
use crate::snapshot::Snapshot;

/// The process lives.
pub fn healthy() -> Reply {
    reply::plain(StatusCode::OK, "Healthy\n")
}

/// Every account has been asked once, whatever the answer was.
pub fn ready(snapshot: &Snapshot) -> Reply {
    let unasked = snapshot.accounts.iter().filter(|part| part.state.is_none());
    let names: Vec<_> =
        unasked.map(|part| format!("{} {}", part.api.as_str(), part.account)).collect();
    if names.is_empty() {
        return reply::plain(StatusCode::OK, "Ready\n");
    }
    let text = format!("Not ready: no answer yet for {}.\n", names.join(", "));
    reply::plain(StatusCode::SERVICE_UNAVAILABLE, text)
}
