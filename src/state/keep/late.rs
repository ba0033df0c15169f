//! What may be saved later: what became of a request, and the figures.
//!
//! Before a request is sent it is in the ledger on the disk; what it brought may wait. A successor that does
//! not know of an answer takes the request to count for as long as it possibly could, and fetches figures
//! anew: that costs a crash some moments, and every other hour of the year three writes a request.

use std::time::Duration;

use super::Keep;
use crate::clock::{Moment, Tick};
use crate::history::History;
use crate::snapshot::AccountPart;
use crate::state::{days, figures};

/// What became of a request is saved with the next one, or so much later: others with whom the ledger is
/// shared should know.
const OUTCOME: Duration = Duration::from_secs(10);

/// Figures are saved so often at most.
const FIGURES: Duration = Duration::from_secs(60);

/// How soon it is tried again to save what could not be saved.
const RETRY: Duration = Duration::from_secs(5);

/// What waits to be saved.
#[derive(Clone, Debug, Default)]
pub(super) struct Late {
    /// Since when the ledger knows more of a request than its file.
    answered: Option<Tick>,
    /// The quiet that the API asked for, as its file has it.
    quiet_until: Tick,
    figures: Option<(AccountPart, Moment)>,
    /// When they were saved; the first time as if it had been some part of a minute before, so that
    /// accounts that start together do not save together for ever.
    figures_saved: Option<Tick>,
    /// How many (view, range)s had figures then.
    known: usize,
    /// A closed day has moved: were that lost, it would be counted twice.
    moved: bool,
    /// Something could not be saved: not to be tried before.
    not_before: Tick,
}

impl Late {
    pub(super) fn ledger_saved(&mut self, quiet_until: Tick) {
        self.answered = None;
        self.quiet_until = quiet_until;
    }

    /// A range's first figures are not waited with: a program that is killed again and again before a
    /// minute is over would never save them.
    fn figures_due(&self) -> Tick {
        let news = self.figures.as_ref().is_some_and(|(part, _)| known(part) > self.known);
        self.figures_saved.filter(|_| !news).map_or_else(Tick::default, |saved| saved + FIGURES)
    }
}

impl Keep {
    /// Takes note of an answer and what is known since. `now` is the present of the account's own calendar.
    pub fn note(&self, part: AccountPart, now: Moment) {
        let mut inner = self.inner();
        inner.anchor = Some(now);
        if self.store.is_some() {
            inner.late.answered.get_or_insert(now.tick);
            inner.late.figures = Some((part, now));
        }
    }

    /// Keeps these days. Where one of them has `moved` they are saved soon, else with the figures.
    pub fn note_days(&self, days: &History, moved: bool) {
        let mut inner = self.inner();
        inner.days.clone_from(days);
        inner.new_days = true;
        inner.late.moved |= moved;
    }

    /// When something should be saved that waits now.
    pub fn due(&self) -> Option<Tick> {
        self.store.as_ref()?;
        let rest = self.rest_due();
        self.ledger_due().map_or(rest, |ledger| Some(rest.map_or(ledger, |rest| rest.min(ledger))))
    }

    /// Saves what is due at `now`.
    pub async fn save_due(self: &std::sync::Arc<Self>, now: Tick) {
        let is_due = |due: Option<Tick>| due.is_some_and(|due| due <= now);
        let (ledger, rest) = (is_due(self.ledger_due()), is_due(self.rest_due()));
        if ledger || rest {
            self.locked(move |keep| {
                if ledger {
                    keep.save_ledger(false);
                }
                if rest {
                    keep.save_rest();
                }
            })
            .await;
        }
    }

    /// Quiet that the API asked for is saved at once: no request comes that would carry it.
    fn ledger_due(&self) -> Option<Tick> {
        let quiet_until = self.budget().closed_until();
        let inner = self.inner();
        if inner.ails {
            return None;
        }
        let answered = inner.late.answered?;
        Some(if quiet_until == inner.late.quiet_until { answered + OUTCOME } else { answered })
    }

    fn rest_due(&self) -> Option<Tick> {
        let inner = self.inner();
        let late = &inner.late;
        if inner.new_hours.is_some() || late.moved {
            return Some(late.not_before);
        }
        let waits = late.figures.is_some() || inner.new_days;
        waits.then(|| late.figures_due().max(late.not_before))
    }

    /// Saves everything but the ledger.
    pub(super) fn save_rest(&self) {
        let saved = [self.save_figures(), self.save_days(), self.save_hours()];
        let retry = self.clock.tick() + RETRY;
        self.inner().late.not_before = if saved.contains(&false) { retry } else { Tick::default() };
    }

    fn save_figures(&self) -> bool {
        let Some(store) = &self.store else { return true };
        let Some((part, at)) = self.inner().late.figures.take() else { return true };
        let saved = self.write(store, figures::KIND.name, &figures::seal(&part, &self.clock, at));
        let (now, mut inner) = (self.clock.tick(), self.inner());
        if saved {
            let share = f64::from(crc32fast::hash(self.folder.as_bytes()) % 1000) / 1e3;
            let first = inner.late.figures_saved.is_none();
            let before = if first { FIGURES.mul_f64(share) } else { Duration::ZERO };
            inner.late.figures_saved = Some(now - before);
            inner.late.known = known(&part);
        } else {
            inner.late.figures.get_or_insert((part, at));
        }
        saved
    }

    fn save_days(&self) -> bool {
        let Some(store) = &self.store else { return true };
        let bytes = {
            let inner = &mut *self.inner();
            inner.late.moved = false;
            std::mem::take(&mut inner.new_days).then(|| days::seal(&inner.days))
        };
        let Some(bytes) = bytes else { return true };
        let saved = self.write(store, days::KIND.name, &bytes);
        self.inner().new_days |= !saved;
        saved
    }
}

/// How many (view, range)s have figures.
fn known(part: &AccountPart) -> usize {
    part.slots.iter().filter(|slot| slot.good.is_some()).count()
}
