//! One account's state: its ledger, shared with other processes and saved before each request, and
//! its last good figures.

mod hours;

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::info;

use super::envelope::Damage;
use super::health::Health;
use super::store::Store;
use super::{days, figures, ledger};
use crate::budget::{Budget, Receipt};
use crate::clock::{Clock, Moment, Tick};
use crate::history::History;
use crate::hours::book::Book;
use crate::snapshot::AccountPart;
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
    folder: String,
    budget: Arc<Mutex<Budget>>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The ledger's file as it was last seen.
    seen: Vec<u8>,
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
    /// Hours that are not saved yet; their owner has them all.
    new_hours: Option<Arc<Book>>,
}

/// Another process is at it.
struct Busy;

impl Keep {
    /// Reads what is known of `part`'s account and gives it to it.
    pub(super) fn open(
        store: Option<Arc<dyn Store>>,
        clock: Clock,
        health: Arc<Health>,
        owner: u64,
        part: &mut AccountPart,
    ) -> Arc<Self> {
        lock(&part.budget).own(owner);
        let folder = format!("{}.{}", part.api.as_str(), part.account);
        let (seen, saved) = (Vec::new(), clock.tick());
        let (anchor, days) = (None, History::default());
        let (new_days, new_hours) = (false, None);
        let inner = Inner { seen, saved, ails: false, anchor, days, new_days, new_hours };
        let (budget, inner) = (Arc::clone(&part.budget), Mutex::new(inner));
        let keep = Self { store, clock, health, folder, budget, inner };
        if let Some(store) = &keep.store {
            let had_figures = keep.open_figures(store, part);
            keep.open_days(store);
            keep.open_ledger(store, had_figures);
        }
        Arc::new(keep)
    }

    /// The same account's state with another ledger.
    pub(super) fn with_ledger(&self, budget: &Arc<Mutex<Budget>>) -> Arc<Self> {
        let inner = self.inner();
        // What its file says is read again with the next save.
        let (days, new_hours) = (inner.days.clone(), inner.new_hours.clone());
        let inner = Inner { seen: Vec::new(), days, new_hours, ..*inner };
        Arc::new(Self {
            store: self.store.clone(),
            clock: self.clock.clone(),
            health: Arc::clone(&self.health),
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

    /// Saves what has become of the requests, and with it the figures where there are new ones.
    /// `now` is the present of the account's own calendar.
    pub async fn save(self: &Arc<Self>, part: Option<AccountPart>, now: Moment) {
        self.inner().anchor = Some(now);
        self.locked(move |keep| {
            keep.save_ledger(false);
            if let Some(part) = &part {
                keep.save_figures(part, now);
            }
            keep.save_days();
            keep.save_hours();
        })
        .await;
    }

    /// Saves the ledger and that nothing more will be sent.
    pub async fn close(self: &Arc<Self>) {
        self.locked(|keep| {
            keep.save_ledger(true);
            keep.save_hours();
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

    /// Keeps these days, and saves them with the next save.
    pub fn note_days(&self, days: &History) {
        let mut inner = self.inner();
        inner.days.clone_from(days);
        inner.new_days = true;
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
        let patient_until = self.clock.tick() + PATIENCE;
        loop {
            let (keep, task) = (Arc::clone(self), Arc::clone(&work));
            let patient = self.clock.tick() < patient_until;
            let attempt = move || keep.attempt(&*task, patient);
            let done = if blocks { beside(attempt).await } else { attempt() };
            match done {
                Ok(done) => return done,
                Err(Busy) => self.clock.sleep(PAUSE).await,
            }
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
            Ok(Some(bytes)) if bytes != self.inner().seen => bytes,
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
        self.inner().seen = bytes;
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
        let bytes = ledger::seal(&self.budget(), &self.clock, now, closed);
        if let Err(error) = store.write(&self.folder, ledger::KIND.name, &bytes) {
            self.fails::<()>("ledger", StateTrouble::Write, &error);
            return false;
        }
        self.health.works(&self.path("ledger"));
        self.budget().confine(None);
        let mut inner = self.inner();
        inner.saved = now.tick;
        inner.ails = false;
        inner.seen = bytes;
        true
    }

    fn save_figures(&self, part: &AccountPart, now: Moment) {
        let Some(store) = &self.store else { return };
        let bytes = figures::seal(part, &self.clock, now);
        self.write(store, figures::KIND.name, &bytes);
    }

    fn save_days(&self) {
        let Some(store) = &self.store else { return };
        let bytes = {
            let inner = self.inner();
            inner.new_days.then(|| days::seal(&inner.days))
        };
        if let Some(bytes) = bytes {
            self.inner().new_days = !self.write(store, days::KIND.name, &bytes);
        }
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

    fn open_ledger(&self, store: &Arc<dyn Store>, had_figures: bool) {
        match store.read(&self.folder, ledger::KIND.name).map(|bytes| bytes.map(|b| self.know(b))) {
            Ok(Some(Ok(()))) => {}
            Ok(None) if !had_figures => {
                let folder = &*self.folder;
                info!(folder, "no state yet: nothing is taken to be spent of this budget");
            }
            Ok(None) => self.all_spent(&"is gone, though the figures are there"),
            Ok(Some(Err(damage))) => self.all_spent(&damage),
            Err(error) => {
                self.all_spent(&error);
                self.fails::<()>("ledger", StateTrouble::Read, &error);
            }
        }
        // What was assumed must not be forgotten by the next restart either.
        let _ = self.attempt(&|keep: &Self| keep.save_ledger(false), false);
    }

    fn know(&self, bytes: Vec<u8>) -> Result<(), Damage> {
        let file = ledger::unseal(&bytes);
        self.inner().seen = bytes;
        let restored = file?.restore(&self.clock, self.clock.moment());
        self.budget().adopt(restored.requests, restored.closed_until);
        let (folder, saved_seconds_ago) = (&*self.folder, restored.ago.as_secs());
        info!(folder, saved_seconds_ago, "goes on from the state that was kept");
        if restored.silent >= SILENCE {
            self.assume_half();
        }
        Ok(())
    }

    fn all_spent(&self, why: &dyn Display) {
        let so = "a whole window's requests are taken to be spent";
        self.health.unreadable(&self.folder, ledger::KIND.name, why, so);
        let (now, mut budget) = (self.clock.tick(), self.budget());
        let all = usize::try_from(budget.reading(now).limit).unwrap_or(usize::MAX);
        budget.assume(all, now);
    }

    /// A process that could not save may have spent half until just now.
    fn assume_half(&self) {
        let (now, mut budget) = (self.clock.tick(), self.budget());
        let limit = usize::try_from(budget.reading(now).limit).unwrap_or(usize::MAX);
        let half = limit.saturating_sub(budget.half());
        budget.assume(half, now);
    }

    /// Returns whether there were any.
    fn open_figures(&self, store: &Arc<dyn Store>, part: &mut AccountPart) -> bool {
        let so = "the figures are fetched anew";
        self.read(store, figures::KIND.name, so, |bytes| {
            let anchor = figures::unseal(bytes)?.restore(part, &self.clock, self.clock.moment());
            self.inner().anchor = anchor;
            Ok(())
        })
    }

    fn open_days(&self, store: &Arc<dyn Store>) {
        let so = "how closed days move is counted from now on";
        self.read(store, days::KIND.name, so, |bytes| {
            self.inner().days = days::unseal(bytes)?;
            Ok(())
        });
    }

    /// Reads what may be lost without harm; returns whether there is such a file.
    fn read(
        &self,
        store: &Arc<dyn Store>,
        file: &str,
        so: &str,
        take: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> bool {
        let taken = match store.read(&self.folder, file) {
            Ok(None) => return false,
            Ok(Some(bytes)) => take(&bytes).map_err(|damage| damage.to_string()),
            Err(error) => Err(format!("cannot be read ({error})")),
        };
        if let Err(why) = taken {
            self.health.unreadable(&self.folder, file, &why, so);
        }
        true
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
