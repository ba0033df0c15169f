//! What a simulator remembers about its callers: how often they came, and what they did wrong.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Mutex;

use super::locked;
use crate::clock::Tick;

/// Arrivals kept per endpoint; older ones stay counted.
pub const ARRIVALS_KEPT: usize = 10_000;

/// Violations kept; later ones stay counted.
pub const VIOLATIONS_KEPT: usize = 1_000;

/// Which rule of the vendor's page was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// More requests than the limit allows.
    RateLimit,
    /// The key stood in the URL (trap T18).
    KeyInQuery,
    /// No key or bearer token at all.
    MissingCredential,
    /// A bearer token used after its life.
    ExpiredToken,
    /// A parameter the page does not name, or one sent twice.
    UnknownParameter,
    /// A value the page does not allow, or a required one missing.
    BadParameter,
    /// More days than one request may cover.
    SpanTooLong,
    /// A path or method the page does not name.
    WrongEndpoint,
}

impl Reason {
    /// The reason in one word, as messages name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::KeyInQuery => "key_in_query",
            Self::MissingCredential => "missing_credential",
            Self::ExpiredToken => "expired_token",
            Self::UnknownParameter => "unknown_parameter",
            Self::BadParameter => "bad_parameter",
            Self::SpanTooLong => "span_too_long",
            Self::WrongEndpoint => "wrong_endpoint",
        }
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub tick: Tick,
    /// Which rule.
    pub reason: Reason,
    /// What exactly; never a secret.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.tick.since_start().as_secs_f64();
        write!(f, "at {seconds} s: {}: {}", self.reason.as_str(), self.detail)
    }
}

/// How often an endpoint was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Requests that arrived.
    pub total: u64,
    /// Those the rate limit let through, whatever became of them.
    pub admitted: u64,
}

/// The memory of one simulator.
#[derive(Debug, Default)]
pub struct Record(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    endpoints: BTreeMap<&'static str, Visits>,
    violations: Vec<Violation>,
    counts: BTreeMap<Reason, u64>,
}

#[derive(Debug, Default)]
struct Visits {
    served: Served,
    arrivals: VecDeque<Tick>,
}

impl Record {
    /// How often `endpoint` (`stats`, `token` or `attribution`) was asked.
    pub fn served(&self, endpoint: &str) -> Served {
        locked(&self.0).endpoints.get(endpoint).map_or(Served::default(), |visits| visits.served)
    }

    /// All requests of all endpoints.
    pub fn total(&self) -> Served {
        locked(&self.0).endpoints.values().fold(Served::default(), |sum, visits| Served {
            total: sum.total + visits.served.total,
            admitted: sum.admitted + visits.served.admitted,
        })
    }

    /// When the last [`ARRIVALS_KEPT`] requests for `endpoint` came, oldest first.
    pub fn arrivals(&self, endpoint: &str) -> Vec<Tick> {
        let memory = locked(&self.0);
        memory
            .endpoints
            .get(endpoint)
            .map(|v| v.arrivals.iter().copied().collect())
            .unwrap_or_default()
    }

    /// The first [`VIOLATIONS_KEPT`] broken rules, oldest first.
    pub fn violations(&self) -> Vec<Violation> {
        locked(&self.0).violations.clone()
    }

    /// How often the rule of `reason` was broken.
    pub fn violation_count(&self, reason: Reason) -> u64 {
        locked(&self.0).counts.get(&reason).copied().unwrap_or(0)
    }

    pub(super) fn arrive(&self, endpoint: &'static str, tick: Tick) {
        let mut memory = locked(&self.0);
        let visits = memory.endpoints.entry(endpoint).or_default();
        visits.served.total += 1;
        visits.arrivals.push_back(tick);
        if visits.arrivals.len() > ARRIVALS_KEPT {
            visits.arrivals.pop_front();
        }
    }

    pub(super) fn admit(&self, endpoint: &'static str) {
        locked(&self.0).endpoints.entry(endpoint).or_default().served.admitted += 1;
    }

    pub(super) fn violate(&self, tick: Tick, reason: Reason, detail: impl Into<String>) {
        let mut memory = locked(&self.0);
        *memory.counts.entry(reason).or_default() += 1;
        if memory.violations.len() < VIOLATIONS_KEPT {
            memory.violations.push(Violation { tick, reason, detail: detail.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_arrivals_are_forgotten_but_counted() {
        let record = Record::default();
        for _ in 0..=ARRIVALS_KEPT {
            record.arrive("stats", Tick::default());
        }
        record.admit("stats");
        assert_eq!(record.arrivals("stats").len(), ARRIVALS_KEPT);
        assert_eq!(record.total(), Served { total: ARRIVALS_KEPT as u64 + 1, admitted: 1 });
        assert_eq!(record.served("token"), Served::default());
    }

    #[test]
    fn a_violation_reads_alone() {
        let record = Record::default();
        record.violate(Tick::default(), Reason::KeyInQuery, "stats");
        assert_eq!(record.violations()[0].to_string(), "at 0 s: key_in_query: stats");
        assert_eq!(record.violation_count(Reason::KeyInQuery), 1);
    }
}
