//! Klar's metrics: the same sixteen at each of four levels, two about the report, and two about
//! what a day is expected to be.

use super::{Column, Kind, Metric, Source, Tail};
use crate::model::Api;
use crate::snapshot::Group;

/// Klar's metrics, in the order of the page.
pub const METRICS: &[&[Metric]] = &[ACCOUNT, CHANNEL, CAMPAIGN, AD_GROUP, AD, REPORT, BASELINE];

/// What every help text of a cached figure ends with.
macro_rules! cached {
    ($what:expr) => {
        concat!(
            $what,
            ". Cached from Klar; refreshed every ",
            "revenue_exporter_refresh_interval_seconds."
        )
    };
}

/// A level: its group, what its names begin with, what it is called, its labels.
macro_rules! level {
    ($level:tt) => {
        &[
            count!(0, "_attributed_orders", "Orders attributed, in fractions", $level),
            count!(
                1,
                "_attributed_new_customer_orders",
                "Orders of new customers attributed, in fractions",
                $level
            ),
            count!(
                2,
                "_attributed_returning_customer_orders",
                "Orders of returning customers attributed, in fractions",
                $level
            ),
            money!(NET, "_attributed_net_revenue", "Net revenue attributed", $level),
            money!(GROSS, "_attributed_gross_revenue", "Gross revenue attributed", $level),
            money!(
                NEW_NET,
                "_attributed_new_customer_net_revenue",
                "Net revenue from new customers attributed",
                $level
            ),
            money!(
                NEW_GROSS,
                "_attributed_new_customer_gross_revenue",
                "Gross revenue from new customers attributed",
                $level
            ),
            money!(
                RETURNING_NET,
                "_attributed_returning_customer_net_revenue",
                "Net revenue from returning customers attributed",
                $level
            ),
            money!(
                RETURNING_GROSS,
                "_attributed_returning_customer_gross_revenue",
                "Gross revenue from returning customers attributed",
                $level
            ),
            money!(COST, "_cost", "Advertising cost", $level),
            money!(CM1, "_contribution_margin_1", "Contribution margin 1", $level),
            money!(CM2, "_contribution_margin_2", "Contribution margin 2", $level),
            money!(
                ACM2,
                "_acquisition_contribution_margin_2",
                "Acquisition contribution margin 2",
                $level
            ),
            money!(
                HORIZONS,
                "_customer_lifetime_value",
                "Customer lifetime value within the horizon, summed over the rows of the API",
                $level,
                "horizon"
            ),
            count!(16, "_ad_clicks", "Clicks on ads, where the API reports them", $level),
            count!(17, "_ad_impressions", "Impressions of ads, where the API reports them", $level),
        ]
    };
}

/// One gauge of a level, from one column.
macro_rules! count {
    ($index:literal, $suffix:literal, $what:literal,
        ($group:ident, $prefix:literal, $by:literal, [$($label:literal),*])) => {
        Metric::column(
            concat!($prefix, $suffix),
            cached!(concat!($what, ", by ", $by)),
            None,
            &["account", "view", "model", "attribution_window", "date_basis", "range" $(, $label)*],
            (Group::$group, &[Column { index: $index, tail: Tail::None }]),
        )
    };
}

/// One gauge of a level that is money.
macro_rules! money {
    ($columns:ident, $suffix:literal, $what:literal,
        ($group:ident, $prefix:literal, $by:literal, [$($label:literal),*]) $(, $last:literal)?) => {
        Metric::column(
            concat!($prefix, $suffix),
            cached!(concat!($what, ", by ", $by, ", in major units of the currency")),
            None,
            &["account", "view", "model", "attribution_window", "date_basis", "range" $(, $label)*,
                "currency" $(, $last)?],
            (Group::$group, $columns),
        )
    };
}

const NET: &[Column] = &[Column { index: 3, tail: Tail::Currency }];
const GROSS: &[Column] = &[Column { index: 4, tail: Tail::Currency }];
const NEW_NET: &[Column] = &[Column { index: 5, tail: Tail::Currency }];
const NEW_GROSS: &[Column] = &[Column { index: 6, tail: Tail::Currency }];
const RETURNING_NET: &[Column] = &[Column { index: 7, tail: Tail::Currency }];
const RETURNING_GROSS: &[Column] = &[Column { index: 8, tail: Tail::Currency }];
const COST: &[Column] = &[Column { index: 9, tail: Tail::Currency }];
const CM1: &[Column] = &[Column { index: 10, tail: Tail::Currency }];
const CM2: &[Column] = &[Column { index: 11, tail: Tail::Currency }];
const ACM2: &[Column] = &[Column { index: 12, tail: Tail::Currency }];
const HORIZONS: &[Column] = &[
    Column { index: 13, tail: Tail::Horizon("30d") },
    Column { index: 14, tail: Tail::Horizon("60d") },
    Column { index: 15, tail: Tail::Horizon("90d") },
];

const ACCOUNT: &[Metric] = &[Metric {
    name: "klar_up",
    help: "Whether the last request to the Klar API succeeded (1) or not (0); absent until one \
           was answered.",
    kind: Kind::Gauge,
    unit: None,
    labels: &["account"],
    source: Source::Up(Api::Klar),
}];

const CHANNEL: &[Metric] = level!((KlarChannel, "klar", "channel", ["channel"]));
const CAMPAIGN: &[Metric] =
    level!((KlarCampaign, "klar_campaign", "campaign", ["channel", "campaign_id", "campaign"]));
const AD_GROUP: &[Metric] = level!((
    KlarAdGroup,
    "klar_ad_group",
    "ad group",
    ["channel", "campaign_id", "campaign", "ad_group_id", "ad_group"]
));
const AD: &[Metric] = level!((
    KlarAd,
    "klar_ad_level",
    "ad",
    ["channel", "campaign_id", "campaign", "ad_group_id", "ad_group", "ad_id", "ad"]
));

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

const BASELINE: &[Metric] = &[
    Metric::column(
        "klar_baseline_weeks",
        cached!(
            "How many of the last four same weekdays the expectations of the range \
             same_weekday_4w rest on; 0 where too few are known to expect anything"
        ),
        None,
        &["account", "view"],
        (Group::KlarBaseline, &[Column { index: 0, tail: Tail::None }]),
    ),
    Metric {
        name: "klar_baseline_from_api_history",
        help: "Whether any expectation shown rests on days that were read when they had settled \
               (1), or all on days as first seen (0); absent where nothing is expected.",
        kind: Kind::Gauge,
        unit: None,
        labels: &[],
        source: Source::Largest(Group::KlarBaseline, 1),
    },
];
