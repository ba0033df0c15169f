//! TapRain's side of collecting: one request a job, and one for each day of the past.

mod hours;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hours::{Heard, Memory};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::vendor::{Errand, Flight, Jobs, Payload, Read, Update, Vendor, Verdict, Wants};
use crate::clock::{Moment, Tick};
use crate::fetch::Fetch;
use crate::figures::closed::of_report;
use crate::figures::taprain::{Meta, Report};
use crate::figures::taprain_sheet::{Naming, labels, sheet};
use crate::history::History;
use crate::hours::book::Book;
use crate::label::Labels;
use crate::model::range::{Days, Range, day_start};
use crate::model::settings::{Filters, TapRainAccount, TapRainLimits, TapRainView};
use crate::secret::Secret;
use crate::snapshot::Sheet;
use crate::telemetry::{Anomaly, Outcome};
use crate::upstream::answer::Answer;
use crate::upstream::failure::Failure;
use crate::upstream::taprain::{STATS, request};

/// How far `period_start` may lie from a midnight and still mean that day (trap T2: a fixed
/// offset instead of daylight-saving time is an hour off).
const SAME_DAY: SignedDuration = SignedDuration::from_hours(12);

/// A TapRain account's protocol.
pub(super) struct TapRain {
    account: TapRainAccount,
    fetch: Fetch,
    jobs: Vec<Job>,
    /// `None` where no history is wanted.
    memory: Option<Memory>,
}

struct Job {
    view: usize,
    range: Range,
    labels: Labels,
}

impl TapRain {
    /// Jobs in the configuration's order.
    pub(super) fn new(account: TapRainAccount, fetch: Fetch) -> Self {
        let mut jobs = Vec::new();
        for (index, view) in account.views.iter().enumerate() {
            for wanted in &view.ranges {
                let range = wanted.range.clone();
                let labels = labels(&account.common.name, &view.name, range.label());
                jobs.push(Job { view: index, range, labels });
            }
        }
        let wanted = account.common.history_days > 0;
        let memory = wanted.then(|| Memory::new(questions(&account)));
        Self { account, fetch, jobs, memory }
    }

    /// Asks for `days` of `range` in the view of `job`.
    fn ask(&self, job: usize, range: &Range, days: Days) -> BoxFuture<'static, Answer<Payload>> {
        let filters = &self.account.views[self.jobs[job].view].filters;
        let request = request(&self.account.common, filters, range, days);
        let fetch = self.fetch.clone();
        let work = async move {
            match request {
                Ok(request) => fetch.taprain(request).await,
                Err(failure) => Answer::lost(failure),
            }
        };
        work.map(|answer| answer.map(|report| Payload::TapRain(Box::new(report)))).boxed()
    }

    /// The newest missing day of each view, and how many there are.
    fn missing(&self, today: Date, now: Moment) -> impl Iterator<Item = (usize, Vec<Date>)> {
        let memory = self.memory.as_ref().into_iter();
        memory.flat_map(move |memory| {
            let views = 0..self.account.views.len();
            views.map(move |view| (view, memory.missing(&self.account, view, today, now.wall)))
        })
    }

    /// Learns from an answer; what is normal is added to the figures of today.
    fn learn(&mut self, flight: &Flight, report: &Report, shown: Option<Shown<'_>>, now: Moment) {
        let Some(memory) = &mut self.memory else { return };
        let job = &self.jobs[flight.job];
        let past = flight.wants == Wants::Past;
        let one_day = flight.days.count() == 1 && (past || job.range != Range::Hour);
        if !one_day {
            return;
        }
        let asked = now.wall.saturating_sub(now.tick.since(flight.asked)).unwrap_or(now.wall);
        let (view, days) = (job.view, flight.days);
        // A day of the past is asked for as itself, whatever the job is.
        let range = if past { &Range::Yesterday } else { &job.range };
        let heard = Heard { report, view, range, days, asked, past };
        memory.hear(&self.account, &heard);
        if let Some(Shown { sheet, room }) = shown.filter(|_| *range == Range::Today) {
            memory.complete(&self.account, &heard, sheet, room);
        }
    }

    /// Anomalies of the period; `None` when it is not the period that was asked for.
    fn period(&self, job: &Job, days: Days, meta: &Meta) -> Option<u64> {
        let zone = &self.account.common.timezone;
        if matches!(job.range, Range::SevenDays | Range::ThirtyDays) {
            // Which dates these mean is the API's to say (trap T6), once its day has turned.
            return (!is_behind(meta, days.last(), zone)).then_some(0);
        }
        let Some(start) = meta.period_start.filter(|_| job.range != Range::Hour) else {
            return Some(0);
        };
        let skew = start.duration_since(day_start(days.start, zone));
        let moved = matches!(job.range, Range::Today | Range::Yesterday) && skew.abs() >= SAME_DAY;
        (!moved).then_some(u64::from(!skew.is_zero()))
    }

    fn update(&self, job: &Job, report: &Report, room: usize) -> (crate::figures::Sheeted, bool) {
        let zone = &self.account.common.timezone;
        let naming = Naming { labels: &job.labels, limits: self.account.limits, zone };
        let sheeted = sheet(report, &naming);
        if sheeted.sheet.series() <= room {
            return (sheeted, false);
        }
        let limits = TapRainLimits { country: 0, source: 0, offer: 0 };
        (sheet(report, &Naming { limits, ..naming }), true)
    }
}

impl Vendor for TapRain {
    fn expectant(&self) -> Range {
        Range::Today
    }

    fn errand(&mut self, due: usize, _jobs: &dyn Jobs, today: Date, now: Tick) -> Errand {
        let range = self.jobs[due].range.clone();
        let days = range.days(today);
        let work = self.ask(due, &range, days);
        Errand::Send(flight(due, Wants::Figures, today, days, now), work)
    }

    fn digest(&mut self, flight: &Flight, payload: Payload, room: usize, now: Moment) -> Verdict {
        let Payload::TapRain(report) = payload else { return Verdict::AskAgain };
        if flight.wants == Wants::Past {
            self.learn(flight, &report, None, now);
            let (updates, odd, days) = (Vec::new(), Vec::new(), Vec::new());
            return Verdict::Figures { updates, odd, go_on: false, days };
        }
        let job = &self.jobs[flight.job];
        let Some(skewed) = self.period(job, flight.days, &report.meta) else {
            return Verdict::StalePeriod;
        };
        let (mut sheeted, crowded) = self.update(job, &report, room);
        let range = job.range.clone();
        let shown = Shown { sheet: &mut sheeted.sheet, room };
        self.learn(flight, &report, Some(shown), now);
        let odd = vec![(Anomaly::PeriodSkew, skewed), (Anomaly::SeriesLimit, u64::from(crowded))];
        let updates = vec![Update { job: flight.job, sheeted: Some(sheeted) }];
        let days = of_report(&report, &range, flight.days, &self.account.common.timezone);
        let days = vec![Read { job: flight.job, made: report.meta.generated_at, days }];
        Verdict::Figures { updates, odd, go_on: false, days }
    }

    fn fail(&mut self, flight: &Flight, failure: Failure) -> Verdict {
        // A day that is refused is not asked for again; that an API has no older ones is no fault.
        if flight.wants == Wants::Past
            && failure.outcome == Outcome::BadRequest
            && let Some(memory) = &mut self.memory
        {
            memory.refused(self.jobs[flight.job].view, flight.days.start, Timestamp::MAX);
        }
        Verdict::Failed(failure)
    }

    fn lacks(&self, _known: &History, today: Date, now: Moment) -> usize {
        self.missing(today, now).map(|(_, days)| days.len()).sum()
    }

    fn look_back(&mut self, _known: &History, today: Date, now: Moment) -> Option<Errand> {
        // Views take turns: the newest day of all goes first.
        let newest = |(view, days): (usize, Vec<Date>)| Some((*days.first()?, view));
        let first = self.missing(today, now).filter_map(newest);
        let (day, view) = first.max_by_key(|(day, view)| (*day, std::cmp::Reverse(*view)))?;
        let job = self.jobs.iter().position(|job| job.view == view)?;
        let days = Days { start: day, end: day.saturating_add(1.day()) };
        let range = Range::Custom { name: "past".into(), days };
        let work = self.ask(job, &range, days);
        Some(Errand::Send(flight(job, Wants::Past, today, days, now.tick), work))
    }

    fn recall(&mut self, hours: Book) {
        if let Some(memory) = &mut self.memory {
            memory.recall(hours);
        }
    }

    fn hours(&mut self, now: Moment, end: bool) -> Option<Arc<Book>> {
        let memory = self.memory.as_mut()?;
        if end { Some(memory.all()) } else { memory.worth_saving(now.tick, now.wall) }
    }

    fn questions(&self) -> Vec<(Arc<str>, String)> {
        questions(&self.account)
    }

    fn renew(&mut self, secret: Secret) {
        self.account.common.credential.secret = secret;
    }
}

/// The figures that an answer puts on the page, and how many series they may be.
struct Shown<'a> {
    sheet: &'a mut Sheet,
    room: usize,
}

fn questions(account: &TapRainAccount) -> Vec<(Arc<str>, String)> {
    let zone = &account.common.timezone_name;
    let ask = |filters: &Filters| {
        let Filters { country, offer, source } = filters;
        [country, offer, source].map(|values| values.join(",")).join("; ")
    };
    let view =
        |view: &TapRainView| (Arc::clone(&view.name), format!("{zone}; {}", ask(&view.filters)));
    account.views.iter().map(view).collect()
}

fn flight(job: usize, wants: Wants, today: Date, days: Days, now: Tick) -> Flight {
    Flight { wants, carries_secret: true, ..Flight::new(job, STATS, today, days, now) }
}

/// Whether an answer knows nothing of `today` yet, but all of the day before it: its trailing days
/// are those of yesterday (trap T10).
fn is_behind(meta: &Meta, today: Date, zone: &TimeZone) -> bool {
    let latest = meta.period_end.max(meta.generated_at);
    let yesterday = day_start(today.saturating_sub(1.day()), zone);
    latest.is_some_and(|latest| yesterday <= latest && latest < day_start(today, zone))
}
