//! Klar's channels: what each is credited with, what it cost, and what that returned.

use serde::Serialize;

use super::sheet::{by_whole, name, parted, ratio, rows, shown, slot, sum, top, value};
use super::span;
use crate::clock::Tick;
use crate::snapshot::{AccountPart, Good, Group, Row, Slot};

/// The columns of a channel's row, as [`crate::snapshot::KLAR_COLUMNS`] has them.
const ORDERS: usize = 0;
const NET_REVENUE: usize = 3;
const COST: usize = 9;

/// One view of one shop.
#[derive(Clone, Debug, Serialize)]
pub struct Attribution {
    /// The `view` label.
    pub view: String,
    /// Whether it stands for the account in totals: the first whose channels may be added up.
    pub whole: bool,
    /// The `range` label: `today`, or the view's first range where it does not ask for that.
    pub range: String,
    /// The `model` label.
    pub model: String,
    /// The `attribution_window` label.
    pub attribution_window: String,
    /// The `date_basis` label.
    pub date_basis: String,
    /// Seconds since these figures arrived.
    pub data_age_seconds: f64,
    /// All channels together; absent for models that give full credit several times (trap K13).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Sums>,
    /// At most [`TOP`](super::TOP), highest net revenue first; left out of a brief status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// The channels after them, added up; absent where there are none, and as `total` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// What the exporter folded into `(other)`; absent where it folded nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Channel>,
}

/// One channel.
#[derive(Clone, Debug, Serialize)]
pub struct Channel {
    /// Its name as the vendor has it: untrusted text.
    pub name: String,
    /// What it has.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Several channels together.
#[derive(Clone, Debug, Serialize)]
pub struct Rest {
    /// How many.
    pub members: usize,
    /// What they have.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What is credited, and what it cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sums {
    /// Orders, in fractions; like every figure absent where the vendor did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<f64>,
    /// Net revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_revenue: Option<f64>,
    /// Cost in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Net revenue for each unit of cost, of the channels that cost something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roas_ratio: Option<f64>,
}

/// Every view that has figures; the one that stands for the account first.
pub(super) fn views(part: &AccountPart, now: Tick, detail: bool) -> Vec<Attribution> {
    let of = |view: &str, whole| {
        let first = || part.slots.iter().find(|slot| *slot.view == *view);
        let slot = slot(part, view, "today").or_else(first)?;
        Some(Attribution::of(slot, whole, shown(slot, now)?, now, detail))
    };
    by_whole(part, detail, of)
}

impl Attribution {
    fn of(slot: &Slot, whole: bool, good: &Good, now: Tick, detail: bool) -> Self {
        let all = rows(&good.sheet, Group::KlarChannel);
        // Beside a yesterday stands what was expected of it, under a range of its own.
        let all: Vec<&Row> = all.iter().filter(|row| name(row, "range") == *slot.range).collect();
        let word = |label| all.first().map(|row| name(row, label).into_owned()).unwrap_or_default();
        let model = word("model");
        let adds_up = !model.starts_with("any_click");
        let together = |rows: &[&Row]| adds_up.then(|| Sums::of(rows));
        let (named, other) = parted(all.iter().copied(), "channel");
        let (top, rest) = top(&named);
        let rest = (!rest.is_empty()).then(|| Some((rest.len(), together(rest)?))).flatten();
        let (top, rest, other) = if detail { (top, rest, other) } else { (&[][..], None, None) };
        Self {
            view: slot.view.to_string(),
            whole,
            range: slot.range.to_string(),
            attribution_window: word("attribution_window"),
            date_basis: word("date_basis"),
            data_age_seconds: span(now.since(good.arrived)),
            total: together(&all),
            channels: top.iter().map(|row| Channel::of(row)).collect(),
            rest: rest.map(|(members, sums)| Rest { members, sums }),
            other: other.map(Channel::of),
            model,
        }
    }
}

impl Channel {
    fn of(row: &Row) -> Self {
        Self { name: name(row, "channel").into_owned(), sums: Sums::of(&[row]) }
    }
}

impl Sums {
    fn of(rows: &[&Row]) -> Self {
        let column = |column| sum(rows.iter().map(|row| value(row, column)));
        let paid = || rows.iter().filter(|row| value(row, COST).is_some_and(|cost| cost > 0.0));
        let returned = sum(paid().map(|row| value(row, NET_REVENUE)));
        let spent = sum(paid().map(|row| value(row, COST)));
        Self {
            orders: column(ORDERS),
            net_revenue: column(NET_REVENUE),
            cost: column(COST),
            roas_ratio: ratio(returned, spent),
        }
    }
}
