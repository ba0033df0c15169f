//! What a day at Klar is expected to be: the four same weekdays before it, at equal maturity.
//!
//! A day goes on growing after it has closed (trap K16), so yesterday as it is now is compared with
//! those days as they were first seen, and not with what they are today. One odd week, a holiday
//! or an outage, does not move the expectation beyond what the other weeks were.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use rust_decimal::Decimal;

use crate::figures::OTHER;
use crate::figures::closed::Sums;
use crate::figures::fold::{fold, total};
use crate::history::{Day, History};
use crate::model::range::day_start;

/// How many weeks are looked back on.
pub const WEEKS: u32 = 4;

/// How many of them must be known.
const ENOUGH: usize = 3;

/// A day that was first seen no later than this after its end was seen as fresh as yesterday is.
const FRESH: SignedDuration = SignedDuration::from_hours(36);

/// What a day is expected to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The days that it rests on, 3 or 4; 0 where too few are known to expect anything.
    pub weeks: u32,
    /// Whether days are among them that were read when they had settled; then only orders and
    /// gross revenue are expected, which returns and retrained models move least.
    pub cold: bool,
    /// Orders, net and gross revenue and cost by channel; what is unknown is `None`.
    pub channels: BTreeMap<String, Sums>,
}

/// What `view` may expect of `date`, by at most `limit` channels and the rest as `(other)`.
///
/// Each figure is the centre of the days: the median of three, the mean of the middle two of
/// four. A channel that a day does not have was 0 on it, unless that day was folded: then it may
/// be among the rest, and nobody knows.
pub fn baseline(
    history: &History,
    view: &str,
    date: Date,
    zone: &TimeZone,
    limit: usize,
) -> Baseline {
    let weeks = (1..=i64::from(WEEKS)).map(|week| date.saturating_sub((7 * week).days()));
    let weeks: BTreeSet<Date> = weeks.collect();
    let known = history.days(view).filter(|(date, day)| weeks.contains(date) && is_known(day));
    let known: Vec<(Date, &Day)> = known.collect();
    let fresh: Vec<&Day> = known
        .iter()
        .filter(|(date, day)| is_fresh(*date, day, zone))
        .map(|(_, day)| *day)
        .collect();
    if fresh.len() >= ENOUGH {
        return of(&fresh, false, limit);
    }
    let known: Vec<&Day> = known.into_iter().map(|(_, day)| day).collect();
    if known.len() >= ENOUGH { of(&known, true, limit) } else { Baseline::default() }
}

/// Whether the day's channels were kept.
fn is_known(day: &Day) -> bool {
    !day.channels.is_empty()
}

fn is_fresh(date: Date, day: &Day, zone: &TimeZone) -> bool {
    let end = day_start(date.saturating_add(1.day()), zone);
    day.first_seen.duration_since(end) <= FRESH
}

fn of(days: &[&Day], cold: bool, limit: usize) -> Baseline {
    let mut channels = centres(days, limit);
    if cold {
        for sums in channels.values_mut() {
            let Sums { gross_revenue, orders, .. } = *sums;
            *sums = Sums { gross_revenue, orders, ..Sums::default() };
        }
    }
    Baseline { weeks: u32::try_from(days.len()).unwrap_or(WEEKS), cold, channels }
}

/// What a day says of a channel.
#[derive(Clone, Copy, Debug)]
enum Said {
    Figures(Sums),
    Nothing,
    Unknown,
}

fn centres(days: &[&Day], limit: usize) -> BTreeMap<String, Sums> {
    let names: BTreeSet<&String> = days.iter().flat_map(|day| day.channels.keys()).collect();
    let own = names.into_iter().filter(|name| *name != OTHER);
    let each = |name: &String| (name.clone(), centre(days.iter().map(|day| said(day, name))));
    let mut shown: BTreeMap<_, _> =
        fold(own.map(each).collect(), limit).shown.into_iter().collect();
    let rests: Vec<Option<Sums>> = days.iter().map(|day| rest(day, &shown)).collect();
    if rests.iter().any(Option::is_some) {
        let said = rests.into_iter().map(|rest| rest.map_or(Said::Nothing, Said::Figures));
        shown.insert(OTHER.to_owned(), centre(said));
    }
    shown
}

fn said(day: &Day, channel: &str) -> Said {
    match day.channels.get(channel) {
        Some(sums) => Said::Figures(*sums),
        None if day.channels.contains_key(OTHER) => Said::Unknown,
        None => Said::Nothing,
    }
}

/// What a day has beside the channels that are `shown`.
fn rest(day: &Day, shown: &BTreeMap<String, Sums>) -> Option<Sums> {
    let others = day.channels.iter().filter(|(name, _)| !shown.contains_key(*name));
    total(others.map(|(_, sums)| sums))
}

fn centre(days: impl Iterator<Item = Said>) -> Sums {
    let days: Vec<Said> = days.collect();
    let figure = |figure: fn(&Sums) -> Option<Decimal>| {
        let values = days.iter().filter_map(|said| match said {
            Said::Figures(sums) => figure(sums),
            Said::Nothing => Some(Decimal::ZERO),
            Said::Unknown => None,
        });
        // Where no day has the figure, as an organic channel no cost, there is none to expect.
        let has = |said: &Said| matches!(said, Said::Figures(sums) if figure(sums).is_some());
        days.iter().any(has).then(|| middle(values.collect())).flatten()
    };
    Sums {
        revenue: figure(|sums| sums.revenue),
        gross_revenue: figure(|sums| sums.gross_revenue),
        cost: figure(|sums| sums.cost),
        orders: figure(|sums| sums.orders),
        ..Sums::default()
    }
}

/// The median; of an even number the mean of the middle two; `None` of too few.
fn middle(mut values: Vec<Decimal>) -> Option<Decimal> {
    values.sort_unstable();
    let count = values.len();
    if count < ENOUGH {
        return None;
    }
    let (low, high) = (*values.get((count - 1) / 2)?, *values.get(count / 2)?);
    if low == high { Some(low) } else { low.checked_add(high)?.checked_div(Decimal::TWO) }
}

#[cfg(test)]
mod tests;
