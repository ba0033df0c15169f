//! Klar's metrics: the same sixteen at each of four levels, and two about the report.

use super::{Column, Kind, Metric, Source, Tail};
use crate::model::Api;
use crate::snapshot::Group;

/// Klar's metrics, in the order of the page.
pub const METRICS: &[&[Metric]] = &[ACCOUNT, CHANNEL, CAMPAIGN, AD_GROUP, AD, REPORT];

/// What every help text of a cached figure ends with.
macro_rules! cached {
    ($what:expr) => {
        concat!(
            $what,
            ". Cached from the Klar API; refreshed in the background, every ",
            "revenue_exporter_refresh_interval_seconds."
        )
    };
}

/// One gauge of a level, from one column.
macro_rules! count {
    ($index:literal, $name:expr, $what:expr, $group:ident, [$($label:literal),*]) => {
        Metric::column(
            $name,
            cached!($what),
            None,
            &["account", "view", "model", "attribution_window", "date_basis", "range" $(, $label)*],
            (Group::$group, &[Column { index: $index, tail: Tail::None }]),
        )
    };
}

/// One gauge of a level that is money, from one column.
macro_rules! money {
    ($index:literal, $name:expr, $what:expr, $group:ident, [$($label:literal),*]) => {
        Metric::column(
            $name,
            cached!(concat!($what, ", in major units of the currency")),
            None,
            &["account", "view", "model", "attribution_window", "date_basis", "range" $(, $label)*,
                "currency"],
            (Group::$group, &[Column { index: $index, tail: Tail::Currency }]),
        )
    };
}

const HORIZONS: &[Column] = &[
    Column { index: 13, tail: Tail::Horizon("30d") },
    Column { index: 14, tail: Tail::Horizon("60d") },
    Column { index: 15, tail: Tail::Horizon("90d") },
];

/// All gauges of one level, in the order of `KLAR_COLUMNS`.
macro_rules! level {
    ($group:ident, $prefix:literal, $by:literal, $labels:tt) => {
        &[
            count!(0, concat!($prefix, "_attributed_orders"), concat!("Orders attributed, in fractions, by ", $by), $group, $labels),
            count!(1, concat!($prefix, "_attributed_new_customer_orders"), concat!("Orders of new customers attributed, in fractions, by ", $by), $group, $labels),
            count!(2, concat!($prefix, "_attributed_returning_customer_orders"), concat!("Orders of returning customers attributed, in fractions, by ", $by), $group, $labels),
            money!(3, concat!($prefix, "_attributed_net_revenue"), concat!("Net revenue attributed, by ", $by), $group, $labels),
            money!(4, concat!($prefix, "_attributed_gross_revenue"), concat!("Gross revenue attributed, by ", $by), $group, $labels),
            money!(5, concat!($prefix, "_attributed_new_customer_net_revenue"), concat!("Net revenue from new customers attributed, by ", $by), $group, $labels),
            money!(6, concat!($prefix, "_attributed_new_customer_gross_revenue"), concat!("Gross revenue from new customers attributed, by ", $by), $group, $labels),
            money!(7, concat!($prefix, "_attributed_returning_customer_net_revenue"), concat!("Net revenue from returning customers attributed, by ", $by), $group, $labels),
            money!(8, concat!($prefix, "_attributed_returning_customer_gross_revenue"), concat!("Gross revenue from returning customers attributed, by ", $by), $group, $labels),
            money!(9, concat!($prefix, "_cost"), concat!("Advertising cost, by ", $by), $group, $labels),
            money!(10, concat!($prefix, "_contribution_margin_1"), concat!("Contribution margin 1, by ", $by), $group, $labels),
            money!(11, concat!($prefix, "_contribution_margin_2"), concat!("Contribution margin 2, by ", $by), $group, $labels),
            money!(12, concat!($prefix, "_acquisition_contribution_margin_2"), concat!("Acquisition contribution margin 2, by ", $by), $group, $labels),
            horizons!(concat!($prefix, "_customer_lifetime_value"), concat!("Customer lifetime value within the horizon, summed over the rows of the API, by ", $by), $group, $labels),
            count!(16, concat!($prefix, "_ad_clicks"), concat!("Clicks on ads, where the API reports them, by ", $by), $group, $labels),
            count!(17, concat!($prefix, "_ad_impressions"), concat!("Impressions of ads, where the API reports them, by ", $by), $group, $labels),
        ]
    };
}

/// The gauge of a level that has three columns.
macro_rules! horizons {
    ($name:expr, $what:expr, $group:ident, [$($label:literal),*]) => {
        Metric::column(
            $name,
            cached!(concat!($what, ", in major units of the currency")),
            None,
            &["account", "view", "model", "attribution_window", "date_basis", "range" $(, $label)*,
                "currency", "horizon"],
            (Group::$group, HORIZONS),
        )
    };
}

const ACCOUNT: &[Metric] = &[Metric {
    name: "klar_up",
    help: "Whether the last request to the Klar API succeeded (1) or not (0); absent until one \
           was answered.",
    kind: Kind::Gauge,
    unit: None,
    labels: &["account"],
    source: Source::Up(Api::Klar),
}];

const CHANNEL: &[Metric] = level!(KlarChannel, "klar", "channel", ["channel"]);
const CAMPAIGN: &[Metric] =
    level!(KlarCampaign, "klar_campaign", "campaign", ["channel", "campaign_id", "campaign"]);
const AD_GROUP: &[Metric] = level!(
    KlarAdGroup,
    "klar_ad_group",
    "ad group",
    ["channel", "campaign_id", "campaign", "ad_group_id", "ad_group"]
);
const AD: &[Metric] = level!(
    KlarAd,
    "klar_ad_level",
    "ad",
    ["channel", "campaign_id", "campaign", "ad_group_id", "ad_group", "ad_id", "ad"]
);

const REPORT_LABELS: &[&str] =
    &["account", "view", "model", "attribution_window", "date_basis", "range"];

const REPORT: &[Metric] = &[
    Metric::column(
        "klar_report_rows",
        cached!("Rows the last report had for the dates of the range"),
        None,
        REPORT_LABELS,
        (Group::KlarReport, &[Column { index: 0, tail: Tail::None }]),
    ),
    Metric::column(
        "klar_latest_data_date_timestamp_seconds",
        cached!(
            "When the latest date with a row begins in the account's time zone, in Unix seconds"
        ),
        Some("seconds"),
        REPORT_LABELS,
        (Group::KlarReport, &[Column { index: 1, tail: Tail::None }]),
    ),
];
