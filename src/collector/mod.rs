//! One account's loop: ask what is due and may be asked, settle what comes back, publish.
//!
//! A collector owns its account's schedule, its ledger's use and its part of the board. It waits
//! for the next deadline, an answer, midnight or the end, and for nothing else.

mod klar;
mod memory;
mod renewal;
mod settle;
mod taprain;
mod vendor;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::board::Board;
use crate::budget::{Budget, Opening, Receipt};
use crate::clock::{Clock, Moment, Tick};
use crate::fetch::Fetch;
use crate::history::History;
use crate::model::Api;
use crate::model::range::{Range, local_date, next_midnight};
use crate::model::settings::{
    Account, BudgetTerms, Credential, KlarAccount, RangeEvery, TapRainAccount,
};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::secret::Secret;
use crate::shutdown::Shutdown;
use crate::snapshot::{AccountPart, Slot};
use crate::telemetry::{Outcome, Telemetry, Who};
use crate::upstream::answer::Answer;
use crate::upstream::klar::{ATTRIBUTION, TOKEN};
use crate::upstream::taprain::STATS;
use vendor::{Errand, Flight, Jobs, Payload, Vendor};

/// Requests of one account on their way at once, so that a slow API loses no budget.
const MOST_IN_FLIGHT: usize = 8;

/// The longest sleep: a stepped wall clock is noticed this late at worst.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

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
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// One account's loop, before or while it runs.
pub struct Collector {
    around: Surroundings,
    index: usize,
    who: Who,
    terms: BudgetTerms,
    vendor: Box<dyn Vendor>,
    jobs: Vec<Job>,
    schedule: Schedule,
    part: AccountPart,
    credential: Credential,
    zone: TimeZone,
    today: Date,
    midnight: Timestamp,
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

/// An answer, and the account's secret where the API refused the one that was sent and the file
/// holds another by now.
type Landed = (Answer<Payload>, Option<Secret>);

/// A TapRain account's part of the page before its first answer.
pub fn taprain_part(account: &TapRainAccount, plan: &Plan) -> AccountPart {
    let ranges = account.views.iter().map(|view| (&view.name, view.ranges.as_slice()));
    part(Api::TapRain, &account.common, ranges, plan)
}

/// A Klar account's part of the page before its first answer.
pub fn klar_part(account: &KlarAccount, plan: &Plan) -> AccountPart {
    let ranges = account.views.iter().map(|view| (&view.name, view.ranges.as_slice()));
    part(Api::Klar, &account.common, ranges, plan)
}

impl Collector {
    /// The loop of a TapRain account that publishes at `index` of the board.
    pub fn taprain(account: TapRainAccount, index: usize, around: Surroundings) -> Self {
        let plan = Plan::taprain(&account);
        let part = taprain_part(&account, &plan);
        let common = account.common.clone();
        let jobs: Vec<_> = account.views.iter().flat_map(|view| view.ranges.clone()).collect();
        let vendor = Box::new(taprain::TapRain::new(account, around.fetch.clone()));
        Self::new(vendor, &common, &jobs, (index, part, plan.stretch), around)
    }

    /// The loop of a Klar account that publishes at `index` of the board.
    pub fn klar(account: KlarAccount, index: usize, around: Surroundings) -> Self {
        let plan = Plan::klar(&account);
        let part = klar_part(&account, &plan);
        let common = account.common.clone();
        let jobs: Vec<_> = account.views.iter().flat_map(|view| view.ranges.clone()).collect();
        let vendor = Box::new(klar::Klar::new(account, around.fetch.clone()));
        Self::new(vendor, &common, &jobs, (index, part, plan.stretch), around)
    }

    fn new(
        vendor: Box<dyn Vendor>,
        account: &Account,
        ranges: &[RangeEvery],
        (index, part, stretch): (usize, AccountPart, f64),
        around: Surroundings,
    ) -> Self {
        let now = around.clock.moment();
        let intervals: Vec<_> = ranges.iter().map(|range| range.every).collect();
        let terms = account.budget;
        let gap = terms.per / terms.allowance();
        let schedule = Schedule::new(&intervals, stretch, now.tick, gap, terms.per);
        let who = Who { api: part.api, account: Arc::clone(&part.account) };
        let endpoints: &[&'static str] = match who.api {
            Api::TapRain => &[STATS],
            Api::Klar => &[TOKEN, ATTRIBUTION],
        };
        around.telemetry.introduce(&who, endpoints, who.api == Api::Klar);
        let job = |range: &RangeEvery| Job {
            range: range.range.clone(),
            failures: 0,
            kinds: Vec::new(),
            logged: false,
        };
        Self {
            index,
            history: memory::of(&*vendor),
            vendor,
            jobs: ranges.iter().map(job).collect(),
            schedule,
            part,
            terms,
            credential: account.credential.clone(),
            today: local_date(now.wall, &account.timezone),
            midnight: next_midnight(now.wall, &account.timezone),
            zone: account.timezone.clone(),
            rng: fastrand::Rng::with_seed(around.seed ^ index as u64),
            refusals: 0,
            outage: None,
            waits_since: None,
            flights: JoinSet::new(),
            on_the_way: Vec::new(),
            who,
            around,
        }
    }

    /// Collects until `shutdown`; what is on its way then is dropped.
    pub async fn run(mut self, mut shutdown: Shutdown) {
        self.publish();
        loop {
            self.turn_day();
            self.send_what_may_go();
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                Some(landed) = self.flights.join_next_with_id() => self.land(landed),
                () = self.around.clock.sleep_until(wake) => {}
            }
        }
        self.flights.shutdown().await;
    }

    /// After local midnight the ranges that move mean other dates and are due at once; also when
    /// a stepped clock has changed the date.
    fn turn_day(&mut self) {
        let now = self.around.clock.moment();
        let today = local_date(now.wall, &self.zone);
        self.midnight = next_midnight(now.wall, &self.zone);
        if today == self.today {
            return;
        }
        self.today = today;
        self.vendor.turn_day();
        for (index, job) in self.jobs.iter().enumerate() {
            if job.range.moves() {
                self.schedule.renew(index, now.tick);
            }
        }
    }

    fn send_what_may_go(&mut self) {
        while self.on_the_way.len() < self.most_in_flight() {
            let now = self.around.clock.tick();
            let Some(due) = self.schedule.due(now) else { return };
            if self.budget().opening(now) != Opening::Now {
                self.waits_since.get_or_insert(now);
                return;
            }
            let jobs = Released { schedule: &self.schedule, now };
            match self.vendor.errand(due, &jobs, self.today, now) {
                Errand::Send(flight, work) => {
                    let Some(receipt) = self.budget().take(now) else { return };
                    self.note_sent(&flight, now);
                    let credential = flight.carries_secret.then(|| self.credential.clone());
                    let task = self.flights.spawn(renewal::sent_with(credential, work));
                    self.on_the_way.push((task.id(), flight, receipt));
                }
                Errand::Wait => return,
            }
        }
    }

    fn note_sent(&mut self, flight: &Flight, now: Tick) {
        if let Some(since) = self.waits_since.take() {
            self.budget().add_wait(now.since(since));
        }
        if flight.brings_figures {
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
        if self.part.state.is_none() || self.refusals > 0 { 1 } else { MOST_IN_FLIGHT }
    }

    fn next_wake(&self) -> Tick {
        let now = self.around.clock.moment();
        let mut wake = now.tick + LONGEST_SLEEP;
        if let Some(release) = self.schedule.next_release(now.tick) {
            wake = wake.min(release);
        }
        if self.schedule.due(now.tick).is_some()
            && self.on_the_way.len() < self.most_in_flight()
            && let Opening::At(opening) = self.budget().opening(now.tick)
        {
            wake = wake.min(opening);
        }
        wake.min(now.tick + until(now, self.midnight))
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        lock(&self.part.budget)
    }

    fn publish(&self) {
        self.around.board.publish(self.index, self.part.clone());
    }
}

struct Released<'a> {
    schedule: &'a Schedule,
    now: Tick,
}

impl Jobs for Released<'_> {
    fn is_due(&self, job: usize) -> bool {
        self.schedule.is_due(job, self.now)
    }

    fn is_idle(&self, job: usize) -> bool {
        self.schedule.is_idle(job)
    }
}

fn part<'a>(
    api: Api,
    account: &Account,
    views: impl Iterator<Item = (&'a Arc<str>, &'a [RangeEvery])>,
    plan: &Plan,
) -> AccountPart {
    let slot = |view: &Arc<str>, range: &RangeEvery| Slot {
        view: Arc::clone(view),
        range: range.range.label().into(),
        interval: plan.stretched(range.every),
        up: None,
        last_success: None,
        good: None,
    };
    AccountPart {
        api,
        account: Arc::clone(&account.name),
        timezone: Arc::clone(&account.timezone_name),
        currency: Arc::clone(&account.currency),
        state: None,
        up: None,
        token_expiry: None,
        budget: Arc::new(Mutex::new(Budget::new(account.budget))),
        slots: views
            .flat_map(|(view, all)| all.iter().map(move |range| slot(view, range)))
            .collect(),
    }
}

fn until(now: Moment, instant: Timestamp) -> Duration {
    let left = instant.duration_since(now.wall).max(SignedDuration::ZERO);
    left.try_into().unwrap_or(LONGEST_SLEEP)
}

fn lock(budget: &Mutex<Budget>) -> MutexGuard<'_, Budget> {
    // A ledger stays true whoever panicked while reading it.
    budget.lock().unwrap_or_else(PoisonError::into_inner)
}
