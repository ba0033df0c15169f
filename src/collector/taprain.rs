//! TapRain's side of collecting: one request a job.

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use super::vendor::{Errand, Flight, Jobs, Payload, Read, Update, Vendor, Verdict};
use crate::clock::{Moment, Tick};
use crate::fetch::Fetch;
use crate::figures::closed::of_report;
use crate::figures::taprain::{Meta, Report};
use crate::figures::taprain_sheet::{Naming, labels, sheet};
use crate::label::Labels;
use crate::model::range::{Days, Range, day_start};
use crate::model::settings::{Filters, TapRainAccount, TapRainLimits};
use crate::secret::Secret;
use crate::telemetry::Anomaly;
use crate::upstream::answer::Answer;
use crate::upstream::taprain::{STATS, request};

/// How far `period_start` may lie from a midnight and still mean that day (trap T2: a fixed
/// offset instead of daylight-saving time is an hour off).
const SAME_DAY: SignedDuration = SignedDuration::from_hours(12);

/// A TapRain account's protocol.
pub(super) struct TapRain {
    account: TapRainAccount,
    fetch: Fetch,
    jobs: Vec<Job>,
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
        Self { account, fetch, jobs }
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
    fn errand(&mut self, due: usize, _jobs: &dyn Jobs, today: Date, now: Tick) -> Errand {
        let job = &self.jobs[due];
        let days = job.range.days(today);
        let filters = &self.account.views[job.view].filters;
        let request = request(&self.account.common, filters, &job.range, days);
        let fetch = self.fetch.clone();
        let work = async move {
            match request {
                Ok(request) => fetch.taprain(request).await,
                Err(failure) => Answer::lost(failure),
            }
        };
        let work = work.map(|answer| answer.map(|report| Payload::TapRain(Box::new(report))));
        let flight = Flight {
            job: due,
            also: Vec::new(),
            endpoint: STATS,
            brings_figures: true,
            carries_secret: true,
            today,
            days,
            token: 0,
            asked: now,
        };
        Errand::Send(flight, work.boxed())
    }

    fn digest(&mut self, flight: &Flight, payload: Payload, room: usize, _now: Moment) -> Verdict {
        let Payload::TapRain(report) = payload else { return Verdict::AskAgain };
        let job = &self.jobs[flight.job];
        let Some(skewed) = self.period(job, flight.days, &report.meta) else {
            return Verdict::StalePeriod;
        };
        let (sheeted, crowded) = self.update(job, &report, room);
        let odd = vec![(Anomaly::PeriodSkew, skewed), (Anomaly::SeriesLimit, u64::from(crowded))];
        let updates = vec![Update { job: flight.job, sheeted: Some(sheeted) }];
        let days = of_report(&report, &job.range, flight.days, &self.account.common.timezone);
        let days = vec![Read { job: flight.job, made: report.meta.generated_at, days }];
        Verdict::Figures { updates, odd, go_on: false, days }
    }

    fn questions(&self) -> Vec<(Arc<str>, String)> {
        let zone = &self.account.common.timezone_name;
        let ask = |filters: &Filters| {
            let Filters { country, offer, source } = filters;
            [country, offer, source].map(|values| values.join(",")).join("; ")
        };
        let views = self.account.views.iter();
        views
            .map(|view| (Arc::clone(&view.name), format!("{zone}; {}", ask(&view.filters))))
            .collect()
    }

    fn renew(&mut self, secret: Secret) {
        self.account.common.credential.secret = secret;
    }
}

/// Whether an answer knows nothing of `today` yet, but all of the day before it: its trailing days
/// are those of yesterday (trap T10).
fn is_behind(meta: &Meta, today: Date, zone: &TimeZone) -> bool {
    let latest = meta.period_end.max(meta.generated_at);
    let yesterday = day_start(today.saturating_sub(1.day()), zone);
    latest.is_some_and(|latest| yesterday <= latest && latest < day_start(today, zone))
}
