//! The board: what is known now, swapped whole, so that a reader never sees half a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Api;
use crate::snapshot::{AccountPart, Snapshot};

/// Where collectors publish and scrapes read.
///
/// What a reader has taken never changes. A publisher copies the list of accounts only where a reader
/// has taken the last one: thousands of accounts that publish between two scrapes cost one copy.
#[derive(Debug)]
pub struct Board {
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    current: Arc<Generation>,
    /// Where each account stands in it.
    places: HashMap<Api, HashMap<Arc<str>, usize>>,
    /// How many series it has.
    series: usize,
}

/// A snapshot and its place in the row of all there were.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// Counts the publications; no two generations of a board share it.
    pub number: u64,
    /// What is known.
    pub snapshot: Snapshot,
}

/// What a place on the board is for.
#[derive(Clone, Debug)]
pub enum Place {
    /// An account that is on the board already.
    Kept(Api, Arc<str>),
    /// One that is not, or is another now.
    New(Arc<AccountPart>),
}

impl Board {
    /// A board that shows `accounts`, in the order of the page.
    pub fn new(accounts: Vec<AccountPart>) -> Self {
        let mut shown = Shown::default();
        shown.show(0, accounts.into_iter().map(Arc::new).collect());
        Self { shown: Mutex::new(shown) }
    }

    /// Replaces the account that `part` speaks of; one that is not on the board changes nothing.
    pub fn publish(&self, part: AccountPart) {
        let part = Arc::new(part);
        let mut shown = self.shown();
        let place = shown.place(part.api, &part.account);
        let generation = Arc::make_mut(&mut shown.current);
        generation.number += 1;
        let account = place.and_then(|place| generation.snapshot.accounts.get_mut(place));
        let Some(account) = account else { return };
        let (new, old) = (part.series(), std::mem::replace(account, part).series());
        shown.series = shown.series.saturating_sub(old).saturating_add(new);
    }

    /// What is known of an account.
    pub fn part(&self, api: Api, account: &str) -> Option<Arc<AccountPart>> {
        self.shown().part(api, account)
    }

    /// Shows these accounts in this order, in one step, for a new configuration. Who stays is shown
    /// as it is at that very moment, whatever it publishes meanwhile.
    pub fn arrange(&self, places: &[Place]) {
        let mut shown = self.shown();
        let arranged = places.iter().filter_map(|place| match place {
            Place::Kept(api, account) => shown.part(*api, account),
            Place::New(part) => Some(Arc::clone(part)),
        });
        let (number, arranged) = (shown.current.number + 1, arranged.collect());
        shown.show(number, arranged);
    }

    /// What is known now.
    pub fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.shown().current)
    }

    /// How many vendor series are known now, those that are too old to be shown included.
    pub fn series(&self) -> usize {
        self.shown().series
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Nothing that is done while it is locked can panic halfway.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn show(&mut self, number: u64, accounts: Vec<Arc<AccountPart>>) {
        self.places.clear();
        for (place, part) in accounts.iter().enumerate() {
            self.places.entry(part.api).or_default().insert(Arc::clone(&part.account), place);
        }
        self.series = accounts.iter().map(|part| part.series()).sum();
        self.current = Arc::new(Generation { number, snapshot: Snapshot { accounts } });
    }

    fn place(&self, api: Api, account: &str) -> Option<usize> {
        self.places.get(&api)?.get(account).copied()
    }

    fn part(&self, api: Api, account: &str) -> Option<Arc<AccountPart>> {
        let accounts = &self.current.snapshot.accounts;
        self.place(api, account).and_then(|place| accounts.get(place)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Mutex;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::budget::Budget;
    use crate::clock::Tick;
    use crate::model::settings::BudgetTerms;
    use crate::snapshot::{Good, Sheet, Slot};

    fn part(account: &str) -> AccountPart {
        let terms =
            BudgetTerms { requests: NonZeroU32::MIN, per: Duration::from_secs(1), reserve: 0.0 };
        AccountPart {
            api: Api::TapRain,
            account: account.into(),
            timezone: "UTC".into(),
            currency: "USD".into(),
            state: None,
            up: None,
            broken: false,
            token_expiry: None,
            budget: Arc::new(Mutex::new(Budget::new(terms))),
            plan: crate::plan::Plan::default(),
            whole: None,
            slots: Vec::new(),
        }
    }

    #[test]
    fn concurrent_publishers_lose_nothing() {
        let board = Board::new(vec![part("a"), part("b")]);
        std::thread::scope(|scope| {
            for index in [0, 1, 0, 1] {
                let board = &board;
                scope.spawn(move || {
                    for _ in 0..500 {
                        let up = Some(true);
                        board.publish(AccountPart { up, ..part(["a", "b"][index]) });
                    }
                });
            }
        });
        let generation = board.current();
        let accounts = &generation.snapshot.accounts;
        assert_eq!((generation.number, accounts.len()), (2000, 2));
        assert!(accounts.iter().all(|part| part.up == Some(true)));
    }

    #[test]
    fn a_reader_keeps_what_it_took() {
        let board = Board::new(vec![part("a")]);
        let before = board.current();
        board.publish(AccountPart { up: Some(true), ..part("a") });
        board.publish(part("nowhere"));
        assert_eq!(before.snapshot.accounts[0].up, None);
        assert_eq!(board.part(Api::TapRain, "a").unwrap().up, Some(true));
        assert!(board.part(Api::Klar, "a").is_none());
        let places = [
            Place::New(Arc::new(part("c"))),
            Place::Kept(Api::TapRain, "a".into()),
            Place::Kept(Api::TapRain, "nowhere".into()),
        ];
        board.arrange(&places);
        let after = board.current();
        let names: Vec<_> = after.snapshot.accounts.iter().map(|part| &*part.account).collect();
        assert_eq!(names, ["c", "a"]);
        assert_eq!(after.snapshot.accounts[1].up, Some(true));
        board.publish(part("b"));
        assert_eq!(board.current().snapshot.accounts.len(), 2, "who left does not come back");
    }

    fn with_series(account: &str, series: usize) -> AccountPart {
        let sheet = Arc::new(Sheet::default());
        let (arrived, stale_from) = (Tick::default(), Tick::default());
        let good = Good { sheet, series, arrived, stale_from, ends: None };
        let slot = Slot {
            view: "all".into(),
            range: "today".into(),
            meaning: "".into(),
            every: Duration::from_secs(1),
            interval: Duration::from_secs(1),
            next_due: None,
            up: None,
            last_success: None,
            good: Some(good),
        };
        AccountPart { slots: vec![slot], ..part(account) }
    }

    #[test]
    fn only_a_generation_that_somebody_took_is_copied() {
        let board = Board::new(vec![part("a"), part("b")]);
        let place = || Arc::as_ptr(&board.current());
        let first = place();
        board.publish(part("a"));
        assert_eq!(place(), first, "nobody looks at the one before");
        let taken = board.current();
        board.publish(part("a"));
        assert_ne!(place(), Arc::as_ptr(&taken));
        assert_eq!((taken.number, board.current().number), (1, 2));
    }

    proptest! {
        #[test]
        fn the_sum_of_all_series_is_kept_while_accounts_publish_come_and_go(
            steps in prop::collection::vec((0_usize..5, 0_usize..100, any::<bool>()), 1..40),
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let board = Board::new(names[..3].iter().map(|name| part(name)).collect());
            for (account, series, arrange) in steps {
                if arrange {
                    let kept = names[..account].iter();
                    let kept = kept.map(|name| Place::Kept(Api::TapRain, (*name).into()));
                    let new = Place::New(Arc::new(with_series(names[account], series)));
                    board.arrange(&kept.chain([new]).collect::<Vec<_>>());
                } else {
                    board.publish(with_series(names[account], series));
                }
                let accounts = &board.current().snapshot.accounts;
                let sum: usize = accounts.iter().map(|part| part.series()).sum();
                prop_assert_eq!(board.series(), sum);
                for part in accounts {
                    let found = board.part(part.api, &part.account).unwrap();
                    prop_assert!(Arc::ptr_eq(&found, part));
                }
            }
        }
    }
}
