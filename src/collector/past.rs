//! What is missing of the past is asked for while nothing else is due, with what the views leave of
//! the budget.

use std::time::Duration;

use tracing::{debug, info, warn};

use super::Collector;
use super::vendor::{Errand, Flight, Wants};
use crate::backoff;
use crate::clock::{Moment, Tick};
use crate::model::AccountState;
use crate::plan::Plan;
use crate::telemetry::Outcome;
use crate::upstream::failure::Failure;

/// Where the views ask for all there is, the past still gets this share of it: a few requests once,
/// without which no alert would know what is normal.
const LEAST_SHARE: f64 = 0.05;

/// Between two requests while most of the window's budget is unspent: what is normal should be known
/// in the first minute.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How often it is looked whether something is missing while nothing was.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// So few requests are not worth a line in the log.
const FEW: usize = 2;

/// The longest wait after a failure.
const RETRY: Duration = Duration::from_secs(3600);

/// The state of looking back.
pub(super) struct Past {
    /// The views ask for all there is: what is due gives way now and then.
    insists: bool,
    /// Between two requests once half of a window is spent: what the views leave over, evenly.
    gap: Duration,
    /// The next request goes no sooner.
    next: Tick,
    on_the_way: bool,
    failures: u32,
    /// Requests since something was missing.
    asked: u32,
    /// The log has said so.
    told: bool,
}

impl Past {
    /// What the plan leaves over is the past's.
    pub(super) fn new(plan: &Plan, now: Tick) -> Self {
        let left = plan.allowed_per_hour - plan.asked_per_hour;
        let least = plan.allowed_per_hour * LEAST_SHARE;
        let (insists, hourly) = (left < least, left.max(least).max(1e-3));
        let gap = Duration::from_secs_f64(3600.0 / hourly);
        Self { insists, gap, next: now, on_the_way: false, failures: 0, asked: 0, told: false }
    }

    /// Something may be missing now that was not before.
    pub(super) fn look_again(&mut self, now: Tick) {
        if self.failures == 0 {
            self.next = self.next.min(now + self.gap);
        }
    }

    pub(super) fn landed(&mut self) {
        self.on_the_way = false;
    }
}

impl Collector {
    /// Whether a request for the past may go now. Looking for what is missing takes a moment, so that
    /// is done now and then only.
    pub(super) fn past_may_go(&mut self, now: Tick) -> bool {
        if self.past_opens().is_none_or(|opens| opens > now) {
            return false;
        }
        let missing = self.vendor.lacks(&self.history, self.today, self.now());
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        if missing == 0 {
            self.past.next = now + LOOK_EVERY;
            if std::mem::take(&mut self.past.told) {
                info!(api, account, "nothing of the past is missing any more");
            }
            if std::mem::take(&mut self.past.asked) > 0 {
                self.ask_with_past(now);
            }
            return false;
        }
        // A view that does not read yesterday misses it every day, and that is no news.
        if !self.past.told && missing > FEW {
            self.past.told = true;
            info!(api, account, requests = missing, "fetching what is missing of the past");
        }
        true
    }

    /// What the past makes one expect is shown with the next answer, and that need not wait.
    fn ask_with_past(&mut self, now: Tick) {
        let expectant = self.vendor.expectant();
        for (number, job) in self.jobs.iter().enumerate() {
            if job.range == expectant && self.schedule.is_idle(number) {
                self.schedule.renew(number, now);
            }
        }
    }

    /// Whether a request for the past goes before what is due.
    pub(super) fn past_insists(&mut self, now: Tick) -> bool {
        self.past.insists && self.past_may_go(now)
    }

    /// From when on the past may be asked for; `None` while it has to wait for something else.
    pub(super) fn past_opens(&self) -> Option<Tick> {
        let well = self.part.state == Some(AccountState::Ok) && self.refusals == 0;
        (well && !self.past.on_the_way).then_some(self.past.next)
    }

    /// The next request for what is missing.
    pub(super) fn look_back(&mut self, now: Moment) -> Option<Errand> {
        self.past.next = now.tick + self.past_pause(now);
        let errand = self.vendor.look_back(&self.history, self.today, now)?;
        if matches!(&errand, Errand::Send(Flight { wants: Wants::Past, .. }, _)) {
            self.past.on_the_way = true;
            self.past.asked = self.past.asked.saturating_add(1);
        }
        Some(errand)
    }

    /// A burst into a window that is mostly unspent takes nothing from the views: more than half of it
    /// stays theirs and the key's other users'.
    fn past_pause(&self, now: Moment) -> Duration {
        let reading = self.budget().reading(now.tick);
        let theirs = reading.upstream_remaining.unwrap_or(u64::MAX);
        let left = reading.remaining.min(theirs);
        let is_mostly_unspent = left.saturating_mul(2) > reading.limit;
        if is_mostly_unspent && !self.past.insists { AT_ONCE } else { self.past.gap }
    }

    /// The past can wait: what is due now tells soon enough how the account is.
    pub(super) fn fail_past(&mut self, failure: &Failure, now: Moment) {
        let tries = self.past.failures;
        let wait = backoff::retry(tries, RETRY, &mut self.rng).max(self.past.gap);
        self.past.failures = tries.saturating_add(1);
        self.past.next = now.tick + wait;
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        let next_try_seconds = wait.as_secs();
        if tries == 0 && failure.outcome == Outcome::BadRequest {
            warn!(api, account, next_try_seconds, "the past is not answered: {failure}");
        } else {
            debug!(api, account, next_try_seconds, "the past is not answered: {failure}");
        }
    }

    pub(super) fn past_came(&mut self) {
        self.past.failures = 0;
    }
}
