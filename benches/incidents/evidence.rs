//! From which moment on the data could show what happened.
//!
//! What happened and what would have happened without it are both known: they are the figures of two
//! worlds that differ in nothing else. As soon as those since the onset are, by Poisson's law, less than
//! one in ten thousand as likely as they should be, of everyone or of one member, the data could show it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use revenue_exporter::demo::world::{Line, World};

use crate::scenario::{BERLIN, Scenario, Vendor};

/// `-ln(0.0001)`: 9.2 leads were expected and none came.
const ENOUGH: f64 = 9.2;

/// Seconds between two looks.
const EVERY: i64 = 300;

/// The first scrape at which it could be known, in seconds; `None` when the run ends before.
pub fn knowable(scenario: &Scenario, seed: u64, clean: &World, world: &World) -> Option<i64> {
    let (onset, end) = (scenario.begins(seed), scenario.ends(seed));
    let first = (onset.as_second().div_euclid(EVERY) + 1) * EVERY;
    match scenario.number {
        // The next answer says it.
        10..=12 => return Some(first),
        // A day cannot be missed before it is over.
        16 => return Some((onset + SignedDuration::from_hours(24)).as_second() + EVERY),
        _ => {}
    }
    let before = onset - SignedDuration::from_hours(24);
    let then = clean.traffic(before, onset);
    let shop = Till::new(onset);
    // Between looks that are too early to matter nothing is lost by looking less often.
    let step = if scenario.hours > 100 { 12 * EVERY } else { EVERY };
    let looks = (end.as_second() - first) / step;
    (0..=looks).map(|look| first + look * step).find(|at| {
        let now = Timestamp::from_second(*at).unwrap();
        if scenario.vendor == Vendor::Klar {
            return shop.shows(clean, world, now, scenario.number == 14);
        }
        let (should, is) = (clean.traffic(before, now), world.traffic(before, now));
        let lines = should.iter().zip(&is).zip(&then);
        lines.into_iter().any(|((should, is), then)| shows(*should, *is, *then))
    })
}

fn shows(should: Line, is: Line, then: Line) -> bool {
    let since = |now: u64, then: u64| now as f64 - then as f64;
    let leads = (since(is.leads, then.leads), since(should.leads, then.leads));
    let clicks = (since(is.clicks, then.clicks), since(should.clicks, then.clicks));
    // Leads that pay something else: each shows it, and ten are no accident.
    let paid = is.leads == should.leads && is.cents != should.cents && leads.1 >= 10.0;
    paid || unlikely(leads) || unlikely(clicks)
}

/// Whether `is` is too far from what should be.
fn unlikely((is, should): (f64, f64)) -> bool {
    if is < 0.0 {
        // More was taken back than came.
        return should - is >= ENOUGH;
    }
    if should <= 0.0 {
        return is >= ENOUGH;
    }
    let surprise = if is > 0.0 { is * libm::log(is / should) } else { 0.0 };
    surprise - is + should >= ENOUGH
}

/// What was sold since the onset.
struct Till {
    onset: Timestamp,
    zone: TimeZone,
}

impl Till {
    fn new(onset: Timestamp) -> Self {
        Self { onset, zone: TimeZone::get(BERLIN).unwrap() }
    }

    fn sold(&self, world: &World, now: Timestamp) -> (f64, f64) {
        let first = self.zone.to_datetime(self.onset).date();
        let last = self.zone.to_datetime(now).date();
        let days = first.series(1.day()).take_while(|day| *day <= last);
        days.map(|day| world.sold(day, &self.zone, now))
            .fold((0.0, 0.0), |sum, day| (sum.0 + day.orders, sum.1 + day.cost))
    }

    fn shows(&self, clean: &World, world: &World, now: Timestamp, cost: bool) -> bool {
        let (should, is) = (self.sold(clean, now), self.sold(world, now));
        if cost {
            // Half of a day's cost of a channel that makes a quarter of all.
            let day = self.zone.to_datetime(self.onset).date();
            let usual = clean.sold(day.yesterday().unwrap(), &self.zone, now).cost;
            return should.1 - is.1 > 0.12 * usual;
        }
        let then = self.sold(clean, self.onset).0;
        unlikely((is.0 - then, should.0 - then))
    }
}
