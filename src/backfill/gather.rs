//! Asking for every date that is not known yet: account beside account, one request at a time each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::Trouble;
use super::caller::Caller;
use super::cost::{Cost, LegCost};
use super::entry::Entry;
use super::harvest::Harvest;
use super::journal::Journal;
use super::pace;
use super::plan::{Ask, Leg, Plan};
use super::purse::Purse;
use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::shutdown::{Shutdown, Stop, channel};
use crate::state::State;

/// What a backfill works with.
#[derive(Clone)]
pub struct Around {
    /// What time it is.
    pub clock: Clock,
    /// How requests travel, and their limits.
    pub fetch: Fetch,
    /// The ledgers, shared with a running exporter.
    pub state: Arc<State>,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// How far it is, after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Requests sent by this run.
    pub sent: u32,
    /// Requests that it will have sent in the end.
    pub all: u32,
    /// How long that will take from now.
    pub left: Duration,
    /// Requests an hour, all accounts together.
    pub per_hour: f64,
}

/// Is told how far it is.
pub trait Listener {
    /// A request was answered, or given up.
    fn hear(&self, progress: Progress);

    /// An account gave no figures: which, why, and what follows.
    fn trouble(&self, sentence: &str);
}

/// What every account's loop shares.
pub(super) struct Shared<'a> {
    pub(super) around: &'a Around,
    listener: &'a dyn Listener,
    notes: Mutex<Notes>,
    stop: Stop,
}

/// What is known, in memory and on the disk.
struct Notes {
    harvest: Harvest,
    journal: Option<Journal>,
    /// Requests sent, and still to be sent, by account.
    sent: Vec<u32>,
    left: Vec<u32>,
    per_hour: Vec<f64>,
}

/// Asks for all that `harvest` does not have yet, and notes each answer in `journal`.
///
/// # Errors
/// A sentence when an API refuses, after the other accounts have come to their end, or when it was
/// told to stop. What was answered is in the journal.
pub async fn gather(
    plan: &Plan,
    cost: &Cost,
    (harvest, journal): (Harvest, Option<Journal>),
    around: &Around,
    listener: &dyn Listener,
    mut shutdown: Shutdown,
) -> Result<(Harvest, Option<Journal>), Trouble> {
    let (stop, stopped) = channel();
    let notes = Notes {
        harvest,
        journal,
        sent: vec![0; cost.legs.len()],
        left: cost.legs.iter().map(LegCost::requests).collect(),
        per_hour: cost.legs.iter().map(|leg| leg.per_hour).collect(),
    };
    let shared = Shared { around, listener, notes: Mutex::new(notes), stop };
    let ended = {
        let callers = plan.legs.iter().zip(&cost.legs).enumerate().map(|(index, (leg, cost))| {
            let purse = Purse::new(&leg.whole, around, cost.per_hour, stopped.clone());
            Caller::new(index, leg, purse, &shared).run()
        });
        let mut calling = std::pin::pin!(join_all(callers));
        tokio::select! {
            biased;
            ended = &mut calling => ended,
            () = shutdown.wait() => {
                shared.stop.now();
                calling.await
            }
        }
    };
    // What failed says more than what was stopped because of it.
    let (stops, failures): (Vec<_>, Vec<_>) = ended
        .into_iter()
        .filter_map(Result::err)
        .partition(|trouble| matches!(trouble, Trouble::Stopped(_)));
    if let Some(trouble) = failures.into_iter().chain(stops).next() {
        return Err(trouble);
    }
    let Notes { harvest, journal, .. } =
        shared.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((harvest, journal))
}

impl Shared<'_> {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An account does not give what it was asked for.
    pub(super) fn trouble(&self, sentence: &str) {
        self.listener.trouble(sentence);
    }

    /// A request of account `leg` was sent; one that `serves` is one less to come.
    pub(super) fn sent(&self, leg: usize, serves: bool) {
        let progress = {
            let mut notes = self.notes();
            notes.sent[leg] += 1;
            notes.left[leg] = notes.left[leg].saturating_sub(u32::from(serves));
            let time = |(left, per_hour): (&u32, &f64)| pace::gap(*per_hour) * *left;
            let left = notes.left.iter().zip(&notes.per_hour).map(time).max();
            let sent = notes.sent.iter().sum();
            Progress {
                sent,
                all: sent + notes.left.iter().sum::<u32>(),
                left: left.unwrap_or_default(),
                per_hour: notes.per_hour.iter().sum(),
            }
        };
        self.listener.hear(progress);
    }

    pub(super) fn note(&self, entry: &Entry) -> Result<(), Trouble> {
        let mut notes = self.notes();
        notes.harvest.add(entry);
        notes.journal.as_mut().map_or(Ok(()), |journal| journal.note(entry))
    }

    /// What account `index` is to be asked next; Klar for `piece` days at most.
    pub(super) fn next(&self, index: usize, leg: &Leg, piece: u32) -> Option<Ask> {
        let done = self.notes().harvest.done(index);
        leg.asks(&done, piece).into_iter().next()
    }

    /// Nobody can go on.
    pub(super) fn end(&self) {
        self.stop.now();
    }

    /// What running it again is good for.
    pub(super) fn again(&self) -> &'static str {
        if self.notes().journal.is_some() {
            "running the same command again goes on where it stopped"
        } else {
            "what was answered is lost, for there is no place to keep it"
        }
    }
}
