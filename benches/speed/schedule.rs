//! What to ask next, and whether the budget permits it.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use revenue_exporter::budget::{Advice, Budget, Opening};
use revenue_exporter::clock::Tick;
use revenue_exporter::model::settings::BudgetTerms;
use revenue_exporter::schedule::Schedule;

use crate::measure::{each, race, timed};
use crate::options::Options;
use crate::report::Line;

const JOBS: usize = 50;

/// How many requests are decided on in one round.
const REQUESTS: usize = 5_000;

/// An account that asks for more than twice what its 600 requests an hour allow, in virtual time.
pub struct Desk {
    schedule: Schedule,
    budget: Budget,
    now: Tick,
    /// How often was asked what to do.
    decisions: usize,
}

impl Desk {
    pub fn new() -> Self {
        let window = Duration::from_secs(3600);
        let requests = NonZeroU32::new(600).unwrap();
        let terms = BudgetTerms { requests, per: window, reserve: 0.1 };
        let intervals: Vec<_> = [60, 120, 150, 300, 900].map(Duration::from_secs).repeat(JOBS / 5);
        let hourly: f64 = intervals.iter().map(|every| 3600.0 / every.as_secs_f64()).sum();
        let allowance = terms.allowance();
        let (stretch, gap) = (hourly / f64::from(allowance), window / allowance);
        let schedule = Schedule::new(&intervals, stretch, Tick::default(), gap, window);
        Self { schedule, budget: Budget::new(terms), now: Tick::default(), decisions: 0 }
    }

    /// Goes on until this many requests were sent and answered.
    pub fn serve(&mut self, requests: usize) -> usize {
        let (mut sent, before) = (0, self.decisions);
        while sent < requests {
            self.decisions += 1;
            match self.budget.opening(self.now) {
                Opening::Now => sent += usize::from(self.ask()),
                Opening::At(tick) => self.now = tick,
                Opening::AfterAnswer => unreachable!("everything is answered at once"),
            }
        }
        self.decisions - before
    }

    fn ask(&mut self) -> bool {
        let Some(job) = self.schedule.due(self.now) else {
            self.now = self.schedule.next_release(self.now).unwrap();
            return false;
        };
        let asked = self.now;
        let receipt = self.budget.take(asked, Duration::from_secs(30)).unwrap();
        self.schedule.start(job, asked);
        self.now = asked + Duration::from_millis(80);
        self.budget.settle(&receipt, self.now, Advice::default());
        self.schedule.done(job, asked);
        true
    }
}

pub fn schedule(_: &Options) -> Vec<Line> {
    let mut desk = Desk::new();
    let mut decisions = desk.serve(REQUESTS);
    let best = race(vec![Box::new(|| {
        let (time, made) = timed(|| black_box(desk.serve(REQUESTS)));
        decisions = made;
        time
    })]);
    let ours = format!("{:.0} ns a request", each(best[0], REQUESTS));
    let work = format!(
        "decide what to ask next of {JOBS} jobs, {:.1} decisions a request",
        decisions as f64 / REQUESTS as f64
    );
    vec![Line::of(work, ours)]
}
