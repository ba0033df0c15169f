//! What failed of late, kept longer than what succeeds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Outcome, Who};
use crate::label;

/// How many failures of an account are remembered, whatever succeeded since.
pub const KEPT: usize = 12;

/// A request that failed, and those right after it that failed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// When the first of them did.
    pub first: Timestamp,
    /// When the last of them did.
    pub last: Timestamp,
    /// How many they are, at least 1.
    pub times: u64,
    /// The `endpoint` label.
    pub endpoint: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence, without body or secret.
    pub sentence: Arc<str>,
}

impl Failed {
    /// A failure at `at`.
    pub fn new(at: Timestamp, endpoint: &'static str, outcome: Outcome, sentence: &str) -> Self {
        let (sentence, _) = label::clean(sentence);
        Self { first: at, last: at, times: 1, endpoint, outcome, sentence: sentence.into() }
    }

    fn is_like(&self, other: &Self) -> bool {
        let same = (self.endpoint, self.outcome) == (other.endpoint, other.outcome);
        same && self.sentence == other.sentence
    }
}

/// The last failures of every account.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<BTreeMap<Who, VecDeque<Failed>>>);

impl Failures {
    /// One that fails like the last one of its account is the same failure once more, so that a long
    /// outage does not push out what was before it.
    pub(super) fn note(&self, who: &Who, failed: Failed) {
        let mut all = self.lock();
        let known = all.entry(who.clone()).or_default();
        match known.back_mut().filter(|last| last.is_like(&failed)) {
            Some(last) => (last.last, last.times) = (failed.last, last.times.saturating_add(1)),
            None => known.push_back(failed),
        }
        if known.len() > KEPT {
            known.pop_front();
        }
    }

    /// The newest first.
    pub(super) fn recent(&self, who: &Who) -> Vec<Failed> {
        self.lock().get(who).into_iter().flatten().rev().cloned().collect()
    }

    pub(super) fn forget(&self, who: &Who) {
        self.lock().remove(who);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Who, VecDeque<Failed>>> {
        // What is known stays so whoever panicked while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Api;
    use crate::telemetry::Telemetry;

    #[test]
    fn failures_are_few_and_alike_ones_are_one() {
        let (telemetry, start) = (Telemetry::default(), Timestamp::UNIX_EPOCH);
        let who = Who { api: Api::Klar, account: "a".into() };
        let at = |second| start + Duration::from_secs(second);
        let failed = |second, text: &str| Failed::new(at(second), "report", Outcome::Connect, text);
        for second in 0..1000 {
            telemetry.failed(&who, failed(second, "nobody\nlistens"));
        }
        let known = telemetry.recent_failures(&who);
        assert_eq!((known.len(), known[0].times), (1, 1000));
        assert_eq!((known[0].first, known[0].last), (at(0), at(999)));
        assert_eq!(&*known[0].sentence, "nobody\u{fffd}listens");
        for second in 0..40 {
            telemetry.failed(&who, failed(second, &format!("other {second}")));
        }
        let known = telemetry.recent_failures(&who);
        assert_eq!((known.len(), &*known[0].sentence), (KEPT, "other 39"));
        telemetry.forget(&who);
        assert!(telemetry.recent_failures(&who).is_empty());
    }
}
