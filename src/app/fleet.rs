//! The accounts that are collected: how they come, go and change.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::{info, warn};

use super::crew::Crew;
use super::ledgers::Ledgers;
use super::plans::log_plan;
use super::running::{Ended, Running, same_account, who};
use crate::board::Place;
use crate::budget::Budget;
use crate::collector::kept::Kept;
use crate::collector::{Surroundings, part};
use crate::model::settings::{Settings, Subject};
use crate::snapshot::AccountPart;
use crate::state::State;

/// Accounts start one after the other, this far apart: thousands that ask at the same moment would do so
/// again in every interval. Ten are all there after a sixteenth of a second, five thousand of Klar's fill
/// its window of 30 s evenly, and ten thousand are there after a minute.
const TURN: Duration = Duration::from_millis(6);

/// Every account's task, in the configuration's order.
pub(super) struct Fleet {
    around: Surroundings,
    crew: Crew,
    running: Vec<Running>,
    ledgers: Ledgers,
}

impl Fleet {
    pub(super) fn new(around: Surroundings, crew: Crew) -> Self {
        Self { around, crew, running: Vec::new(), ledgers: Ledgers::default() }
    }

    /// Starts `subjects`, whose parts are on the board.
    pub(super) fn begin(&mut self, subjects: Vec<Subject>) {
        let start = |(place, subject)| self.start(place, subject, Kept::default(), turn(place));
        self.running = subjects.into_iter().enumerate().map(start).collect();
    }

    fn start(&self, place: usize, subject: Subject, kept: Kept, turn: Duration) -> Running {
        Running::start(self.crew.of(place), subject, self.around.clone(), kept, turn)
    }

    /// Ends every task.
    pub(super) async fn end(&mut self) {
        let all = std::mem::take(&mut self.running);
        self.await_end(all).await;
    }

    /// Goes from `old` settings to `new` ones, touching only the accounts that differ.
    pub(super) async fn apply(&mut self, old: &Settings, new: &Settings) {
        if old.state_directory != new.state_directory {
            warn!("state.directory has changed, which takes effect with the next start");
        }
        // A request's limits concern every account.
        let all_anew = old.collection != new.collection;
        self.around.fetch.limits = new.collection;
        let subjects = new.subjects();
        let (staying, ending) = self.sort(&subjects, all_anew);
        let unchanged = staying.len();
        let ended = self.await_end(ending).await;
        let starting: Vec<_> = subjects
            .iter()
            .filter(|subject| !staying.iter().any(|one| one.is_of(subject)))
            .cloned()
            .collect();
        let (changed, removed) = self.forget_removed(&ended, &subjects);
        let heirs = self.heirs(starting, ended, old.collection.timeout);
        self.replace(&subjects, staying, heirs);
        let added = subjects.len() - unchanged - changed;
        info!(
            added,
            changed, removed, unchanged, "the configuration was read again and is in force"
        );
    }

    /// Who runs on, told its new secret where only that differs, and who ends.
    fn sort(&mut self, subjects: &[Subject], all_anew: bool) -> (Vec<Running>, Vec<Running>) {
        let (mut staying, mut ending) = (Vec::new(), Vec::new());
        let all = std::mem::take(&mut self.running);
        let secrets: Vec<_> = all.iter().map(Running::secret).collect();
        for (index, mut one) in all.into_iter().enumerate() {
            // A secret that another account had comes with that one's ledger.
            let serves = |subject: &&Subject| {
                let secret = &subject.common().credential.secret;
                let mut others = secrets.iter().enumerate().filter(|(at, _)| *at != index);
                one.serves(subject) && !others.any(|(_, other)| other == secret)
            };
            match subjects.iter().find(serves) {
                Some(subject) if !all_anew => {
                    one.follow(subject);
                    staying.push(one);
                }
                _ => ending.push(one),
            }
        }
        (staying, ending)
    }

    /// All are told before the first is waited for.
    async fn await_end(&self, all: Vec<Running>) -> Vec<Ended> {
        all.iter().for_each(Running::stop);
        let mut ended = Vec::with_capacity(all.len());
        for one in all {
            ended.extend(one.end(&self.around).await);
        }
        ended
    }

    /// Counts of accounts that have left are shown no more; how many changed and how many left.
    fn forget_removed(&self, ended: &[Ended], subjects: &[Subject]) -> (usize, usize) {
        let stays = |one: &&Ended| subjects.iter().any(|new| same_account(&one.subject, new));
        let (changed, removed): (Vec<_>, Vec<_>) = ended.iter().partition(stays);
        for one in &removed {
            self.around.telemetry.forget(&who(&one.subject));
        }
        (changed.len(), removed.len())
    }

    /// What each of `starting` goes on from. What was on its way was sent under `timeout`.
    fn heirs(
        &mut self,
        starting: Vec<Subject>,
        mut ended: Vec<Ended>,
        timeout: Duration,
    ) -> Vec<Heir> {
        let now = self.around.clock.tick();
        let surely_counted = now + timeout * 2;
        for one in &ended {
            self.ledgers.put(one, surely_counted);
        }
        let budgets = self.ledgers.hand_out(&starting);
        self.ledgers.forget_idle(now);
        let heirs: Vec<_> = starting
            .into_iter()
            .zip(budgets)
            .map(|(subject, budget)| Heir::of(subject, budget, &mut ended, &self.around.state))
            .collect();
        for one in ended {
            self.around.state.close(&who(&one.subject));
        }
        heirs
    }

    /// Shows the new set of accounts in one step, and starts whoever is not running.
    fn replace(&mut self, subjects: &[Subject], mut staying: Vec<Running>, mut heirs: Vec<Heir>) {
        let place = |subject: &Subject| {
            let heir = heirs.iter().find(|heir| same_account(&heir.subject, subject));
            heir.map_or_else(
                || Place::Kept(subject.api(), Arc::clone(&subject.common().name)),
                |heir| Place::New(Arc::clone(&heir.part)),
            )
        };
        self.around.board.arrange(&subjects.iter().map(place).collect::<Vec<_>>());
        let mut started = 0;
        for (place, subject) in subjects.iter().enumerate() {
            let heir = heirs.iter().position(|heir| same_account(&heir.subject, subject));
            if let Some(heir) = heir.map(|at| heirs.swap_remove(at)) {
                log_plan(subject);
                self.running.push(self.start(place, heir.subject, heir.kept, turn(started)));
                started += 1;
            } else if let Some(at) = staying.iter().position(|one| one.is_of(subject)) {
                self.running.push(staying.swap_remove(at));
            }
        }
    }
}

/// How long the account that starts at this place waits.
fn turn(place: usize) -> Duration {
    TURN.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX))
}

/// An account about to start, with what it goes on from.
struct Heir {
    subject: Subject,
    part: Arc<AccountPart>,
    kept: Kept,
}

impl Heir {
    /// What was known of the account is its own still where its credential is the same.
    fn of(
        subject: Subject,
        budget: Option<Arc<Mutex<Budget>>>,
        ended: &mut Vec<Ended>,
        state: &State,
    ) -> Self {
        let (mut part, mut kept) = (part::new(&subject), Kept::default());
        // Not the one it would inherit by name, which may be another account's by now.
        let budget = budget.unwrap_or_else(|| Arc::clone(&part.budget));
        let before = ended.iter().position(|one| same_account(&one.subject, &subject));
        let went_on = before.is_some();
        if let Some(before) = before.map(|at| ended.swap_remove(at)) {
            let (new, old) = (subject.common(), before.subject.common());
            let same_secret = before.credential.secret == new.credential.secret;
            if same_secret || before.credential.source == new.credential.source {
                part.inherit(&before.part);
            }
            if same_secret && old.base_url == new.base_url {
                kept = before.kept;
            }
        }
        if !kept.has_token() {
            part.token_expiry = None;
        }
        part.budget = budget;
        if went_on {
            state.rebind(&part);
        } else {
            state.open(&mut part);
        }
        Self { subject, part: Arc::new(part), kept }
    }
}
