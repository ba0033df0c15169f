//! One account's state: its ledger, shared with other processes and saved before each request, and
//! its last good figures.

mod hours;
mod late;
mod opening;

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use late::Late;

use super::health::Health;
use super::ledger;
use super::store::Store;
use crate::budget::{Budget, Receipt};
use crate::clock::{Clock, Moment, Tick};
use crate::history::History;
use crate::hours::book::Book;
use crate::telemetry::StateTrouble;

/// A process that can save does so at least this often while it sends. One that cannot waits as
/// long before it sends unsaved requests, so that after a shorter silence there are none.
const SILENCE: Duration = Duration::from_secs(120);

/// How long another process may hold the lock before that is a failure; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// An account's state.
pub struct Keep {
    store: Option<Arc<dyn Store>>,
    clock: Clock,
    health: Arc<Health>,
    /// How many accounts may be at the disk at once.
    lanes: Arc<Semaphore>,
    folder: String,
    budget: Arc<Mutex<Budget>>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The ledger's file as it was last seen.
    seen: Seen,
    /// When the ledger was last saved.
    saved: Tick,
    /// Whether it could not be saved since.
    ails: bool,
    /// What the account's calendar said then.
    anchor: Option<Moment>,
    /// Days that are over, as first and last seen.
    days: History,
    /// Whether they are not saved yet.
    new_days: bool,
    /// What else can wait.
    late: Late,
    /// Hours that are not saved yet; their owner has them all.
    new_hours: Option<Arc<Book>>,
}

impl Inner {
    fn new(now: Tick) -> Self {
        Self {
            seen: Seen::default(),
            saved: now,
            ails: false,
            anchor: None,
            days: History::default(),
            new_days: false,
            late: Late::default(),
            new_hours: None,
        }
    }
}

/// Tells one file from another: by its first line, which has the sum of the rest, and the moment of its
/// saving, which follows. A ledger of a thousand requests need not be held for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen(Box<[u8]>);

impl Seen {
    const BYTES: usize = 192;

    fn of(file: &[u8]) -> Self {
        Self(file.iter().copied().take(Self::BYTES).collect())
    }
}

/// Another process is at it.
struct Busy;

impl Keep {
    /// The same account's state with another ledger.
    pub(super) fn with_ledger(&self, budget: &Arc<Mutex<Budget>>) -> Arc<Self> {
        let inner = self.inner();
        // What its file says is read again with the next save.
        let (days, new_hours) = (inner.days.clone(), inner.new_hours.clone());
        let (seen, late) = (Seen::default(), inner.late.clone());
        let inner = Inner { seen, days, late, new_hours, ..*inner };
        Arc::new(Self {
            store: self.store.clone(),
            clock: self.clock.clone(),
            health: Arc::clone(&self.health),
            lanes: Arc::clone(&self.lanes),
            folder: self.folder.clone(),
            budget: Arc::clone(budget),
            inner: Mutex::new(inner),
        })
    }

    /// Enters a request in the ledger and saves that, before it is sent. `life` is how long after
    /// that the API may still count it. `None` when it may not be sent.
    pub async fn take(self: &Arc<Self>, life: Duration) -> Option<Receipt> {
        self.locked(move |keep| keep.take_here(life)).await
    }

    /// Saves the ledger and everything that waited.
    pub async fn save(self: &Arc<Self>) {
        self.locked(|keep| {
            keep.save_ledger(false);
            keep.save_rest();
        })
        .await;
    }

    /// Saves the ledger and that nothing more will be sent.
    pub async fn close(self: &Arc<Self>) {
        self.locked(|keep| {
            keep.save_ledger(true);
            keep.save_rest();
        })
        .await;
    }

    /// Whether the ledger could not be saved the last time.
    pub fn ails(&self) -> bool {
        self.inner().ails
    }

    /// The days that are over, as far as they are known.
    pub fn days(&self) -> History {
        self.inner().days.clone()
    }

    /// What the account's calendar said when it was last saved; on the present row of ticks.
    pub fn anchor(&self) -> Option<Moment> {
        self.inner().anchor
    }

    /// Does `work` with the folder locked, beside the tasks that collect where it may block.
    async fn locked<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> T {
        let work = Arc::new(work);
        let blocks = self.store.as_ref().is_some_and(|store| store.blocks());
        let mut patient_until = None;
        loop {
            // Its turn first: thousands at once would be a thread each. Never closed.
            let lane = if blocks { self.lanes.acquire().await.ok() } else { None };
            let (keep, task) = (Arc::clone(self), Arc::clone(&work));
            let now = self.clock.tick();
            let patient = now < *patient_until.get_or_insert(now + PATIENCE);
            let attempt = move || keep.attempt(&*task, patient);
            let done = if blocks { beside(attempt).await } else { attempt() };
            if let Ok(done) = done {
                return done;
            }
            drop(lane);
            self.clock.sleep(PAUSE).await;
        }
    }

    fn attempt<T>(&self, work: &dyn Fn(&Self) -> T, patient: bool) -> Result<T, Busy> {
        let Some(store) = &self.store else { return Ok(work(self)) };
        let held = match store.lock(&self.folder) {
            Ok(None) if patient => return Err(Busy),
            Ok(None) => self.fails("ledger", StateTrouble::Lock, &"another process holds its lock"),
            Ok(held) => held,
            Err(error) => self.fails("ledger", StateTrouble::Lock, &error),
        };
        if held.is_some() {
            self.hear_others(store);
        }
        Ok(work(self))
    }

    /// Takes in what other processes have entered since.
    fn hear_others(&self, store: &Arc<dyn Store>) {
        let bytes = match store.read(&self.folder, ledger::KIND.name) {
            Ok(Some(bytes)) if Seen::of(&bytes) != self.inner().seen => bytes,
            // One that was deleted is written again from memory, which knows it all.
            Ok(_) => return,
            Err(error) => {
                self.fails::<()>("ledger", StateTrouble::Read, &error);
                return;
            }
        };
        match ledger::unseal(&bytes) {
            Ok(file) => {
                let restored = file.restore(&self.clock, self.clock.moment());
                self.budget().adopt(restored.requests, restored.closed_until);
            }
            Err(damage) => {
                let so = "half of the budget is taken to be spent by other processes";
                self.health.unreadable(&self.folder, ledger::KIND.name, &damage, so);
                self.assume_half();
            }
        }
        self.inner().seen = Seen::of(&bytes);
    }

    fn take_here(&self, life: Duration) -> Option<Receipt> {
        let receipt = self.budget().take(self.clock.tick(), life)?;
        if self.save_ledger(false) {
            return Some(receipt);
        }
        let (now, mut budget) = (self.clock.tick(), self.budget());
        if budget.is_overdrawn(now) {
            budget.cancel(&receipt);
            return None;
        }
        Some(receipt)
    }

    /// Whether the ledger need not fear a restart now.
    fn save_ledger(&self, closed: bool) -> bool {
        let Some(store) = &self.store else { return true };
        let now = self.clock.moment();
        let (bytes, quiet_until) = {
            let budget = self.budget();
            (ledger::seal(&budget, &self.clock, now, closed), budget.closed_until())
        };
        if let Err(error) = store.write(&self.folder, ledger::KIND.name, &bytes) {
            self.fails::<()>("ledger", StateTrouble::Write, &error);
            return false;
        }
        self.health.works(&self.path("ledger"));
        self.budget().confine(None);
        let mut inner = self.inner();
        inner.saved = now.tick;
        inner.ails = false;
        inner.seen = Seen::of(&bytes);
        inner.late.ledger_saved(quiet_until);
        true
    }

    /// Writes what may be lost without harm; returns whether it was written.
    fn write(&self, store: &Arc<dyn Store>, file: &str, bytes: &[u8]) -> bool {
        let written = store.write(&self.folder, file, bytes);
        match &written {
            Ok(()) => self.health.works(&self.path(file)),
            Err(error) => self.health.fails(&self.path(file), StateTrouble::Write, error),
        }
        written.is_ok()
    }

    /// The ledger cannot be kept: what is sent from now on a successor will not know.
    fn fails<T>(&self, file: &str, trouble: StateTrouble, why: &dyn Display) -> Option<T> {
        self.health.fails(&self.path(file), trouble, why);
        let saved = {
            let mut inner = self.inner();
            inner.ails = true;
            inner.saved
        };
        let mut budget = self.budget();
        budget.confine(Some(saved + SILENCE));
        None
    }

    fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.folder)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        lock(&self.budget)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does `work` on a thread that may block; a panic there is one here.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Cancelled: the program ends, and nobody waits for this.
            Err(_) => std::future::pending().await,
        },
    }
}

fn lock(budget: &Mutex<Budget>) -> MutexGuard<'_, Budget> {
    budget.lock().unwrap_or_else(PoisonError::into_inner)
}
