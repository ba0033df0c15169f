//! One account's loop: ask what is due and may be asked, settle what comes back, publish.
//!
//! A collector owns its account's schedule, its ledger's use and its part of the board. It waits
//! for the next deadline, an answer, midnight or the end, and for nothing else.

mod agenda;
mod day;
mod expected;
pub mod kept;
mod klar;
mod memory;
pub mod part;
mod past;
mod renewal;
mod secrets;
mod settle;
mod taprain;
mod vendor;
pub mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

use crate::board::Board;
use crate::budget::{Budget, Opening, Receipt};
use crate::calendar::Calendar;
use crate::clock::{Clock, Tick};
use crate::fetch::Fetch;
use crate::history::History;
use crate::model::Api;
use crate::model::range::{Range, local_date};
use crate::model::settings::{Account, BudgetTerms, RangeEvery, Subject};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::secret::Secret;
use crate::shutdown::Shutdown;
use crate::snapshot::{AccountPart, End};
use crate::state::{Keep, State};
use crate::telemetry::{Outcome, Telemetry, Who};
use crate::upstream::answer::Answer;
use crate::upstream::klar::{ATTRIBUTION, TOKEN};
use crate::upstream::taprain::STATS;
use agenda::{Released, schedule};
use day::midnight;
use kept::Kept;
use past::Past;
use renewal::Spoken;
use secrets::Keys;
use vendor::{Errand, Flight, Payload, Vendor, Wants};

/// Requests of one account on their way at once, so that a slow API loses no budget.
const MOST_IN_FLIGHT: usize = 8;

/// The longest sleep: a stepped wall clock is noticed this late at worst.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How soon it is tried again to save what could not be saved.
const MEND: Duration = Duration::from_secs(5);

/// How long the last save may take.
const LAST_SAVE: Duration = Duration::from_secs(2);

/// What every collector shares.
#[derive(Clone)]
pub struct Surroundings {
    /// Where figures are published.
    pub board: Arc<Board>,
    /// Where events are counted.
    pub telemetry: Arc<Telemetry>,
    /// What time it is.
    pub clock: Clock,
    /// How requests travel, and their limits.
    pub fetch: Fetch,
    /// What survives a restart.
    pub state: Arc<State>,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// One account's loop, before or while it runs.
pub struct Collector {
    around: Surroundings,
    who: Who,
    terms: BudgetTerms,
    vendor: Box<dyn Vendor>,
    jobs: Vec<Job>,
    schedule: Schedule,
    part: AccountPart,
    keep: Arc<Keep>,
    /// When to try again to save.
    mend_at: Tick,
    keys: Keys,
    zone: TimeZone,
    today: Date,
    calendar: Calendar,
    /// When today ends.
    midnight: End,
    rng: fastrand::Rng,
    /// Refusals in a row that silenced the whole account.
    refusals: u32,
    /// Since when something due has waited for the budget.
    waits_since: Option<Tick>,
    /// What every request has met since the last success: news of the account, told once.
    outage: Option<Outcome>,
    flights: JoinSet<Landed>,
    on_the_way: Vec<(tokio::task::Id, Flight, Receipt)>,
    /// Days that are over, as they were and are.
    history: History,
    past: Past,
}

struct Job {
    range: Range,
    /// Failures in a row.
    failures: u32,
    /// The kinds among them, each of which was news once.
    kinds: Vec<Outcome>,
    /// Whether the log said so, and so should say when it is over.
    logged: bool,
}

/// An answer, and what became of the account's secret where the request carried it.
type Landed = (Answer<Payload>, Option<Spoken>);

impl Collector {
    /// The loop of an account, which goes on from what the board knows of it.
    pub fn new(subject: Subject, around: Surroundings) -> Self {
        let plan = Plan::of(&subject);
        let known = around.board.part(subject.api(), &subject.common().name);
        let mut part = known.map_or_else(|| part::new(&subject), |part| AccountPart::clone(&part));
        let keep = around.state.open(&mut part);
        let (account, ranges) = (subject.common().clone(), subject.ranges());
        let vendor: Box<dyn Vendor> = match subject {
            Subject::TapRain(account) => {
                Box::new(taprain::TapRain::new(account, around.fetch.clone()))
            }
            Subject::Klar(account) => Box::new(klar::Klar::new(account, around.fetch.clone())),
        };
        let days = keep.days();
        let hours = keep.hours().filter(|_| account.history_days > 0);
        Self::of(vendor, account, &ranges, (part, keep, plan), around).recalling(days, hours)
    }

    fn of(
        vendor: Box<dyn Vendor>,
        account: Account,
        ranges: &[RangeEvery],
        (part, keep, plan): (AccountPart, Arc<Keep>, Plan),
        around: Surroundings,
    ) -> Self {
        let now = around.clock.moment();
        let calendar = keep.anchor().map_or_else(|| Calendar::new(now), Calendar::resumed);
        let schedule = schedule(ranges, plan.stretch, &account, now.tick, &part);
        let who = Who { api: part.api, account: Arc::clone(&part.account) };
        let endpoints: &[&'static str] = match who.api {
            Api::TapRain => &[STATS],
            Api::Klar => &[TOKEN, ATTRIBUTION],
        };
        around.telemetry.introduce(&who, endpoints, who.api == Api::Klar);
        let history = memory::of(&*vendor);
        let job = |range: &RangeEvery| Job {
            range: range.range.clone(),
            failures: 0,
            kinds: Vec::new(),
            logged: false,
        };
        Self {
            history,
            past: Past::new(&plan, now.tick),
            vendor,
            jobs: ranges.iter().map(job).collect(),
            schedule,
            part,
            keep,
            mend_at: Tick::default(),
            terms: account.budget,
            rng: fastrand::Rng::with_seed(around.seed ^ spread(&who)),
            keys: Keys::new(account.credential),
            today: local_date(calendar.at(now.tick), &account.timezone),
            midnight: midnight(&calendar, now.tick, &account.timezone),
            zone: account.timezone,
            calendar,
            refusals: 0,
            outage: None,
            waits_since: None,
            flights: JoinSet::new(),
            on_the_way: Vec::new(),
            who,
            around,
        }
    }

    /// The same, with what the collector before it left.
    #[must_use]
    pub fn after(mut self, kept: Kept) -> Self {
        if let Some(token) = kept.into_token() {
            self.vendor.resume(token);
        }
        self
    }

    /// Collects until `shutdown`, always with the latest of `secrets`; what is on its way then is
    /// dropped.
    pub async fn run(mut self, mut secrets: Receiver<Secret>, mut shutdown: Shutdown) -> Kept {
        let latest = secrets.borrow_and_update().clone();
        self.told(latest);
        self.publish();
        loop {
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                () = self.step(&mut secrets) => {}
            }
        }
        self.flights.shutdown().await;
        if let Some(hours) = self.vendor.hours(self.now(), true) {
            self.keep.note_hours(hours);
        }
        // A disk that hangs must not keep the program.
        let _ = self.around.clock.timeout(LAST_SAVE, self.keep.close()).await;
        Kept::new(self.keys.secret().clone(), self.vendor.leave())
    }

    /// Sends what may go, then waits for an answer or for something to become due. Dropped at any
    /// point it leaves the ledger with no less than was sent.
    async fn step(&mut self, secrets: &mut Receiver<Secret>) {
        self.turn_day();
        if self.keep.ails() && self.mend_at <= self.around.clock.tick() {
            self.mend_at = self.around.clock.tick() + MEND;
            self.keep.save().await;
        }
        let looked = self.send_what_may_go().await;
        // After it: what was sent has carried what became of the requests before.
        self.keep.save_due(self.around.clock.tick()).await;
        // From then on, not from now: saving took a moment, and what became possible in it is to be seen.
        let wake = self.next_wake(looked);
        tokio::select! {
            biased;
            Ok(()) = secrets.changed() => {
                let latest = secrets.borrow_and_update().clone();
                self.told(latest);
            }
            Some(landed) = self.flights.join_next_with_id() => self.land(landed),
            () = self.around.clock.sleep_until(wake) => {}
        }
    }

    /// Returns when it last looked what that is.
    async fn send_what_may_go(&mut self) -> Tick {
        loop {
            let now = self.around.clock.tick();
            let is_full = self.on_the_way.len() >= self.most_in_flight();
            if is_full || !self.is_wanted(now) || self.vendor.waits(now) {
                return now;
            }
            if self.budget().opening(now) != Opening::Now {
                if self.schedule.due(now).is_some() {
                    self.waits_since.get_or_insert(now);
                }
                return now;
            }
            // Saved before it is sent: whoever comes after a crash knows of it.
            let Some(receipt) = self.keep.take(self.request_life()).await else { return now };
            self.send(receipt);
        }
    }

    /// Whether there is something to ask. That nothing of the past is missing any more makes due what
    /// rests on it.
    fn is_wanted(&mut self, now: Tick) -> bool {
        self.schedule.due(now).is_some()
            || self.past_may_go(now)
            || self.schedule.due(now).is_some()
    }

    /// What is due earliest goes on its way. Saving took a moment, so this looks at the clock again.
    fn send(&mut self, receipt: Receipt) {
        let now = self.around.clock.tick();
        let insists = self.past_insists(now);
        let jobs = Released { schedule: &self.schedule, now };
        let errand = match self.schedule.due(now).filter(|_| !insists) {
            Some(due) => Some(self.vendor.errand(due, &jobs, self.today, now)),
            None => self.look_back(self.now()),
        };
        match errand {
            Some(Errand::Send(flight, work)) => {
                self.note_sent(&flight, now);
                let carried = flight.carries_secret.then(|| self.keys.carried());
                let clock = self.around.clock.clone();
                let task = self.flights.spawn(renewal::sent_with(carried, clock, work));
                self.on_the_way.push((task.id(), flight, receipt));
            }
            Some(Errand::Wait) | None => self.budget().cancel(&receipt),
        }
    }

    /// How long after it was entered the API may still count a request: as long as it takes to give
    /// it up, and once more on its way or in a queue.
    fn request_life(&self) -> Duration {
        self.around.fetch.limits.timeout * 2
    }

    fn note_sent(&mut self, flight: &Flight, now: Tick) {
        if let Some(since) = self.waits_since.take() {
            self.budget().add_wait(now.since(since));
        }
        if flight.wants == Wants::Figures {
            self.schedule.start(flight.job, now);
            for job in &flight.also {
                self.schedule.join(*job);
            }
        } else {
            self.schedule.start_overhead(now);
        }
    }

    /// One request tests a door that is unknown or was closed; beyond it a slow API loses no budget.
    fn most_in_flight(&self) -> usize {
        let new_key = self.who.api == Api::TapRain && self.keys.is_on_trial();
        let tests = self.part.state.is_none() || self.refusals > 0 || new_key;
        if tests { 1 } else { MOST_IN_FLIGHT }
    }

    /// When something changes that at `now` was not so.
    fn next_wake(&self, now: Tick) -> Tick {
        let mut wake = now + LONGEST_SLEEP;
        if let Some(release) = self.schedule.next_release(now) {
            wake = wake.min(release);
        }
        let past = self.past_opens();
        wake = past.filter(|opens| *opens > now).map_or(wake, |opens| wake.min(opens));
        let wants = self.schedule.due(now).is_some() || past.is_some_and(|at| at <= now);
        if wants
            && self.on_the_way.len() < self.most_in_flight()
            && let Opening::At(opening) = self.budget().opening(now)
        {
            wake = wake.min(opening);
        }
        if let Some(due) = self.keep.due() {
            wake = wake.min(due.max(now));
        }
        if self.keep.ails() {
            wake = wake.min(self.mend_at.max(now + Duration::from_millis(1)));
        }
        wake.min(self.midnight.tick)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        lock(&self.part.budget)
    }

    fn publish(&mut self) {
        for (job, slot) in self.part.slots.iter_mut().enumerate() {
            slot.next_due = self.schedule.wanted(job);
        }
        self.around.board.publish(self.part.clone());
    }
}

/// Another jitter for every account.
fn spread(who: &Who) -> u64 {
    let name = who.api.as_str().bytes().chain(who.account.bytes());
    name.fold(0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn lock(budget: &Mutex<Budget>) -> MutexGuard<'_, Budget> {
    // A ledger stays true whoever panicked while reading it.
    budget.lock().unwrap_or_else(PoisonError::into_inner)
}
