//! What each offer, source and country did in each hour.
//!
//! The API breaks down whole days only, so an hour's share is how much a member's row of `today`
//! grew between the hour's beginning and its end: its *flow*. It may be negative (trap T9).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::{Amounts, Three};
use super::flows::{Flow, Hourly};
use super::layout::Slot;
use super::micros::Micros;
use crate::figures::taprain::{Breakdown, Figures};
use crate::figures::{OTHER, or_none};
use crate::label;

/// An answer counts as made at an hour's end when it was made at most so many seconds after it,
/// or, at the day's end, before it.
const NEAR: i64 = 600;

/// Rows of a list that are compared from hour to hour; flows of further ones are in `(other)`.
const MOST_COMPARED: usize = 300;

/// One dimension's members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Members {
    flows: Hourly,
    standing: Option<Standing>,
}

/// A day's rows as they stood at an hour's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    /// The hour's end, in unix seconds.
    at: i64,
    /// When the answer was made.
    made: i64,
    /// By name, the largest only.
    rows: BTreeMap<String, Flow>,
    /// All rows together, and whatever no row speaks of.
    sum: Flow,
    /// Whether every member has its row.
    all: bool,
}

/// One live answer about one dimension.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) made: i64,
    pub(super) summary: &'a Figures,
    pub(super) breakdown: &'a Breakdown,
    pub(super) limit: usize,
}

impl Members {
    pub(super) const fn flows(&self) -> &Hourly {
        &self.flows
    }

    pub(super) fn forget(&mut self, before: i64) {
        self.flows.forget(before);
    }

    #[cfg(test)]
    pub(super) fn put(&mut self, start: i64, flows: Vec<(String, Flow)>, limit: usize) {
        self.flows.put(start, flows, limit);
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.flows.bytes()
    }

    /// Takes note of the rows if they were read about when an hour ended.
    pub(super) fn observe(&mut self, look: &Look<'_>) {
        let Some(slot) = look.slots.iter().rev().find(|slot| closes(slot, look)) else { return };
        let Some(now) = Standing::of(look, slot.end) else { return };
        let known = self.standing.as_ref();
        if known.is_some_and(|known| now.made <= known.made) {
            return;
        }
        let last = look.slots.last().is_some_and(|last| last.start == slot.start);
        // After an hour the first answer is the nearest; at the day's end the last one is.
        if known.is_some_and(|known| known.at == slot.end) && !last {
            return;
        }
        let first = look.slots.first().is_some_and(|first| first.start == slot.start);
        let midnight = Standing {
            at: slot.start,
            made: slot.start,
            rows: BTreeMap::new(),
            sum: Flow::ZERO,
            all: true,
        };
        let before =
            if first { Some(&midnight) } else { known.filter(|known| known.at == slot.start) };
        if let Some(before) = before {
            self.flows.put(slot.start, grown(before, &now), look.limit);
        }
        // The day's last hour is compared with its beginning again and again, until midnight.
        if !last {
            self.standing = Some(now);
        }
    }
}

/// Whether the answer was made about when `slot` ended.
fn closes(slot: &Slot, look: &Look<'_>) -> bool {
    let late = look.made - slot.end;
    let last = look.slots.last().is_some_and(|last| last.start == slot.start);
    (0..=NEAR).contains(&late) || (last && (-NEAR..0).contains(&late))
}

impl Standing {
    fn of(look: &Look<'_>, at: i64) -> Option<Self> {
        let sum = flow(look.summary)?;
        let (mut rows, mut listed) = (BTreeMap::<String, Flow>::new(), Flow::ZERO);
        for (name, figures) in look.breakdown.as_ref()? {
            let row = flow(figures)?;
            listed = listed.plus(row);
            let (name, _) = label::clean(or_none(name.as_deref()));
            let known = rows.entry(name.into_owned()).or_insert(Flow::ZERO);
            *known = known.plus(row);
        }
        rows.remove(OTHER);
        let mut all = listed == sum;
        if rows.len() > MOST_COMPARED {
            let mut ranked: Vec<_> = rows.into_iter().collect();
            ranked.sort_by(|a, b| b.1.rank().cmp(&a.1.rank()).then_with(|| a.0.cmp(&b.0)));
            ranked.truncate(MOST_COMPARED);
            rows = ranked.into_iter().collect();
            all = false;
        }
        Some(Self { at, made: look.made, rows, sum, all })
    }
}

pub(super) fn flow(figures: &Figures) -> Option<Flow> {
    let Three { clicks, leads, revenue } = Amounts::from(figures);
    let micros = |amount: Option<_>| amount.and_then(Micros::of);
    Some(Flow(Three { clicks: micros(clicks)?, leads: micros(leads)?, revenue: micros(revenue)? }))
}

/// What each member grew by, and under [`OTHER`] what nobody did.
///
/// A row that was not there before is new, and grew from nothing; unless the list was cut, or a row
/// with clicks is gone: clicks are not taken back, so it has another name now.
fn grown(before: &Standing, now: &Standing) -> Vec<(String, Flow)> {
    let gone = |name: &String| !now.rows.contains_key(name);
    let renamed = now.all && before.rows.iter().any(|(name, row)| row.busy() && gone(name));
    let mut rest = now.sum.minus(before.sum);
    let mut flows = Vec::new();
    for (name, row) in &now.rows {
        let start = match before.rows.get(name) {
            Some(start) => *start,
            None if before.all && !renamed => Flow::ZERO,
            None => continue,
        };
        let flow = row.minus(start);
        rest = rest.minus(flow);
        flows.push((name.clone(), flow));
    }
    flows.push((OTHER.to_owned(), rest));
    flows
}
