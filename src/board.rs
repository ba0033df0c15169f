//! The board: what is known now, swapped whole, so that a reader never sees half a change.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::model::Api;
use crate::snapshot::{AccountPart, Snapshot};

/// Where collectors publish and scrapes read. Neither waits for the other.
#[derive(Debug)]
pub struct Board {
    current: ArcSwap<Generation>,
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
        let snapshot = Snapshot { accounts: accounts.into_iter().map(Arc::new).collect() };
        Self { current: ArcSwap::from_pointee(Generation { number: 0, snapshot }) }
    }

    /// Replaces the account that `part` speaks of; one that is not on the board changes nothing.
    pub fn publish(&self, part: AccountPart) {
        let part = Arc::new(part);
        self.advance(|accounts| {
            if let Some(account) = accounts.iter_mut().find(|account| account.is_of(&part)) {
                *account = Arc::clone(&part);
            }
        });
    }

    /// What is known of an account.
    pub fn part(&self, api: Api, account: &str) -> Option<Arc<AccountPart>> {
        let current = self.current();
        let mut accounts = current.snapshot.accounts.iter();
        accounts.find(|part| part.api == api && *part.account == *account).cloned()
    }

    /// Shows these accounts in this order, in one step, for a new configuration. Who stays is shown
    /// as it is at that very moment, whatever it publishes meanwhile.
    pub fn arrange(&self, places: &[Place]) {
        self.advance(|accounts| {
            let known = |api: Api, account: &str| {
                accounts.iter().find(|part| part.api == api && *part.account == *account).cloned()
            };
            let arranged = places.iter().filter_map(|place| match place {
                Place::Kept(api, account) => known(*api, account),
                Place::New(part) => Some(Arc::clone(part)),
            });
            *accounts = arranged.collect();
        });
    }

    /// What is known now.
    pub fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Swaps in the next generation; tried again when another publisher was faster.
    fn advance(&self, change: impl Fn(&mut Vec<Arc<AccountPart>>)) {
        self.current.rcu(|current| {
            let mut next = Generation::clone(current);
            next.number += 1;
            change(&mut next.snapshot.accounts);
            next
        });
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::budget::Budget;
    use crate::model::settings::BudgetTerms;

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
}
