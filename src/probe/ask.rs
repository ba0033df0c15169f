//! One account's requests, each entered in its ledger before it is sent.

use std::future::Future;

use super::Heard;
use crate::backfill::gather::Around;
use crate::backfill::purse::Purse;
use crate::backoff;
use crate::fetch::Fetch;
use crate::model::Api;
use crate::model::settings::Subject;
use crate::shutdown::{Stop, channel};
use crate::telemetry::Outcome;
use crate::upstream::answer::Answer;
use crate::upstream::failure::Failure;

/// More than any API answers: the ledger alone holds a probe back.
const AT_ONCE: f64 = 3_600_000.0;

/// Asks for one account.
pub struct Asker<'a> {
    around: &'a Around,
    purse: Purse,
    api: Api,
    title: String,
    tell: &'a dyn Fn(&str),
    /// Nothing is told to stop while this lives.
    _stop: Stop,
}

impl<'a> Asker<'a> {
    /// Opens the account's ledger, or one in memory where nothing is kept.
    pub fn new(
        subject: &Subject,
        around: &'a Around,
        title: String,
        tell: &'a dyn Fn(&str),
    ) -> Self {
        let (stop, shutdown) = channel();
        let purse = Purse::new(subject, around, AT_ONCE, shutdown);
        Self { around, purse, api: subject.api(), title, tell, _stop: stop }
    }

    /// What `work` answers, once the budget permits it; `what` is told first.
    pub async fn ask<T, F: Future<Output = Answer<T>>>(
        &mut self,
        what: &str,
        work: impl FnOnce(Fetch) -> F,
    ) -> Heard<T> {
        (self.tell)(&format!("{}: {what}", self.title));
        let Some(receipt) = self.purse.permit(true).await else { return self.unsent() };
        let sent = self.around.clock.moment();
        let answer = self.purse.spend(receipt, work(self.around.fetch.clone())).await;
        let Some(answer) = answer else { return self.unsent() };
        let took = self.around.clock.tick().since(sent.tick);
        self.heed(&answer);
        self.purse.save().await;
        let Answer { result, advice, date } = answer;
        Heard { sent: sent.wall, took, advice, date, result }
    }

    /// Whoever shares the ledger leaves an API alone that asked for it.
    fn heed<T>(&self, answer: &Answer<T>) {
        let Err(failure) = &answer.result else { return };
        if failure.outcome == Outcome::RateLimited || failure.retry_after.is_some() {
            let mut rng = fastrand::Rng::with_seed(self.around.seed);
            self.purse.close(backoff::throttled(self.api, 0, failure.retry_after, &mut rng));
        }
    }

    fn unsent<T>(&self) -> Heard<T> {
        let failure = Failure::new(Outcome::Connect, "it was told to stop");
        let now = self.around.clock.wall();
        let Answer { result, advice, date } = Answer::lost(failure);
        Heard { sent: now, took: std::time::Duration::ZERO, advice, date, result }
    }

    /// What time it is.
    pub fn now(&self) -> jiff::Timestamp {
        self.around.clock.wall()
    }
}

/// Whether it makes no sense to ask such an API anything else.
pub fn is_hopeless(failure: &Failure) -> bool {
    matches!(
        failure.outcome,
        Outcome::Unauthorized
            | Outcome::Forbidden
            | Outcome::RateLimited
            | Outcome::Connect
            | Outcome::Timeout
            | Outcome::NotJson
            | Outcome::ServerError
    )
}
