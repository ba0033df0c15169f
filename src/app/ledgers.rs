//! Ledgers whose accounts were stopped, and which of them an account that starts goes on with.
//!
//! The API counts by credential and not by our names for it: an account that was renamed, that
//! swapped keys with another or that comes back after a while must find what was spent.

use std::sync::{Arc, Mutex, PoisonError};

use super::running::{Ended, same_account};
use crate::budget::Budget;
use crate::clock::Tick;
use crate::model::settings::{Credential, Subject};

/// Ledgers that nobody uses.
#[derive(Default)]
pub(super) struct Ledgers(Vec<Ledger>);

struct Ledger {
    /// Whose it was at last.
    subject: Subject,
    credential: Credential,
    budget: Arc<Mutex<Budget>>,
}

impl Ledgers {
    /// Takes the ledger of an account that was stopped. Nobody waits any more for what is on its
    /// way: it counts as answered at `surely_counted`.
    pub(super) fn put(&mut self, ended: &Ended, surely_counted: Tick) {
        locked(&ended.part.budget, |budget| budget.abandon(surely_counted));
        self.0.push(Ledger {
            subject: ended.subject.clone(),
            credential: ended.credential.clone(),
            budget: Arc::clone(&ended.part.budget),
        });
    }

    /// Hands out a ledger for each of `subjects` that has one: of the same secret before that of the
    /// same file or variable, and that before the one of the same account.
    pub(super) fn hand_out(&mut self, subjects: &[Subject]) -> Vec<Option<Arc<Mutex<Budget>>>> {
        let mut handed: Vec<Option<Ledger>> = subjects.iter().map(|_| None).collect();
        for kinship in [same_secret, same_source, same_name] {
            for (subject, place) in subjects.iter().zip(&mut handed) {
                if place.is_none() {
                    let found = self.0.iter().position(|ledger| kinship(ledger, subject));
                    *place = found.map(|index| self.0.swap_remove(index));
                }
            }
        }
        handed
            .into_iter()
            .zip(subjects)
            .map(|(ledger, subject)| Some(ledger?.go_on(subject)))
            .collect()
    }

    /// Forgets those in which nothing counts any more at `now`.
    pub(super) fn forget_idle(&mut self, now: Tick) {
        self.0.retain(|ledger| {
            locked(&ledger.budget, |budget| budget.reading(now).used > 0 || budget.is_closed(now))
        });
    }
}

impl Ledger {
    /// The ledger under the terms of `subject`.
    fn go_on(self, subject: &Subject) -> Arc<Mutex<Budget>> {
        let account = subject.common();
        locked(&self.budget, |budget| {
            budget.retune(account.budget);
            if account.credential.secret != self.credential.secret {
                budget.forgive();
            }
        });
        self.budget
    }
}

fn same_secret(ledger: &Ledger, subject: &Subject) -> bool {
    let secret = &subject.common().credential.secret;
    ledger.subject.api() == subject.api() && ledger.credential.secret == *secret
}

fn same_source(ledger: &Ledger, subject: &Subject) -> bool {
    let source = &subject.common().credential.source;
    ledger.subject.api() == subject.api() && ledger.credential.source == *source
}

fn same_name(ledger: &Ledger, subject: &Subject) -> bool {
    same_account(&ledger.subject, subject)
}

fn locked<T>(budget: &Mutex<Budget>, work: impl FnOnce(&mut Budget) -> T) -> T {
    // A ledger stays true whoever panicked while reading it.
    work(&mut budget.lock().unwrap_or_else(PoisonError::into_inner))
}
