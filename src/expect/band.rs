//! The band that today's revenue usually lies in.
//!
//! Around what is expected, E, revenue varies for two reasons. Leads come by chance: a sum of many
//! small payouts, whose variance is `s E`, where `s` is what a lead pays plus the variance of that
//! over its mean. And days differ: `d E`, where the variance of `d` is what earlier days differed
//! from their own expectation by, at the same time of the day, less what chance explains of that.
//! E itself comes from a few weeks that vary alike. The shape is a gamma distribution's, positive
//! and skewed, with Student's wider tails for a variance known from some thirty days.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::centre::{middle, spread, variance};
use super::odds::{gamma, student};
use super::weeks::{Known, Past};
use crate::hours::KEPT_DAYS;

/// Days that must be comparable before a band is shown.
const FEWEST_DAYS: usize = 12;

/// What today's revenue usually lies between, in major units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The low end; 0 while no lead at all would be nothing unusual.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// What is expected of today so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) leads: f64,
    pub(super) revenue: f64,
    /// How many weeks say so.
    pub(super) weeks: usize,
}

/// Revenue of a day up to the present time of day, in which each hour counts as much as it does
/// today.
#[derive(Clone, Copy, Debug)]
struct SoFar {
    sum: f64,
    /// Each hour's weight squared, for what chance explains.
    chance: f64,
}

/// How much of each hour of the day shows by now, from 0 to 1 and a little more.
pub(super) type Shares = BTreeMap<i8, f64>;

/// The band of the part `quantile` (0 to 1), around what is expected; `None` without history.
pub(super) fn band(
    past: &mut Past<'_>,
    today: Date,
    shares: &Shares,
    expected: Expected,
    quantile: f64,
) -> Option<Band> {
    let tail = (1.0 - quantile.clamp(0.5, 0.999)) / 2.0;
    let lead = worth(past, today)?;
    let (days, believed) = differences(past, today, shares, lead)?;
    let Expected { leads, revenue, weeks } = expected;
    let around = 1.0 + variance(weeks);
    let spread = around * (days * revenue * revenue + lead * revenue);
    if revenue <= 0.0 || !spread.is_finite() {
        return None;
    }
    let z = student(1.0 - tail, believed as f64 * EVIDENCE);
    let none = libm::exp(-leads.max(0.0));
    let low = if none > tail { 0.0 } else { gamma(revenue, spread, -z) };
    // Just after midnight even the high end of what is likely is nothing, and still less is no news.
    let high = gamma(revenue, spread, z);
    Some(Band { low: low.min(revenue), high: high.max(revenue) })
}

/// Differences of days to their neighbours are not independent: so much of one is a degree of
/// freedom.
const EVIDENCE: f64 = 0.4;

/// Variance of revenue for each unit of it, by leads coming one by one; in major units.
///
/// The median of the kept days, of which a day of chargebacks is only one.
fn worth(past: &mut Past<'_>, today: Date) -> Option<f64> {
    let mut days = Vec::new();
    for back in 1..=KEPT_DAYS {
        let slots = past.day(today.saturating_sub(back.days()));
        let known = slots.iter().filter_map(|known| known.grown.leads.zip(known.grown.revenue));
        let hours: Vec<(f64, f64)> = known.filter(|(leads, _)| *leads > 0.0).collect();
        let leads: f64 = hours.iter().map(|hour| hour.0).sum();
        let each = hours.iter().map(|hour| hour.1).sum::<f64>() / leads;
        let squares: f64 = hours.iter().map(|(leads, money)| (money - each * leads).powi(2)).sum();
        let count = hours.len() as f64;
        if count >= 2.0 && each > 0.0 {
            days.push((each, squares / leads * count / (count - 1.0)));
        }
    }
    let each = middle(&days.iter().map(|day| day.0).collect::<Vec<_>>())?;
    let squares = middle(&days.iter().map(|day| day.1).collect::<Vec<_>>())?;
    Some(each + squares / each)
}

/// The variance by which days differ from what is expected of them, without chance, and how many
/// days say so.
fn differences(
    past: &mut Past<'_>,
    today: Date,
    shares: &Shares,
    lead: f64,
) -> Option<(f64, usize)> {
    let kept = 1..=KEPT_DAYS;
    let days: Vec<Option<SoFar>> =
        kept.map(|back| so_far(past, today.saturating_sub(back.days()), shares)).collect();
    let (mut off, mut chance) = (Vec::new(), Vec::new());
    for (index, day) in days.iter().enumerate() {
        let Some(day) = day else { continue };
        let weekday =
            days.iter().enumerate().filter(|(other, _)| *other != index && other % 7 == index % 7);
        let others: Vec<f64> = weekday.filter_map(|(_, day)| day.map(|day| day.sum)).collect();
        let Some(centre) = middle(&others).filter(|centre| *centre > 0.0 && others.len() > 1)
        else {
            continue;
        };
        off.push((day.sum - centre) / centre / (1.0 + variance(others.len())).sqrt());
        chance.push(lead * day.chance / (centre * centre));
    }
    if off.len() < FEWEST_DAYS {
        return None;
    }
    let (spread, believed) = spread(&off)?;
    Some(((spread - middle(&chance)?).max(0.0), believed))
}

fn so_far(past: &mut Past<'_>, date: Date, shares: &Shares) -> Option<SoFar> {
    let mut so_far = SoFar { sum: 0.0, chance: 0.0 };
    for Known { slot, grown } in past.day(date) {
        let Some(share) = shares.get(&slot.label.hour()).copied() else { continue };
        let revenue = grown.revenue?;
        so_far.sum += revenue * share;
        so_far.chance += revenue * share * share;
    }
    Some(so_far)
}
