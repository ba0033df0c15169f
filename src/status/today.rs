//! TapRain's today: what came in, what was to be expected, and from where.

use serde::Serialize;

use super::columns::{Counts, Figures};
use super::sheet::{by_whole, name, rows, shown, single, slot, value};
use super::span;
use super::top::Top;
use crate::clock::Tick;
use crate::snapshot::{AccountPart, Good, Group, Row};

/// The range that is today.
const TODAY: &str = "today";

/// One view's today.
#[derive(Clone, Debug, Serialize)]
pub struct Today {
    /// The `view` label.
    pub view: String,
    /// Whether it stands for the account in totals and verdicts: it is the first without filters.
    pub whole: bool,
    /// Seconds since these figures arrived.
    pub data_age_seconds: f64,
    /// What came in.
    #[serde(flatten)]
    pub figures: Figures,
    /// What is usual by this time of day.
    pub expected: Expected,
    /// The last closed hours beside what is usual of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Hours that have begun; left out of a brief status, as are the lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hour>,
    /// By offer.
    #[serde(skip_serializing_if = "Top::is_empty")]
    pub offers: Top,
    /// By traffic source (s2).
    #[serde(skip_serializing_if = "Top::is_empty")]
    pub sources: Top,
    /// By country.
    #[serde(skip_serializing_if = "Top::is_empty")]
    pub countries: Top,
}

/// What today should have by now; every figure is absent until enough weeks are known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Expected {
    /// Clicks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// Leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// Revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
    /// Where revenue seldom lies below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue_low: Option<f64>,
    /// Where revenue seldom lies above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue_high: Option<f64>,
    /// The share of quiet days whose revenue lies between the two, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_ratio: Option<f64>,
    /// Leads per click of the last week, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_cvr_ratio: Option<f64>,
    /// On how many of the last four weeks it rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_weeks: Option<f64>,
}

/// Some closed hours.
#[derive(Clone, Debug, Serialize)]
pub struct Window {
    /// The `window` label: `3h`.
    pub window: String,
    /// Leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// Revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
    /// Leads that are usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_leads: Option<f64>,
    /// Revenue that is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_revenue: Option<f64>,
}

/// One hour of the day.
#[derive(Clone, Debug, Serialize)]
pub struct Hour {
    /// The `hour` label, `00` to `23`, local to the account.
    pub hour: String,
    /// What came in.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Today of every view that has figures; the one that stands for the account first.
pub(super) fn views(part: &AccountPart, now: Tick, detail: bool) -> Vec<Today> {
    let of = |view: &str, whole| {
        let slot = slot(part, view, TODAY)?;
        Some(Today::of(view, whole, shown(slot, now)?, now, detail))
    };
    by_whole(part, detail, of)
}

impl Today {
    fn of(view: &str, whole: bool, good: &Good, now: Tick, detail: bool) -> Self {
        let summary = rows(&good.sheet, Group::TapRainSummary).first();
        let top = |group, label| {
            if detail { Top::of(rows(&good.sheet, group), label) } else { Top::default() }
        };
        let hours = if detail { rows(&good.sheet, Group::TapRainHour) } else { &[] };
        Self {
            view: view.to_owned(),
            whole,
            data_age_seconds: span(now.since(good.arrived)),
            figures: summary.map(Figures::of).unwrap_or_default(),
            expected: Expected::of(good),
            windows: windows(good),
            hours: hours.iter().map(Hour::of).collect(),
            offers: top(Group::TapRainOffer, "offer"),
            sources: top(Group::TapRainSource, "source"),
            countries: top(Group::TapRainCountry, "country"),
        }
    }
}

impl Expected {
    fn of(good: &Good) -> Self {
        let figure = |column| single(&good.sheet, Group::TapRainExpected, column);
        Self {
            clicks: figure(0),
            leads: figure(1),
            revenue: figure(2),
            revenue_low: figure(3),
            revenue_high: figure(4),
            band_ratio: figure(5),
            baseline_cvr_ratio: single(&good.sheet, Group::TapRainBaseline, 0),
            baseline_weeks: single(&good.sheet, Group::TapRainBaseline, 1),
        }
    }
}

impl Hour {
    fn of(row: &Row) -> Self {
        Self { hour: name(row, "hour").into_owned(), counts: Counts::of(row) }
    }
}

fn windows(good: &Good) -> Vec<Window> {
    let expected = rows(&good.sheet, Group::TapRainExpectedWindow);
    let window = |row: &Row| {
        let window = name(row, "window");
        let usual = expected.iter().find(|other| name(other, "window") == window);
        Window {
            leads: value(row, 1),
            revenue: value(row, 2),
            expected_leads: usual.and_then(|usual| value(usual, 1)),
            expected_revenue: usual.and_then(|usual| value(usual, 2)),
            window: window.into_owned(),
        }
    };
    rows(&good.sheet, Group::TapRainWindow).iter().map(window).collect()
}
