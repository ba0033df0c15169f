//! A business that is looked at for weeks, as the exporter would look at it.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::Answer;
use revenue_exporter::demo::limiter::{Limit, LimiterKind};
use revenue_exporter::demo::taprain::{Options, TapRain};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::expect::{Stretch, Terms, outlook};
use revenue_exporter::hours::{Hours, Observation};
use revenue_exporter::model::range::{Days, Range, local_date};
use revenue_exporter::model::settings::{Filters, TapRainAccount};
use revenue_exporter::number::to_f64;
use revenue_exporter::upstream::taprain::{read, request};

use crate::score::{Look, Score};
use crate::support;

/// Which weeks are judged.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The midnight they begin at.
    pub(crate) begin: &'static str,
    /// How many days are judged.
    pub(crate) days: i64,
    /// For how many days before that the business is looked at.
    pub(crate) warm_up: i64,
}

/// A simulated account, and what is remembered of it.
pub(crate) struct Business {
    plan: Plan,
    clock: Clock,
    api: TapRain,
    account: TapRainAccount,
    zone: TimeZone,
    hours: Hours,
    rng: fastrand::Rng,
}

impl Business {
    pub(crate) fn new(plan: Plan, leads_per_day: u32, seed: u64) -> Self {
        let begin: Timestamp = plan.begin.parse().unwrap();
        let start = begin - (24 * plan.warm_up).hours();
        let clock = Clock::simulated(start, 1);
        let size = Size { leads_per_day, ..Size::DEFAULT };
        let world = Arc::new(World::new(seed, size).with_holidays());
        let limit = Limit {
            requests: u32::MAX,
            per: Duration::from_secs(1),
            kind: LimiterKind::FixedWindow,
        };
        let api = TapRain::new(world, clock.clone(), Options { limit, ..Options::default() });
        let account = support::taprain_account("a", Vec::new());
        let zone = account.common.timezone.clone();
        let rng = fastrand::Rng::with_seed(seed);
        Self { plan, clock, api, account, zone, hours: Hours::default(), rng }
    }

    fn today(&self) -> Date {
        local_date(self.clock.wall(), &self.zone)
    }

    /// Asks for a range and remembers the answer; today's revenue and when it was made.
    fn ask(&mut self, range: &Range) -> (Timestamp, f64) {
        let days = range.days(self.today());
        let request = request(&self.account.common, &Filters::default(), range, days).unwrap();
        let answer = self.api.answer(&request);
        let report = read(answer.body()).unwrap();
        let made = report.meta.generated_at.unwrap();
        let live = *range == Range::Today;
        let limits = self.account.limits;
        self.hours.observe(&Observation {
            report: &report,
            zone: &self.zone,
            days,
            made,
            live,
            limits,
        });
        (made, to_f64(report.summary.revenue.unwrap()))
    }

    /// Looks every quarter of an hour and at one more minute, and judges the hours' ends and the
    /// odd minutes once the plan begins.
    pub(crate) fn run(&mut self, terms: Terms, score: &mut Score) {
        let today = self.today();
        for start in self.hours.missing(today, 35, self.clock.wall(), &self.zone) {
            let days = Days { start, end: start.saturating_add(1.day()) };
            self.ask(&Range::Custom { name: "d".into(), days });
        }
        let begin: Timestamp = self.plan.begin.parse().unwrap();
        let end = begin + (24 * self.plan.days).hours();
        score.next_run();
        let mut hour = self.clock.wall();
        while hour < end {
            for minute in minutes(self.rng.i64(1..59)) {
                self.look(hour, minute, terms, (hour >= begin).then_some(&mut *score));
            }
            hour += 1.hour();
        }
    }

    /// Looks at a minute of an hour, and has it judged.
    fn look(&mut self, hour: Timestamp, minute: i64, terms: Terms, score: Option<&mut Score>) {
        let at = hour + minute.minutes();
        let local = self.zone.to_datetime(at);
        let last = minute == 59 && local.hour() == 23;
        if minute == 59 && !last {
            return;
        }
        let wait = at.as_second() - self.clock.wall().as_second();
        self.clock.sleep_through(Duration::from_secs(u64::try_from(wait).unwrap()));
        if minute == 0 || minute == 30 {
            self.ask(&Range::Yesterday);
        }
        let (made, revenue) = self.ask(&Range::Today);
        // At midnight itself there is nothing yet; the day's last hour is judged a minute earlier.
        let over = last || (minute == 0 && local.hour() != 0);
        if let Some(score) = score.filter(|_| over || minute % 15 != 0) {
            let outlook =
                outlook(&self.hours, Stretch { since: None, at: made }, &self.zone, terms);
            let hour = self.zone.to_datetime(made - 1.second());
            score.note(&Look { hour, over, revenue, outlook: &outlook });
        }
    }
}

/// Every quarter of an hour, the last minute, and an odd one.
fn minutes(odd: i64) -> Vec<i64> {
    let mut minutes = vec![0, 15, 30, 45, 59, odd];
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}
