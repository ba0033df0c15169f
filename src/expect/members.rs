//! What each offer, source and country did, and what it was expected to.

use jiff::Timestamp;

use super::centre::centre;
use super::weeks::{Past, WEEKS};
use super::{HISTORY, RECENT, enough};
use crate::hours::amounts::Three;
use crate::hours::layout::{self, Slot};

/// The windows of members, in hours.
pub const MEMBER_WINDOWS: [usize; 3] = [1, 6, 24];

/// Flows are whole millionths, so that sums of them are exact.
const ONE: f64 = 1_000_000.0;

/// One member of a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its cleaned name; `(other)` for all that were too small.
    pub name: Box<str>,
    /// By [`MEMBER_WINDOWS`].
    pub windows: [MemberWindow; 3],
    /// Leads per click, 0 to 1, of the last seven days without the last.
    pub baseline_cvr: Option<f64>,
}

/// What a member did in a window, and what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemberWindow {
    /// What came in during the window, whenever it was clicked; exact. `None` where an hour is
    /// unknown.
    pub actual: Option<Three<f64>>,
    /// The same of the last four weeks, in the middle.
    pub expected: Option<Three<f64>>,
}

/// Sums of the newest hours, by member; `None` from the first unknown hour on.
type Sums = [Option<Vec<Three<f64>>>; MEMBER_WINDOWS.len()];

/// The members of a dimension that did anything in the last 24 hours, or were expected to.
pub(super) fn members(past: &mut Past<'_>, dimension: usize, at: Timestamp) -> Vec<Member> {
    let names = past.hours.members(dimension);
    if names.is_empty() {
        return Vec::new();
    }
    let closed = layout::closed(at.as_second(), HISTORY, past.zone);
    let recent = closed.get(closed.len().saturating_sub(RECENT)..).unwrap_or(&closed);
    let actual = sums(past, dimension, recent, 0);
    let weeks: Vec<Sums> = (1..=WEEKS).map(|week| sums(past, dimension, recent, week)).collect();
    let rates = rates(past, dimension, &closed);
    let member = |(place, name): (usize, &str)| {
        let at = |sums: &Sums, window: usize| sums[window].as_ref()?.get(place).copied();
        let window = |window: usize| {
            let weeks: Vec<Three<f64>> = weeks.iter().filter_map(|week| at(week, window)).collect();
            let middle = |figure: fn(&Three<f64>) -> f64| {
                centre(&weeks.iter().map(figure).collect::<Vec<_>>())
            };
            let expected = || {
                let (clicks, leads) = (middle(|week| week.clicks)?, middle(|week| week.leads)?);
                Some(Three { clicks, leads, revenue: middle(|week| week.revenue)? })
            };
            let scaled = |three: Three<f64>| three.map(|figure| figure / ONE);
            MemberWindow {
                actual: at(&actual, window).map(scaled),
                expected: expected().map(scaled),
            }
        };
        let windows = [0, 1, 2].map(window);
        let busy = |three: Option<Three<f64>>| three.is_some_and(|three| three != Three::all(0.0));
        let MemberWindow { actual, expected } = windows[2];
        let baseline_cvr = rates.as_ref().and_then(|rates| *rates.get(place)?);
        (busy(actual) || busy(expected)).then(|| Member {
            name: name.into(),
            windows,
            baseline_cvr,
        })
    };
    names.iter().map(|name| &**name).enumerate().filter_map(member).collect()
}

/// The sums of `recent` hours, newest first, as they were `weeks` weeks ago.
fn sums(past: &mut Past<'_>, dimension: usize, recent: &[Slot], weeks: usize) -> Sums {
    let mut found = Sums::default();
    let mut sum = vec![Three::all(0.0); past.hours.members(dimension).len()];
    for (count, slot) in (1..).zip(recent.iter().rev()) {
        let parts = if weeks == 0 {
            [Some((slot.start, 1.0)), None]
        } else {
            past.weeks_ago(slot, weeks)
                .map(|part| part.map(|(known, share)| (known.slot.start, share)))
        };
        for (start, share) in parts.into_iter().flatten() {
            let Some(flows) = past.hours.flows(dimension, start) else { return found };
            for (place, flow) in flows {
                let Some(sum) = sum.get_mut(place) else { continue };
                *sum = sum.with(flow, |sum, flow| sum + flow * share);
            }
        }
        if let Some(window) = MEMBER_WINDOWS.iter().position(|window| *window == count) {
            found[window] = Some(sum.clone());
        }
    }
    found
}

/// Leads per click of each member before the last 24 hours; `None` while too much is unknown.
fn rates(past: &Past<'_>, dimension: usize, closed: &[Slot]) -> Option<Vec<Option<f64>>> {
    let before = closed.get(..closed.len().checked_sub(RECENT)?)?;
    let mut sums = vec![(0.0, 0.0); past.hours.members(dimension).len()];
    let mut known = 0;
    for flows in before.iter().filter_map(|slot| past.hours.flows(dimension, slot.start)) {
        known += 1;
        for (place, flow) in flows {
            let Some((clicks, leads)) = sums.get_mut(place) else { continue };
            *clicks += flow.clicks;
            *leads += flow.leads;
        }
    }
    let rate = |(clicks, leads): (f64, f64)| (clicks > 0.0).then(|| (leads / clicks).max(0.0));
    enough(known).then(|| sums.into_iter().map(rate).collect())
}
