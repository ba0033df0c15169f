//! TapRain's metrics.

use super::{Column, Kind, Metric, Source, Tail};
use crate::model::Api;
use crate::snapshot::Group;

/// TapRain's metrics, in the order of the page.
pub const METRICS: &[&[Metric]] =
    &[ACCOUNT, SUMMARY, COUNTRY, SOURCE, OFFER, HOUR, UNATTRIBUTED, META];

/// What every help text of a cached figure ends with.
macro_rules! cached {
    ($what:expr) => {
        concat!(
            $what,
            ". Cached from TapRain; refreshed every ",
            "revenue_exporter_refresh_interval_seconds."
        )
    };
}

const COUNT: [&[Column]; 5] = [
    &[Column { index: 0, tail: Tail::None }],
    &[Column { index: 1, tail: Tail::None }],
    &[Column { index: 2, tail: Tail::Currency }],
    &[Column { index: 3, tail: Tail::None }],
    &[Column { index: 4, tail: Tail::Currency }],
];

/// Clicks, leads and revenue of a group whose names begin with `$prefix`.
macro_rules! sums {
    ($group:ident, $prefix:literal, $scope:literal, [$($label:literal),*]) => {
        [
            Metric::column(
                concat!($prefix, "_clicks"),
                cached!(concat!("Clicks of the range", $scope)),
                None,
                &["account", "view", "range" $(, $label)*],
                (Group::$group, COUNT[0]),
            ),
            Metric::column(
                concat!($prefix, "_leads"),
                cached!(concat!("Leads (conversions) of the range", $scope)),
                None,
                &["account", "view", "range" $(, $label)*],
                (Group::$group, COUNT[1]),
            ),
            Metric::column(
                concat!($prefix, "_revenue"),
                cached!(concat!("Revenue of the range in major units of the currency", $scope)),
                None,
                &["account", "view", "range" $(, $label)*, "currency"],
                (Group::$group, COUNT[2]),
            ),
        ]
    };
}

/// The three sums, and the two ratios that TapRain computes from them.
macro_rules! figures {
    ($group:ident, $prefix:literal, $scope:literal, [$($label:literal),*]) => {{
        const SUMS: [Metric; 3] = sums!($group, $prefix, $scope, [$($label),*]);
        &[
            SUMS[0],
            SUMS[1],
            SUMS[2],
            Metric::column(
                concat!($prefix, "_cvr_ratio"),
                cached!(concat!("Leads per click of the range as a ratio of 0 to 1", $scope)),
                Some("ratio"),
                &["account", "view", "range" $(, $label)*],
                (Group::$group, COUNT[3]),
            ),
            Metric::column(
                concat!($prefix, "_epc"),
                cached!(concat!("Revenue per click of the range in major units of the currency", $scope)),
                None,
                &["account", "view", "range" $(, $label)*, "currency"],
                (Group::$group, COUNT[4]),
            ),
        ]
    }};
}

const ACCOUNT: &[Metric] = &[
    Metric {
        name: "taprain_up",
        help: "Whether the last request to the TapRain API succeeded (1) or not (0); absent until \
               one was answered.",
        kind: Kind::Gauge,
        unit: None,
        labels: &["account"],
        source: Source::Up(Api::TapRain),
    },
    Metric {
        name: "taprain_account_info",
        help: "Always 1; the time zone that decides the account's days and the currency of its \
               money, both as configured.",
        kind: Kind::Gauge,
        unit: None,
        labels: &["account", "timezone", "currency"],
        source: Source::AccountInfo(Api::TapRain),
    },
];

const SUMMARY: &[Metric] = figures!(TapRainSummary, "taprain", "", []);
const COUNTRY: &[Metric] = figures!(TapRainCountry, "taprain_country", ", by country", ["country"]);
const SOURCE: &[Metric] =
    figures!(TapRainSource, "taprain_source", ", by traffic source (s2)", ["source"]);
const OFFER: &[Metric] = figures!(TapRainOffer, "taprain_offer", ", by offer", ["offer"]);
const HOUR: &[Metric] =
    &sums!(TapRainHour, "taprain_hour", ", by local hour of the day, 00 to 23", ["hour"]);
const UNATTRIBUTED: &[Metric] = &sums!(
    TapRainUnattributed,
    "taprain_unattributed",
    " that the rows of the dimension leave out: the summary less their sum",
    ["dimension"]
);

macro_rules! timestamp {
    ($name:literal, $what:literal, $index:literal) => {
        Metric::column(
            $name,
            cached!(concat!($what, ", in Unix seconds, as the API says")),
            Some("seconds"),
            &["account", "view", "range"],
            (Group::TapRainMeta, &[Column { index: $index, tail: Tail::None }]),
        )
    };
}

const META: &[Metric] = &[
    timestamp!("taprain_range_start_timestamp_seconds", "When the range begins", 0),
    timestamp!("taprain_range_end_timestamp_seconds", "When the range ends", 1),
    timestamp!("taprain_generated_timestamp_seconds", "When the figures were computed", 2),
];
