//! What survives a restart: the ledger of each credential, and the last good figures.
//!
//! Each account has a folder of its own in the state directory, with a file a purpose and a lock
//! that processes on the same directory share. Every file says what it is, in which version, and
//! what its content adds up to; what cannot be read is said in the log, counted, and never trusted.
//! The ledger is saved before a request is sent, so that no restart can overspend.

mod clockwork;
mod days;
pub mod decode;
mod disk;
mod envelope;
mod figures;
mod health;
mod hours;
mod keep;
mod ledger;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use disk::Disk;
pub use envelope::Damage;
pub use keep::Keep;
pub use store::{Held, Store};

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::snapshot::AccountPart;
use crate::telemetry::{Telemetry, Who};
use health::Health;

/// So many accounts are at the disk at once; a disk does not get faster by more.
const LANES: usize = 32;

/// The state of every account.
pub struct State {
    store: Option<Arc<dyn Store>>,
    clock: Clock,
    health: Arc<Health>,
    lanes: Arc<Semaphore>,
    /// The number under which this process enters its requests.
    owner: u64,
    keeps: Mutex<BTreeMap<Who, Arc<Keep>>>,
}

impl State {
    /// State in `store`; `None` keeps nothing. `seed` differs between processes that run at once.
    pub fn new(
        store: Option<Arc<dyn Store>>,
        clock: Clock,
        telemetry: Arc<Telemetry>,
        seed: u64,
    ) -> Self {
        // Nor may it be the number of one that ran before, of which the clock makes sure.
        let born = u64::try_from(clock.tick().since_start().as_nanos()).unwrap_or(u64::MAX);
        let owner = fastrand::Rng::with_seed(seed ^ born.rotate_left(17)).u64(..);
        let health = Arc::new(Health::new(telemetry, store.is_some()));
        let lanes = Arc::new(Semaphore::new(LANES));
        Self { store, clock, health, lanes, owner, keeps: Mutex::default() }
    }

    /// The account's state, read when it is first asked for. `part` takes over what it knows.
    pub fn open(&self, part: &mut AccountPart) -> Arc<Keep> {
        let who = Who { api: part.api, account: Arc::clone(&part.account) };
        if let Some(keep) = self.keeps().get(&who) {
            return Arc::clone(keep);
        }
        // Unlocked, so that accounts can be read beside each other; nobody opens the same one twice.
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let shared = (Arc::clone(&self.health), Arc::clone(&self.lanes));
        let keep = Keep::open(store, clock, shared, self.owner, part);
        self.keeps().insert(who, Arc::clone(&keep));
        keep
    }

    /// The account goes on with `part`'s ledger: what is kept for it is that one from now on.
    pub fn rebind(&self, part: &AccountPart) {
        let who = Who { api: part.api, account: Arc::clone(&part.account) };
        if let Some(keep) = self.keeps().get_mut(&who) {
            *keep = keep.with_ledger(&part.budget);
        }
    }

    /// Forgets an account that is not collected any more; its files stay.
    pub fn close(&self, who: &Who) {
        self.keeps().remove(who);
    }

    fn keeps(&self) -> MutexGuard<'_, BTreeMap<Who, Arc<Keep>>> {
        self.keeps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
