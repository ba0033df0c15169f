//! What a process finds: figures and days as they were, and a ledger that it takes for no less than was
//! spent.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tracing::info;

use super::{Inner, Keep, SILENCE, Seen, lock};
use crate::clock::Clock;
use crate::snapshot::AccountPart;
use crate::state::envelope::Damage;
use crate::state::health::Health;
use crate::state::store::Store;
use crate::state::{days, figures, ledger};
use crate::telemetry::StateTrouble;

impl Keep {
    /// Reads what is known of `part`'s account and gives it to it.
    pub(in crate::state) fn open(
        store: Option<Arc<dyn Store>>,
        clock: Clock,
        (health, lanes): (Arc<Health>, Arc<Semaphore>),
        owner: u64,
        part: &mut AccountPart,
    ) -> Arc<Self> {
        lock(&part.budget).own(owner);
        let folder = format!("{}.{}", part.api.as_str(), part.account);
        let inner = Mutex::new(Inner::new(clock.tick()));
        let budget = Arc::clone(&part.budget);
        let keep = Self { store, clock, health, lanes, folder, budget, inner };
        if let Some(store) = &keep.store {
            let had_figures = keep.open_figures(store, part);
            keep.open_days(store);
            keep.open_ledger(store, had_figures);
        }
        Arc::new(keep)
    }

    fn open_ledger(&self, store: &Arc<dyn Store>, had_figures: bool) {
        match store.read(&self.folder, ledger::KIND.name).map(|bytes| bytes.map(|b| self.know(&b)))
        {
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

    fn know(&self, bytes: &[u8]) -> Result<(), Damage> {
        let file = ledger::unseal(bytes);
        self.inner().seen = Seen::of(bytes);
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
    pub(super) fn assume_half(&self) {
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
    pub(super) fn read(
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
}
