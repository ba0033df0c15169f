//! Why a request gave no figures, named so that the caller knows what to do.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use super::transport::TransportError;
use crate::telemetry::Outcome;

/// A request that gave no figures.
///
/// The outcome decides what happens next: `rate_limited` closes the account's budget,
/// `unauthorized` and `forbidden` silence the account, `bad_request` the one view, and everything
/// else is tried again soon. The text is for the log and holds neither body nor secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// What the counters call it.
    pub outcome: Outcome,
    /// One sentence for the log.
    pub what: Cow<'static, str>,
    /// How long the API asked to be left alone, where it said so.
    pub retry_after: Option<Duration>,
    /// Whether the API may have got the request; without a connection it has not.
    pub sent: bool,
}

impl Failure {
    /// A failure the API gave no advice for.
    pub fn new(outcome: Outcome, what: impl Into<Cow<'static, str>>) -> Self {
        Self { outcome, what: what.into(), retry_after: None, sent: true }
    }

    /// The body is no JSON; `what` says what it seems to be.
    pub fn not_json(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Outcome::NotJson, what)
    }

    /// JSON, but not what the API documents.
    pub fn undocumented(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Outcome::ApiError, what)
    }

    /// No whole answer within `limit`.
    pub fn timeout(limit: Duration) -> Self {
        Self::new(Outcome::Timeout, format!("no whole answer within {} s", limit.as_secs()))
    }

    /// The answer is larger than `limit` bytes.
    pub fn too_large(limit: u64) -> Self {
        Self::new(
            Outcome::TooLarge,
            format!("the answer is larger than {limit} bytes; see collection.max_response"),
        )
    }

    /// What a status other than success means (both vendors' error tables).
    pub fn of_status(status: StatusCode, retry_after: Option<Duration>) -> Self {
        let (outcome, what) = match status.as_u16() {
            300..=399 => (Outcome::ApiError, "redirects are not followed; check base_url"),
            400 | 422 => (
                Outcome::BadRequest,
                "the API calls the request wrong; check filters, model and dates of the view",
            ),
            401 => (Outcome::Unauthorized, "the API refuses the credential; was it regenerated?"),
            403 => {
                (Outcome::Forbidden, "the API refuses the account, which it documents as suspended")
            }
            429 => (
                Outcome::RateLimited,
                "the API says the limit is exceeded; does another program use this credential?",
            ),
            500..=599 => (Outcome::ServerError, "the API failed by itself"),
            _ => (
                Outcome::ApiError,
                "the API answered a status it does not document; check base_url",
            ),
        };
        let what = format!("HTTP {}: {what}", status.as_u16());
        Self { retry_after, ..Self::new(outcome, what) }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let sent = !matches!(error, TransportError::Connect(_));
        Self { sent, ..Self::new(Outcome::Connect, error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_status_is_its_own_outcome() {
        let cases = [
            (400, Outcome::BadRequest),
            (401, Outcome::Unauthorized),
            (403, Outcome::Forbidden),
            (429, Outcome::RateLimited),
            (500, Outcome::ServerError),
            (502, Outcome::ServerError),
            (302, Outcome::ApiError),
            (404, Outcome::ApiError),
        ];
        for (status, outcome) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Failure::of_status(status, None).outcome, outcome, "{status}");
        }
    }
}
