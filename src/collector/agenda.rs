//! What an account's schedule begins with.

use std::time::Duration;

use super::lock;
use super::vendor::Jobs;
use crate::clock::Tick;
use crate::model::settings::{Account, RangeEvery};
use crate::schedule::Schedule;
use crate::snapshot::AccountPart;

/// One of so many requests left is as good as none.
const NEARLY_ALL: u64 = 100;

/// The jobs that may be asked together at a moment.
pub(super) struct Released<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) now: Tick,
}

impl Jobs for Released<'_> {
    fn is_due(&self, job: usize) -> bool {
        self.schedule.is_due(job, self.now)
    }

    fn is_idle(&self, job: usize) -> bool {
        self.schedule.is_idle(job)
    }
}

/// What is known already is as due as it would be had this collector asked for it itself.
pub(super) fn schedule(
    ranges: &[RangeEvery],
    stretch: f64,
    account: &Account,
    now: Tick,
    part: &AccountPart,
) -> Schedule {
    let intervals: Vec<_> = ranges.iter().map(|range| range.every).collect();
    let terms = account.budget;
    let gap = terms.per / terms.allowance();
    // A ledger that was spent before a restart opens evenly by itself, and at its own moments.
    let reading = lock(&part.budget).reading(now);
    let is_spent = reading.remaining.saturating_mul(NEARLY_ALL) <= reading.limit;
    let window = if is_spent { Duration::ZERO } else { terms.per };
    let mut schedule = Schedule::new(&intervals, stretch, now, gap, window);
    for (job, slot) in part.slots.iter().enumerate() {
        if let Some(good) = slot.good.as_ref().filter(|good| good.lives(now)) {
            schedule.done(job, good.arrived);
        }
    }
    schedule
}
