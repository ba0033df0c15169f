//! What the exporter counts about itself. Rendered elsewhere; these are only the counts.

pub mod failed;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rust_decimal::Decimal;

use crate::model::Api;
use crate::model::restated::{Age, Direction, Move};
use failed::{Failed, Failures};

/// Upper bounds of the request duration histogram, in seconds; the last bucket is unbounded.
pub const DURATION_BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Whose requests are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// The `api` label.
    pub api: Api,
    /// The `account` label.
    pub account: Arc<str>,
}

/// Whose closed days are compared with what they were.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Restated {
    /// The account.
    pub who: Who,
    /// The `view` label: each view of a shop is another attribution.
    pub view: Arc<str>,
    /// The `currency` label.
    pub currency: Arc<str>,
}

/// How a request ended, as the `outcome` label says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Figures came.
    Ok,
    /// A good answer without a row (trap K20).
    Empty,
    /// 400.
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 429.
    RateLimited,
    /// 5xx.
    ServerError,
    /// The body was no JSON: a page, a cut answer, broken UTF-8.
    NotJson,
    /// JSON that says failure, or is not what the API documents; also a redirect.
    ApiError,
    /// No whole answer in time.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// More than `collection.max_response`.
    TooLarge,
}

impl Outcome {
    /// Every outcome, in the order of the page.
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Empty,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::RateLimited,
        Self::ServerError,
        Self::NotJson,
        Self::ApiError,
        Self::Timeout,
        Self::Connect,
        Self::TooLarge,
    ];

    /// The `outcome` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::NotJson => "not_json",
            Self::ApiError => "api_error",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::TooLarge => "too_large",
        }
    }
}

/// Something odd in an answer that was used all the same, as the `reason` label says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anomaly {
    /// A figure that is neither a number nor a numeric text (trap T8).
    BadNumber,
    /// A row without its date or channel (trap K5).
    BadRow,
    /// A label value with control characters or beyond its length (trap T13).
    CleanedLabel,
    /// The wall clock was set, or differs from the API's; figures are dated by what they agree on.
    ClockSet,
    /// A row for the same key as another (trap K19).
    DuplicateRow,
    /// Figures for more keys than are kept while reading; the rest went into `(other)`.
    ManyKeys,
    /// `expiresIn` is absent or too small to be milliseconds (trap K8).
    OddTokenLife,
    /// A row outside the dates that were asked for (trap K2).
    OutOfRangeRow,
    /// `period_start` is no midnight of the zone that was asked for (trap T2).
    PeriodSkew,
    /// Exactly 1,000, 10,000 or 100,000 rows: probably cut (trap K17).
    RoundRowCount,
    /// Details folded because the page would exceed `collection.max_series`.
    SeriesLimit,
    /// The API still served the day before (trap T10); the answer was not used.
    StalePeriod,
    /// An hour label that cannot be placed in its day (trap T3).
    UnplacedHour,
}

impl Anomaly {
    /// Every reason, in the order of the page.
    pub const ALL: [Self; 13] = [
        Self::BadNumber,
        Self::BadRow,
        Self::CleanedLabel,
        Self::ClockSet,
        Self::DuplicateRow,
        Self::ManyKeys,
        Self::OddTokenLife,
        Self::OutOfRangeRow,
        Self::PeriodSkew,
        Self::RoundRowCount,
        Self::SeriesLimit,
        Self::StalePeriod,
        Self::UnplacedHour,
    ];

    /// The `reason` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadNumber => "bad_number",
            Self::BadRow => "bad_row",
            Self::CleanedLabel => "cleaned_label",
            Self::ClockSet => "clock_set",
            Self::DuplicateRow => "duplicate_row",
            Self::ManyKeys => "many_keys",
            Self::OddTokenLife => "odd_token_life",
            Self::OutOfRangeRow => "out_of_range_row",
            Self::PeriodSkew => "period_skew",
            Self::RoundRowCount => "round_row_count",
            Self::SeriesLimit => "series_limit",
            Self::StalePeriod => "stale_period",
            Self::UnplacedHour => "unplaced_hour",
        }
    }
}

/// Why state could not be kept or used, as the `reason` label says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateTrouble {
    /// Its lock could not be taken.
    Lock,
    /// The system refused to read it.
    Read,
    /// The content of a file is damaged, foreign, or of another version.
    Unreadable,
    /// The system refused to write it.
    Write,
}

impl StateTrouble {
    /// Every reason, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Lock, Self::Read, Self::Unreadable, Self::Write];

    /// The `reason` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Read => "read",
            Self::Unreadable => "unreadable",
            Self::Write => "write",
        }
    }
}

/// The counters, shared by every loop.
#[derive(Debug, Default)]
pub struct Telemetry {
    counts: Mutex<Counts>,
    changes: AtomicU64,
    failures: Failures,
}

/// All counts at one instant, sorted so that they are always written in the same order.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests by account, endpoint and outcome.
    pub requests: BTreeMap<(Who, &'static str, Outcome), u64>,
    /// Durations by account and endpoint.
    pub durations: BTreeMap<(Who, &'static str), Durations>,
    /// Token requests by account and outcome (Klar only).
    pub token_refreshes: BTreeMap<(Who, Outcome), u64>,
    /// Anomalies by account and reason.
    pub anomalies: BTreeMap<(Who, Anomaly), u64>,
    /// Whether state was kept the last time; `None` where none is to be kept.
    pub state_kept: Option<bool>,
    /// Troubles with state by reason.
    pub state_troubles: BTreeMap<StateTrouble, u64>,
    /// How much revenue of closed days moved, in major units, by view, way and age of the day.
    pub restated: BTreeMap<(Restated, Direction, Age), Decimal>,
    /// Collectors started again after a failure, by account.
    pub restarts: BTreeMap<Who, u64>,
}

/// A histogram over [`DURATION_BUCKETS`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    /// How many fell into each bucket (not cumulative); the last is unbounded.
    pub buckets: [u64; DURATION_BUCKETS.len() + 1],
    /// Their sum in seconds.
    pub sum: f64,
}

impl Telemetry {
    /// Shows every count of an account as 0 before it first moves, so that `increase()` sees the
    /// first event.
    pub fn introduce(&self, who: &Who, endpoints: &[&'static str], has_tokens: bool) {
        let mut counts = self.change();
        for &endpoint in endpoints {
            for outcome in Outcome::ALL {
                counts.requests.entry((who.clone(), endpoint, outcome)).or_default();
            }
            counts.durations.entry((who.clone(), endpoint)).or_default();
        }
        for outcome in Outcome::ALL.into_iter().filter(|_| has_tokens) {
            counts.token_refreshes.entry((who.clone(), outcome)).or_default();
        }
        for reason in Anomaly::ALL {
            counts.anomalies.entry((who.clone(), reason)).or_default();
        }
        counts.restarts.entry(who.clone()).or_default();
    }

    /// Shows nothing of an account any more: it has left the configuration.
    pub fn forget(&self, who: &Who) {
        let mut counts = self.change();
        counts.requests.retain(|(of, ..), _| of != who);
        counts.durations.retain(|(of, _), _| of != who);
        counts.token_refreshes.retain(|(of, _), _| of != who);
        counts.anomalies.retain(|(of, _), _| of != who);
        counts.restarts.remove(who);
        counts.restated.retain(|(of, ..), _| of.who != *who);
        self.failures.forget(who);
    }

    /// Remembers a request that failed.
    pub fn failed(&self, who: &Who, failed: Failed) {
        self.failures.note(who, failed);
        drop(self.change());
    }

    /// What failed of an account, the newest first, at most [`failed::KEPT`].
    pub fn recent_failures(&self, who: &Who) -> Vec<Failed> {
        self.failures.recent(who)
    }

    /// Counts a finished request.
    pub fn request(&self, who: &Who, endpoint: &'static str, outcome: Outcome, took: Duration) {
        let mut counts = self.change();
        *counts.requests.entry((who.clone(), endpoint, outcome)).or_default() += 1;
        counts.durations.entry((who.clone(), endpoint)).or_default().observe(took);
    }

    /// Counts a finished token request.
    pub fn token_refresh(&self, who: &Who, outcome: Outcome) {
        *self.change().token_refreshes.entry((who.clone(), outcome)).or_default() += 1;
    }

    /// Counts `times` anomalies of one kind.
    pub fn anomaly(&self, who: &Who, reason: Anomaly, times: u64) {
        *self.change().anomalies.entry((who.clone(), reason)).or_default() += times;
    }

    /// Notes whether state is kept. Before the first note there is none to be kept.
    pub fn state_is(&self, kept: bool) {
        let mut counts = self.change();
        counts.state_kept = Some(kept);
        for reason in StateTrouble::ALL {
            counts.state_troubles.entry(reason).or_default();
        }
    }

    /// Counts a trouble with state.
    pub fn state_trouble(&self, reason: StateTrouble) {
        *self.change().state_troubles.entry(reason).or_default() += 1;
    }

    /// Counts how closed days of a view moved. Without a move it shows every count of the view as
    /// 0, so that `increase()` sees the first one.
    pub fn restated(&self, of: &Restated, moves: &[Move]) {
        let mut counts = self.change();
        for direction in Direction::ALL {
            for age in Age::ALL {
                counts.restated.entry((of.clone(), direction, age)).or_default();
            }
        }
        for Move { direction, age, amount } in moves {
            let sum = counts.restated.entry((of.clone(), *direction, *age)).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }

    /// Counts a collector that failed and is started again.
    pub fn restart(&self, who: &Who) {
        *self.change().restarts.entry(who.clone()).or_default() += 1;
    }

    /// All counts, as they are now.
    pub fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// Whether state was kept the last time; `None` where none is to be kept.
    pub fn state_kept(&self) -> Option<bool> {
        self.lock().state_kept
    }

    /// How often anything was counted, or stopped being counted.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn change(&self) -> MutexGuard<'_, Counts> {
        let counts = self.lock();
        // While it is locked: whoever sees the number of before has not seen the counts of after.
        self.changes.fetch_add(1, Ordering::AcqRel);
        counts
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Counts stay usable whoever panicked while holding them.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Durations {
    fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = DURATION_BUCKETS.partition_point(|&bound| bound < seconds);
        self.buckets[bucket] += 1;
        self.sum += seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_on_a_bound_belongs_below_it() {
        let mut durations = Durations::default();
        for millis in [50, 51, 31_000] {
            durations.observe(Duration::from_millis(millis));
        }
        assert_eq!(durations.buckets, [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    }
}
