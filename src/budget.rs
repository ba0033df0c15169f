//! The ledger of sent requests: whether another may be sent, and when.

use std::time::Duration;

use crate::clock::Tick;
use crate::model::settings::BudgetTerms;

/// One credential's ledger.
#[derive(Debug)]
pub struct Budget {
    terms: BudgetTerms,
}

/// The ledger as its gauges show it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Requests the exporter allows itself per window: the terms less the reserve.
    pub limit: u64,
    /// Requests that still count against it.
    pub used: u64,
    /// What is left of the limit.
    pub remaining: u64,
    /// What the API said is left, before the reserve; `None` until it said so in this window.
    pub upstream_remaining: Option<u64>,
    /// How long due requests have waited for the budget, in all.
    pub waited: Duration,
}

impl Budget {
    /// An empty ledger.
    pub fn new(terms: BudgetTerms) -> Self {
        Self { terms }
    }

    /// The gauges at `now`.
    pub fn reading(&self, _now: Tick) -> Reading {
        Reading { limit: u64::from(self.terms.requests.get()), ..Reading::default() }
    }
}
