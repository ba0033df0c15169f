//! What is known right now, immutable, swapped whole.
//!
//! Each account publishes its own [`AccountPart`]; a [`Snapshot`] is one consistent set of them.
//! Figures are kept as they are shown: labels escaped once, values in the catalogue's columns.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::budget::Budget;
use crate::clock::Tick;
use crate::model::{AccountState, Api};
use crate::plan::Plan;

/// One consistent set of everything known.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// In the configuration's order, TapRain first.
    pub accounts: Vec<Arc<AccountPart>>,
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
    /// Its collector failed, and the one that was started after it had no answer yet.
    pub broken: bool,
    /// When the access token ends (Klar only).
    pub token_expiry: Option<Timestamp>,
    /// The live ledger; read at scrape time, because it changes by waiting.
    pub budget: Arc<Mutex<Budget>>,
    /// How what is asked fits the budget.
    pub plan: Plan,
    /// The first view that leaves nothing out and counts nothing twice, so that it can stand for the
    /// account: of TapRain without filters, of Klar without a model whose channels sum to more than
    /// there is (trap K13). `None` where there is none.
    pub whole: Option<Arc<str>>,
    /// One slot for each (view, range), in the configuration's order.
    pub slots: Vec<Slot>,
}

impl AccountPart {
    /// How many vendor series it holds, those that are too old to be shown included.
    pub fn series(&self) -> usize {
        self.slots.iter().filter_map(|slot| slot.good.as_ref()).map(|good| good.series).sum()
    }

    /// Whether `other` speaks of the same account.
    pub fn is_of(&self, other: &Self) -> bool {
        self.api == other.api && self.account == other.account
    }

    /// Takes over what `before` knew of the account: its state, its ledger, and the figures of every
    /// (view, range) that means the same.
    pub fn inherit(&mut self, before: &Self) {
        self.state = before.state;
        self.up = before.up;
        self.broken = before.broken;
        self.token_expiry = before.token_expiry;
        self.budget = Arc::clone(&before.budget);
        for slot in &mut self.slots {
            if let Some(old) = before.slots.iter().find(|old| old.means_the_same(slot)) {
                slot.inherit(old);
            }
        }
    }
}

/// What is known of one (view, range).
#[derive(Clone, Debug)]
pub struct Slot {
    /// The `view` label, as configured.
    pub view: Arc<str>,
    /// The `range` label.
    pub range: Arc<str>,
    /// Everything that decides what its figures mean; where this differs, so do they.
    pub meaning: Arc<str>,
    /// The interval that was asked for.
    pub every: Duration,
    /// The interval the budget really allows.
    pub interval: Duration,
    /// When it is wanted next, as of this publication, whatever the budget says then; `None` while a
    /// request for it is on its way, and before its collector has begun.
    pub next_due: Option<Tick>,
    /// Whether the last attempt gave figures; `None` before the first.
    pub up: Option<bool>,
    /// When the last good answer arrived.
    pub last_success: Option<Timestamp>,
    /// The last good answer, and how long it may be shown.
    pub good: Option<Good>,
}

impl Slot {
    fn means_the_same(&self, other: &Self) -> bool {
        self.view == other.view && self.range == other.range && self.meaning == other.meaning
    }

    /// Takes over the figures of a slot that means the same; how long they live is its own matter.
    fn inherit(&mut self, before: &Self) {
        self.up = before.up;
        self.last_success = before.last_success;
        self.good.clone_from(&before.good);
        if let Some(good) = &mut self.good {
            good.stale_from = stale_from(good.arrived, self.interval);
        }
    }
}

/// Figures and the time they hold for.
#[derive(Clone, Debug)]
pub struct Good {
    /// The figures.
    pub sheet: Arc<Sheet>,
    /// How many series they are.
    pub series: usize,
    /// When they arrived.
    pub arrived: Tick,
    /// They are too old from this tick on.
    pub stale_from: Tick,
    /// When the range's dates move on; `None` for fixed dates.
    pub ends: Option<End>,
}

/// The end of a range: as the calendar has it, and as the tick at which that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The first instant of the next day.
    pub at: Timestamp,
    /// The same in ticks, which nobody can set back.
    pub tick: Tick,
}

/// From when on figures that arrived then are too old: `max(3 x interval, 15 min)` later.
pub fn stale_from(arrived: Tick, interval: Duration) -> Tick {
    arrived + LEAST_STALE.max(interval * STALE_INTERVALS)
}

/// Figures are dropped when they are older than this many effective intervals ...
const STALE_INTERVALS: u32 = 3;

/// ... and never before this age.
const LEAST_STALE: Duration = Duration::from_secs(15 * 60);

impl Good {
    /// Whether the figures may be shown at `now`.
    pub fn lives(&self, now: Tick) -> bool {
        now < self.dies()
    }

    /// The first tick at which they may not be shown: they are stale, or their range has ended.
    pub fn dies(&self) -> Tick {
        self.ends.map_or(self.stale_from, |end| end.tick.min(self.stale_from))
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
    /// `taprain_expected_*` of today: clicks, leads, revenue, the band's low and high, its share.
    TapRainExpected,
    /// `taprain_baseline_cvr_ratio`, `…_weeks`, `taprain_window_lag_seconds`, `taprain_settle_seconds`.
    TapRainBaseline,
    /// `taprain_window_*`: clicks, leads, revenue.
    TapRainWindow,
    /// `taprain_expected_window_*`: clicks, leads, revenue, leads given clicks.
    TapRainExpectedWindow,
    /// `taprain_country_window_*`: clicks, leads, revenue.
    TapRainCountryWindow,
    /// `taprain_country_expected_window_*`: the same.
    TapRainCountryExpectedWindow,
    /// `taprain_country_baseline_cvr_ratio`.
    TapRainCountryBaseline,
    /// `taprain_source_window_*`: clicks, leads, revenue.
    TapRainSourceWindow,
    /// `taprain_source_expected_window_*`: the same.
    TapRainSourceExpectedWindow,
    /// `taprain_source_baseline_cvr_ratio`.
    TapRainSourceBaseline,
    /// `taprain_offer_window_*`: clicks, leads, revenue.
    TapRainOfferWindow,
    /// `taprain_offer_expected_window_*`: the same.
    TapRainOfferExpectedWindow,
    /// `taprain_offer_baseline_cvr_ratio`.
    TapRainOfferBaseline,
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
    /// `klar_baseline_weeks`, `klar_baseline_from_api_history`: days from 0 to 4, and 0 or 1.
    KlarBaseline,
}

impl Group {
    /// Every group, in the order of a sheet.
    pub const ALL: [Self; 26] = [
        Self::TapRainSummary,
        Self::TapRainCountry,
        Self::TapRainSource,
        Self::TapRainOffer,
        Self::TapRainHour,
        Self::TapRainUnattributed,
        Self::TapRainMeta,
        Self::TapRainExpected,
        Self::TapRainBaseline,
        Self::TapRainWindow,
        Self::TapRainExpectedWindow,
        Self::TapRainCountryWindow,
        Self::TapRainCountryExpectedWindow,
        Self::TapRainCountryBaseline,
        Self::TapRainSourceWindow,
        Self::TapRainSourceExpectedWindow,
        Self::TapRainSourceBaseline,
        Self::TapRainOfferWindow,
        Self::TapRainOfferExpectedWindow,
        Self::TapRainOfferBaseline,
        Self::KlarChannel,
        Self::KlarCampaign,
        Self::KlarAdGroup,
        Self::KlarAd,
        Self::KlarReport,
        Self::KlarBaseline,
    ];

    /// The group's name in a state file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TapRainSummary => "taprain_summary",
            Self::TapRainCountry => "taprain_country",
            Self::TapRainSource => "taprain_source",
            Self::TapRainOffer => "taprain_offer",
            Self::TapRainHour => "taprain_hour",
            Self::TapRainUnattributed => "taprain_unattributed",
            Self::TapRainMeta => "taprain_meta",
            Self::TapRainExpected => "taprain_expected",
            Self::TapRainBaseline => "taprain_baseline",
            Self::TapRainWindow => "taprain_window",
            Self::TapRainExpectedWindow => "taprain_expected_window",
            Self::TapRainCountryWindow => "taprain_country_window",
            Self::TapRainCountryExpectedWindow => "taprain_country_expected_window",
            Self::TapRainCountryBaseline => "taprain_country_baseline",
            Self::TapRainSourceWindow => "taprain_source_window",
            Self::TapRainSourceExpectedWindow => "taprain_source_expected_window",
            Self::TapRainSourceBaseline => "taprain_source_baseline",
            Self::TapRainOfferWindow => "taprain_offer_window",
            Self::TapRainOfferExpectedWindow => "taprain_offer_expected_window",
            Self::TapRainOfferBaseline => "taprain_offer_baseline",
            Self::KlarChannel => "klar_channel",
            Self::KlarCampaign => "klar_campaign",
            Self::KlarAdGroup => "klar_ad_group",
            Self::KlarAd => "klar_ad",
            Self::KlarReport => "klar_report",
            Self::KlarBaseline => "klar_baseline",
        }
    }

    /// How many columns its rows have.
    pub const fn columns(self) -> usize {
        match self {
            Self::TapRainSummary
            | Self::TapRainCountry
            | Self::TapRainSource
            | Self::TapRainOffer => 5,
            Self::TapRainHour
            | Self::TapRainUnattributed
            | Self::TapRainMeta
            | Self::TapRainWindow
            | Self::TapRainCountryWindow
            | Self::TapRainCountryExpectedWindow
            | Self::TapRainSourceWindow
            | Self::TapRainSourceExpectedWindow
            | Self::TapRainOfferWindow
            | Self::TapRainOfferExpectedWindow => 3,
            Self::TapRainExpected => 6,
            Self::TapRainBaseline | Self::TapRainExpectedWindow => 4,
            Self::TapRainCountryBaseline
            | Self::TapRainSourceBaseline
            | Self::TapRainOfferBaseline => 1,
            Self::KlarChannel | Self::KlarCampaign | Self::KlarAdGroup | Self::KlarAd => {
                KLAR_COLUMNS.len()
            }
            Self::KlarReport | Self::KlarBaseline => 2,
        }
    }
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
