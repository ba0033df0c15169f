//! What an account should have by now, from its own last five weeks: pure, and silent where they
//! do not say.
//!
//! Expectations are of the same local hours of the last four weeks, in their robust middle. Young
//! hours are compared at equal maturity ([`crate::hours::maturity`]): an expectation is reduced
//! to the share that shows at the hour's age.

mod band;
mod centre;
mod members;
mod odds;
pub mod tables;
mod weeks;

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use band::{Expected, Shares, band};
use centre::centre;
use weeks::{Past, WEEKS};

pub use band::Band;
pub use members::{MEMBER_WINDOWS, Member, MemberWindow};

use crate::hours::Hours;
use crate::hours::amounts::{Amounts, Three};
use crate::hours::layout::{self, Slot};
use crate::model::range::{day_start, local_date};
use crate::number::to_f64;

/// The windows, in closed hours.
pub const WINDOWS: [usize; 5] = [1, 3, 6, 12, 24];

/// Hours that a baseline leaves out.
const RECENT: usize = 24;

/// Hours up to which a baseline reaches back: seven days.
const HISTORY: usize = 7 * 24;

/// How expectations are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// How long after a click its lead comes at the latest, until that was observed.
    pub settle: Duration,
    /// The part of all days (0.5 to 0.999) whose revenue should lie in the band.
    pub quantile: f64,
}

/// What a view shows beside its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// How many whole hours the windows end before the last closed hour does: 0 once it is known
    /// how hours fill in, else `settle`.
    pub lag: usize,
    /// By [`WINDOWS`].
    pub windows: [Window; WINDOWS.len()],
    /// Today by this time of day.
    pub today: Three<Option<f64>>,
    /// Where today's revenue usually lies by this time of day.
    pub band: Option<Band>,
    /// How many of the last four weeks are known whole, for the last 24 closed hours and today's;
    /// 0 is no history.
    pub baseline_weeks: usize,
    /// Leads per click, 0 to 1, of the last seven days without the last; `None` while more than
    /// one hour in twenty is unknown, or without clicks.
    pub baseline_cvr: Option<f64>,
    /// In the order of [`crate::figures::taprain::DIMENSIONS`].
    pub members: [Vec<Member>; 3],
}

/// A window of closed hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// How many hours.
    pub hours: usize,
    /// What they have, exactly; a figure is unknown where one of its hours is.
    pub actual: Amounts,
    /// What they should have by now.
    pub expected: Three<Option<f64>>,
    /// The leads they should have by now, with the clicks they have.
    pub expected_leads_given_clicks: Option<f64>,
}

/// An hour of a window or of today.
#[derive(Debug)]
struct Hour {
    slot: Slot,
    /// What it had when it was last seen after its end.
    actual: Amounts,
    /// The share of its final figures that it had then.
    share: Three<f64>,
    /// The same hour of each week, fully grown.
    weeks: [Three<Option<f64>>; WEEKS],
}

/// The stretch of time that figures of `today` are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When the vendor's day began; `None` is midnight in the account's zone (trap T2).
    pub since: Option<Timestamp>,
    /// When the figures were made.
    pub at: Timestamp,
}

/// What is to be expected of the newest figures.
pub fn outlook(hours: &Hours, stretch: Stretch, zone: &TimeZone, terms: Terms) -> Outlook {
    let at = stretch.at;
    let maturity = hours.maturity();
    let mut past = Past::new(hours, zone, maturity.curve(terms.settle));
    let lag = if maturity.is_learned() { 0 } else { lag(terms.settle) };
    let mut closed = layout::closed(at.as_second(), HISTORY + lag, zone);
    closed.truncate(closed.len().saturating_sub(lag));
    let baseline_cvr = baseline_cvr(&past, &closed);
    let recent = closed.split_off(closed.len().saturating_sub(RECENT));
    let recent: Vec<Hour> = recent.into_iter().map(|slot| seen(&mut past, slot, at)).collect();
    let today: Vec<Hour> = begun(&mut past, stretch);
    let weeks = known_weeks(recent.iter().chain(&today));
    let expected = expected(&today);
    let band = today_band(&mut past, &today, expected, at, terms.quantile);
    let members = [0, 1, 2].map(|dimension| members::members(&mut past, dimension, at));
    let windows = WINDOWS.map(|hours| window(&recent, hours, baseline_cvr));
    Outlook { lag, windows, today: expected, band, baseline_weeks: weeks, baseline_cvr, members }
}

fn lag(settle: Duration) -> usize {
    usize::try_from(settle.as_secs().div_ceil(3600)).unwrap_or(usize::MAX).min(RECENT)
}

/// Whether so many known hours are enough to speak for [`HISTORY`] without [`RECENT`].
fn enough(known: usize) -> bool {
    known * 20 >= (HISTORY - RECENT) * 19
}

fn seen(past: &mut Past<'_>, slot: Slot, at: Timestamp) -> Hour {
    let known = past.hours.hour(slot.start).filter(|hour| hour.made >= slot.end);
    let age = known.map_or(at.as_second(), |hour| hour.made) - slot.end;
    let actual = known.map_or(Amounts::UNKNOWN, |hour| hour.amounts);
    let weeks = [1, 2, 3, 4].map(|weeks| past.value(&slot, weeks));
    Hour { slot, actual, share: past.curve.share(age), weeks }
}

/// The hours of today that have begun, as they show when the figures were made.
fn begun(past: &mut Past<'_>, Stretch { since, at }: Stretch) -> Vec<Hour> {
    let second = at.as_second();
    let today = local_date(at, past.zone);
    let since = since.unwrap_or_else(|| day_start(today, past.zone)).as_second();
    let mut slots: Vec<Slot> = Vec::new();
    for date in [today.saturating_sub(1.day()), today] {
        let of_day = past.day(date).iter().map(|known| known.slot);
        slots.extend(of_day.filter(|slot| since <= slot.start && slot.start < second));
    }
    let mut hour = |slot: Slot| {
        let weeks = [1, 2, 3, 4].map(|weeks| past.value(&slot, weeks));
        let share = past.curve.share(second - slot.end);
        Hour { slot, actual: Amounts::UNKNOWN, share, weeks }
    };
    slots.into_iter().map(&mut hour).collect()
}

/// How many weeks know all of `hours`.
fn known_weeks<'a>(hours: impl Iterator<Item = &'a Hour>) -> usize {
    let mut known = [true; WEEKS];
    for hour in hours {
        for (known, week) in known.iter_mut().zip(&hour.weeks) {
            *known &= week.list().iter().all(Option::is_some);
        }
    }
    known.into_iter().filter(|known| *known).count()
}

/// The sums of the weeks that know all of `hours`, each hour reduced to the share it shows now.
fn weekly(hours: &[Hour], figure: fn(&Three<Option<f64>>) -> Option<f64>) -> Vec<f64> {
    let sum = |week: usize| {
        let value = |hour: &Hour| {
            figure(&hour.weeks[week].with(hour.share, |value, share| Some(value? * share)))
        };
        hours.iter().map(value).sum::<Option<f64>>()
    };
    (0..WEEKS).filter_map(sum).collect()
}

fn expected(hours: &[Hour]) -> Three<Option<f64>> {
    Three {
        clicks: centre(&weekly(hours, |week| week.clicks)),
        leads: centre(&weekly(hours, |week| week.leads)),
        revenue: centre(&weekly(hours, |week| week.revenue)),
    }
}

fn window(recent: &[Hour], hours: usize, cvr: Option<f64>) -> Window {
    let nothing = Window {
        hours,
        actual: Amounts::UNKNOWN,
        expected: Three::all(None),
        expected_leads_given_clicks: None,
    };
    let Some(of) = recent.len().checked_sub(hours).and_then(|from| recent.get(from..)) else {
        return nothing;
    };
    let actual = of.iter().fold(Amounts::ZERO, |sum, hour| sum.plus(hour.actual));
    let leads = |hour: &Hour| {
        let grown = hour.share.leads / hour.share.clicks;
        Some(to_f64(hour.actual.clicks?) * cvr? * grown).filter(|leads| leads.is_finite())
    };
    // What is not known is not compared.
    let comparable = |figure: Option<f64>, known: Option<Decimal>| known.and(figure);
    Window {
        actual,
        expected: expected(of).with(actual, comparable),
        expected_leads_given_clicks: of.iter().map(leads).sum(),
        ..nothing
    }
}

/// Leads per click of the hours before the newest of `closed`.
fn baseline_cvr(past: &Past<'_>, closed: &[Slot]) -> Option<f64> {
    let before = closed.get(..closed.len().checked_sub(RECENT)?)?;
    let known = before.iter().filter_map(|slot| {
        let Three { clicks, leads, .. } = past.grown(slot);
        clicks.zip(leads)
    });
    let (mut count, mut sums) = (0, (0.0, 0.0));
    for (clicks, leads) in known {
        count += 1;
        sums = (sums.0 + clicks, sums.1 + leads);
    }
    (enough(count) && sums.0 > 0.0).then(|| (sums.1 / sums.0).max(0.0))
}

fn today_band(
    past: &mut Past<'_>,
    today: &[Hour],
    expected: Three<Option<f64>>,
    at: Timestamp,
    quantile: f64,
) -> Option<Band> {
    let (leads, revenue) = (expected.leads?, expected.revenue?);
    let weeks = weekly(today, |week| week.revenue).len();
    let shares: Shares =
        today.iter().map(|hour| (hour.slot.label.hour(), hour.share.revenue)).collect();
    let date = local_date(at, past.zone);
    band(past, date, &shares, Expected { leads, revenue, weeks }, quantile)
}

#[cfg(test)]
mod tests;
