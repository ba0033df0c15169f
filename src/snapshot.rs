//! What is known right now, immutable, swapped whole.
//!
//! Each account publishes its own [`AccountPart`]; a [`Snapshot`] is one consistent set of them.
//! Figures are kept as they are shown: labels escaped once, values in the catalogue's columns.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::budget::Budget;
use crate::clock::{Moment, Tick};
use crate::model::{AccountState, Api};

/// One consistent set of everything known.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// In the configuration's order, TapRain first.
    pub accounts: Vec<Arc<AccountPart>>,
}

impl Snapshot {
    /// How many vendor series it holds, those that are too old to be shown included.
    pub fn series(&self) -> usize {
        let slots = self.accounts.iter().flat_map(|account| &account.slots);
        slots.filter_map(|slot| slot.good.as_ref()).map(|good| good.series).sum()
    }
}

/// What is known of one account.
#[derive(Clone, Debug)]
pub struct AccountPart {
    /// Which API it belongs to.
    pub api: Api,
    /// The `account` label, as configured.
    pub account: Arc<str>,
    /// The zone's IANA name.
    pub timezone: Arc<str>,
    /// ISO 4217.
    pub currency: Arc<str>,
    /// `None` until the first request was answered.
    pub state: Option<AccountState>,
    /// Whether the last request succeeded; `None` until the first one was answered.
    pub up: Option<bool>,
    /// When the access token ends (Klar only).
    pub token_expiry: Option<Timestamp>,
    /// The live ledger; read at scrape time, because it changes by waiting.
    pub budget: Arc<Mutex<Budget>>,
    /// One slot for each (view, range), in the configuration's order.
    pub slots: Vec<Slot>,
}

/// What is known of one (view, range).
#[derive(Clone, Debug)]
pub struct Slot {
    /// The `view` label, as configured.
    pub view: Arc<str>,
    /// The `range` label.
    pub range: Arc<str>,
    /// The interval the budget really allows.
    pub interval: Duration,
    /// Whether the last attempt gave figures; `None` before the first.
    pub up: Option<bool>,
    /// When the last good answer arrived.
    pub last_success: Option<Timestamp>,
    /// The last good answer, and how long it may be shown.
    pub good: Option<Good>,
}

/// Figures and the time they hold for.
#[derive(Clone, Debug)]
pub struct Good {
    /// The figures.
    pub sheet: Arc<Sheet>,
    /// How many series they are.
    pub series: usize,
    /// Stale from this tick on: `max(3 x interval, 15 min)` after they arrived.
    pub fresh_until: Tick,
    /// Dead from this instant on, when the range's dates have moved; `None` for fixed dates.
    pub range_ends: Option<Timestamp>,
}

impl Good {
    /// Whether the figures may be shown at `now`.
    pub fn lives(&self, now: Moment) -> bool {
        now.tick < self.fresh_until && self.range_ends.is_none_or(|end| now.wall < end)
    }
}

/// The figures of one good answer, ready to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Tables, at most one for each group, ordered by group.
    pub tables: Vec<Table>,
    /// How many rows went into `(other)`, by dimension, in the contract's order.
    pub folded: Vec<(&'static str, u64)>,
}

impl Sheet {
    /// How many series it shows.
    pub fn series(&self) -> usize {
        self.tables
            .iter()
            .flat_map(|table| &table.rows)
            .map(|row| row.values.iter().filter(|value| value.is_some()).count())
            .sum()
    }
}

/// Rows that share their columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Which columns.
    pub group: Group,
    /// In the order they are shown; no two have the same labels.
    pub rows: Vec<Row>,
}

/// One label set and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// All labels but `currency` and `horizon`, escaped, as they stand between the braces:
    /// `account="main",view="all",range="today",country="GB"`.
    pub labels: Box<str>,
    /// One value a column of the group; `None` is unknown and not shown.
    pub values: Box<[Option<f64>]>,
}

/// A set of metrics that share their labels; the catalogue names each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// `taprain_clicks` and its kin: clicks, leads, revenue, cvr (0 to 1), epc.
    TapRainSummary,
    /// `taprain_country_*`: the same five.
    TapRainCountry,
    /// `taprain_source_*`: the same five.
    TapRainSource,
    /// `taprain_offer_*`: the same five.
    TapRainOffer,
    /// `taprain_hour_*`: clicks, leads, revenue.
    TapRainHour,
    /// `taprain_unattributed_*`: clicks, leads, revenue.
    TapRainUnattributed,
    /// `taprain_range_start_…`, `…_range_end_…`, `…_generated_…`: Unix seconds.
    TapRainMeta,
    /// `klar_*` by channel: the columns of [`KLAR_COLUMNS`].
    KlarChannel,
    /// `klar_campaign_*`: the same.
    KlarCampaign,
    /// `klar_ad_group_*`: the same.
    KlarAdGroup,
    /// `klar_ad_level_*`: the same.
    KlarAd,
    /// `klar_report_rows`, `klar_latest_data_date_timestamp_seconds`.
    KlarReport,
}

/// Klar's columns, by the API's field names, in the order of a [`Row`]'s values.
pub const KLAR_COLUMNS: [&str; 18] = [
    "orders",
    "nc",
    "rc",
    "netRevenue",
    "grossRevenue",
    "ncNetRevenue",
    "ncGrossRevenue",
    "rcNetRevenue",
    "rcGrossRevenue",
    "cost",
    "cm1",
    "cm2",
    "acm2",
    "clv_30",
    "clv_60",
    "clv_90",
    "clicks",
    "impressions",
];
