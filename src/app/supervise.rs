//! One account's collector, kept running: a failure is caught, counted and shown, and ends in
//! another start.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch::Sender;
use tracing::error;

use super::running::who;
use crate::backoff;
use crate::collector::kept::Kept;
use crate::collector::watch::Watch;
use crate::collector::{Collector, Surroundings};
use crate::model::settings::Subject;
use crate::secret::Secret;
use crate::shutdown::Shutdown;
use crate::snapshot::AccountPart;
use crate::telemetry::Who;

/// A collector that ran this long before it failed is started again as if it had never failed.
const GOOD_STRETCH: Duration = Duration::from_secs(15 * 60);

/// Keeps the collector of one account running.
pub(super) struct Supervisor {
    subject: Subject,
    around: Surroundings,
    who: Who,
    rng: fastrand::Rng,
}

impl Supervisor {
    pub(super) fn new(subject: Subject, around: Surroundings) -> Self {
        let who = who(&subject);
        let rng = fastrand::Rng::with_seed(around.seed);
        Self { subject, around, who, rng }
    }

    /// Collects from its `turn` until `shutdown`, however often that fails; the first time with what
    /// the collector before left, and always with the latest of `secrets`.
    pub(super) async fn run(
        self,
        kept: Kept,
        secrets: Sender<Secret>,
        mut shutdown: Shutdown,
        turn: Duration,
    ) -> Kept {
        if !turn.is_zero() {
            tokio::select! {
                biased;
                () = shutdown.wait() => return kept,
                () = self.around.clock.sleep(turn) => {}
            }
        }
        let (subject, around, who) = (self.subject.clone(), self.around.clone(), self.who.clone());
        let mut kept = Some(kept);
        let start = |shutdown: Shutdown| {
            let (subject, around) = (subject.clone(), around.clone());
            let (kept, secrets) = (kept.take().unwrap_or_default(), secrets.clone());
            let source = &subject.common().credential.source;
            let every = around.fetch.limits.secrets_every;
            let watch = Watch::new(who.clone(), source, around.clock.clone(), every, around.seed);
            // Made inside, so that a failure to begin is caught as well.
            async move {
                let collector = Collector::new(subject, around).after(kept);
                let collecting = collector.run(secrets.subscribe(), shutdown);
                beside(collecting, watch, secrets).await
            }
        };
        self.keep(start, shutdown).await.unwrap_or_default()
    }

    /// Awaits what `start` makes, and another one after each that panics.
    async fn keep<F: Future>(
        mut self,
        mut start: impl FnMut(Shutdown) -> F,
        mut shutdown: Shutdown,
    ) -> Option<F::Output> {
        let mut tries = 0;
        loop {
            let began = self.around.clock.tick();
            let running = AssertUnwindSafe(async { start(shutdown.clone()).await });
            let panic = match running.catch_unwind().await {
                Ok(output) => return Some(output),
                Err(panic) => panic,
            };
            if self.around.clock.tick().since(began) >= GOOD_STRETCH {
                tries = 0;
            }
            let wait = backoff::restart(tries, &mut self.rng);
            tries = tries.saturating_add(1);
            self.note(&*panic, wait);
            tokio::select! {
                biased;
                () = shutdown.wait() => return None,
                () = self.around.clock.sleep(wait) => {}
            }
        }
    }

    /// Says everywhere that the collector failed.
    fn note(&self, panic: &(dyn Any + Send), wait: Duration) {
        error!(
            api = self.who.api.as_str(),
            account = &*self.who.account,
            next_try_seconds = wait.as_secs_f64(),
            "the account's collector failed inside the exporter and is started again; please \
             report it: {}",
            words(panic)
        );
        self.around.telemetry.restart(&self.who);
        let Some(part) = self.around.board.part(self.who.api, &self.who.account) else { return };
        self.abandon(&part);
        self.around.board.publish(AccountPart { broken: true, ..AccountPart::clone(&part) });
    }

    /// What was on the way has nobody left who waits for it: the API may count it for as long as
    /// a request may take, and as long again as it may lie there after it was given up.
    fn abandon(&self, part: &AccountPart) {
        let surely_counted = self.around.clock.tick() + self.around.fetch.limits.timeout * 2;
        part.budget.lock().unwrap_or_else(PoisonError::into_inner).abandon(surely_counted);
    }
}

/// Awaits `collecting`; meanwhile `watch` tells `secrets` of new ones.
async fn beside<T>(
    collecting: impl Future<Output = T>,
    watch: Option<Watch>,
    secrets: Sender<Secret>,
) -> T {
    let Some(watch) = watch else { return collecting.await };
    tokio::select! {
        biased;
        kept = collecting => kept,
        never = watch.run(secrets) => match never {},
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}
