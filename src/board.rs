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

    /// Replaces every account, for a new configuration.
    pub fn replace(&self, parts: Vec<AccountPart>) {
        let parts: Vec<_> = parts.into_iter().map(Arc::new).collect();
        self.advance(|accounts| accounts.clone_from(&parts));
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
            token_expiry: None,
            budget: Arc::new(Mutex::new(Budget::new(terms))),
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
        board.replace(vec![part("c"), part("d")]);
        assert_eq!(board.current().snapshot.accounts.len(), 2);
    }
}
