//! One account's part of the budget: no request is sent but through here, and none too early.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::gather::Around;
use super::pace::Pace;
use crate::budget::{Budget, Opening, Receipt};
use crate::clock::{Moment, Tick};
use crate::collector::part;
use crate::model::settings::Subject;
use crate::shutdown::Shutdown;
use crate::state::Keep;
use crate::telemetry::Outcome;
use crate::upstream::answer::Answer;

/// How soon to look again where the ledger cannot say when it opens.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long an answer that is on its way is waited for when all is to end.
const LAST_ANSWER: Duration = Duration::from_secs(3);

/// The ledger that is shared with whoever else uses the state directory, and the own pace.
pub(crate) struct Purse {
    around: Around,
    keep: Arc<Keep>,
    budget: Arc<Mutex<Budget>>,
    pace: Pace,
    shutdown: Shutdown,
}

impl Purse {
    pub(crate) fn new(
        subject: &Subject,
        around: &Around,
        per_hour: f64,
        shutdown: Shutdown,
    ) -> Self {
        let mut part = part::new(subject);
        let keep = around.state.open(&mut part);
        let pace = Pace::new(per_hour, around.clock.tick());
        Self { around: around.clone(), keep, budget: part.budget, pace, shutdown }
    }

    /// Waits until a request may be sent, and enters it in the ledger: `at_once` without waiting for
    /// the pace, which is paid for later. `None` when it was told to stop.
    pub(crate) async fn permit(&mut self, at_once: bool) -> Option<Receipt> {
        loop {
            let now = self.around.clock.tick();
            self.wait_until(now).await?;
            let due = if at_once { now } else { self.pace.due() };
            let opens = due.max(self.opens(now));
            if now < opens {
                self.wait_until(opens).await?;
                continue;
            }
            // Saved before it is sent, and with what others have sent since taken into account.
            if let Some(receipt) = self.keep.take(self.around.fetch.limits.timeout * 2).await {
                return Some(receipt);
            }
            if self.opens(now) <= now {
                self.wait_until(now + LOOK_AGAIN).await?;
            }
        }
    }

    /// What was permitted is not sent.
    pub(crate) fn cancel(&self, receipt: &Receipt) {
        self.budget().cancel(receipt);
    }

    /// Sends what was permitted. `None` when it was told to stop before there was an answer.
    pub(crate) async fn spend<T>(
        &mut self,
        receipt: Receipt,
        work: impl Future<Output = Answer<T>>,
    ) -> Option<Answer<T>> {
        self.pace.sent(self.around.clock.tick());
        let answer = self.finish(work).await?;
        let now = self.around.clock.moment();
        self.budget().settle(&receipt, self.answered_at(&answer, now), answer.advice);
        Some(answer)
    }

    /// Says on the disk what became of the last request. Whoever runs beside us goes on sending, so
    /// this does not say that nobody will.
    pub(crate) async fn save(&self) {
        self.keep.save().await;
    }

    /// The whole account is left alone for so long, by everybody who shares the ledger.
    pub(crate) fn close(&self, wait: Duration) {
        self.budget().close_until(self.around.clock.tick() + wait);
    }

    /// This backfill alone waits for so long.
    pub(crate) fn hold(&mut self, wait: Duration) {
        self.pace.hold(self.around.clock.tick(), wait);
    }

    fn opens(&self, now: Tick) -> Tick {
        match self.budget().opening(now) {
            Opening::Now => now,
            Opening::At(tick) => tick,
            Opening::AfterAnswer => now + LOOK_AGAIN,
        }
    }

    /// `None` when it was told to stop meanwhile.
    async fn wait_until(&mut self, tick: Tick) -> Option<()> {
        tokio::select! {
            biased;
            () = self.shutdown.wait() => None,
            () = self.around.clock.sleep_until(tick) => Some(()),
        }
    }

    /// An answer that is on its way is still taken, for it was paid for.
    async fn finish<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = self.shutdown.wait() => {}
        }
        self.around.clock.timeout(LAST_ANSWER, work).await
    }

    /// As in a collector: what was given up may be counted for as long again.
    fn answered_at<T>(&self, answer: &Answer<T>, now: Moment) -> Tick {
        let lost = |outcome| matches!(outcome, Outcome::Timeout | Outcome::Connect);
        let given_up = answer.result.as_ref().err().is_some_and(|failure| lost(failure.outcome));
        if given_up { now.tick + self.around.fetch.limits.timeout } else { now.tick }
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        // A ledger stays true whoever panicked while reading it.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
