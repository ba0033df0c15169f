//! What is normal: closed-hour windows and what was to be expected of them, from TapRain's history.

use super::{Column, Metric, Tail};
use crate::snapshot::Group;

/// The metrics of history, in the order of the page.
pub const METRICS: &[&[Metric]] = &[
    TODAY,
    &BASELINE,
    &WINDOW,
    &EXPECTED_WINDOW,
    &[GIVEN_CLICKS],
    &COUNTRY_WINDOW,
    &COUNTRY_EXPECTED,
    &[COUNTRY_CVR],
    &SOURCE_WINDOW,
    &SOURCE_EXPECTED,
    &[SOURCE_CVR],
    &OFFER_WINDOW,
    &OFFER_EXPECTED,
    &[OFFER_CVR],
];

/// What every help text of this part ends with.
macro_rules! reckoned {
    ($($what:expr),+) => {
        concat!($($what),+, ". Reckoned with each new answer for today.")
    };
}

const fn column(index: usize, tail: Tail) -> Column {
    Column { index, tail }
}

const PLAIN: [&[Column]; 4] = [
    &[column(0, Tail::None)],
    &[column(1, Tail::None)],
    &[column(2, Tail::None)],
    &[column(3, Tail::None)],
];
const MONEY: [&[Column]; 3] =
    [&[column(2, Tail::Currency)], &[column(3, Tail::Currency)], &[column(4, Tail::Currency)]];

/// Clicks, leads and revenue of a group whose names begin with `$prefix`.
macro_rules! three {
    ($group:ident, $prefix:literal, $scope:literal, [$($label:literal),*]) => {
        [
            Metric::column(
                concat!($prefix, "_clicks"),
                reckoned!("Clicks", $scope),
                None,
                &["account", "view" $(, $label)*],
                (Group::$group, PLAIN[0]),
            ),
            Metric::column(
                concat!($prefix, "_leads"),
                reckoned!("Leads (conversions)", $scope),
                None,
                &["account", "view" $(, $label)*],
                (Group::$group, PLAIN[1]),
            ),
            Metric::column(
                concat!($prefix, "_revenue"),
                reckoned!("Revenue in major units of the currency", $scope),
                None,
                &["account", "view" $(, $label)*, "currency"],
                (Group::$group, MONEY[0]),
            ),
        ]
    };
}

macro_rules! cvr {
    ($group:ident, $prefix:literal, $scope:literal, [$($label:literal),*]) => {
        Metric::column(
            concat!($prefix, "_baseline_cvr_ratio"),
            reckoned!(
                "Leads per click of the last seven days without the last 24 hours, as a ratio of 0 \
                 to 1",
                $scope
            ),
            Some("ratio"),
            &["account", "view" $(, $label)*],
            (Group::$group, PLAIN[0]),
        )
    };
}

const EXPECTED: [Metric; 3] = three!(
    TapRainExpected,
    "taprain_expected",
    " expected of today by this time of day, as they would be seen by now: the same local hours of \
     the last four weeks",
    []
);

const TODAY: &[Metric] = &[
    EXPECTED[0],
    EXPECTED[1],
    EXPECTED[2],
    Metric::column(
        "taprain_expected_revenue_low",
        reckoned!("Lower end of the band in which today's revenue by this time of day is normal"),
        None,
        &["account", "view", "currency"],
        (Group::TapRainExpected, MONEY[1]),
    ),
    Metric::column(
        "taprain_expected_revenue_high",
        reckoned!("Upper end of the band in which today's revenue by this time of day is normal"),
        None,
        &["account", "view", "currency"],
        (Group::TapRainExpected, MONEY[2]),
    ),
    Metric::column(
        "taprain_expected_revenue_quantile",
        reckoned!("Share of quiet days on which revenue lies within its band, as configured"),
        None,
        &["account", "view"],
        (Group::TapRainExpected, &[column(5, Tail::None)]),
    ),
];

const BASELINE: [Metric; 4] = [
    cvr!(TapRainBaseline, "taprain", "", []),
    Metric::column(
        "taprain_baseline_weeks",
        reckoned!(
            "Weeks of history that expectations rest on, 0 to 4; with fewer than 3 nothing is expected"
        ),
        None,
        &["account", "view"],
        (Group::TapRainBaseline, PLAIN[1]),
    ),
    Metric::column(
        "taprain_window_lag_seconds",
        reckoned!(
            "How long before the last closed hour every window ends, so that late leads are in; 0 \
             once it was observed how late they come"
        ),
        Some("seconds"),
        &["account", "view"],
        (Group::TapRainBaseline, PLAIN[2]),
    ),
    Metric::column(
        "taprain_settle_seconds",
        reckoned!(
            "How long after its end an hour has 95 % of its leads, as observed; absent until then"
        ),
        Some("seconds"),
        &["account", "view"],
        (Group::TapRainBaseline, PLAIN[3]),
    ),
];

const WINDOW: [Metric; 3] = three!(
    TapRainWindow,
    "taprain_window",
    " of the last closed hours, so many as the window says",
    ["window"]
);

const EXPECTED_WINDOW: [Metric; 3] = three!(
    TapRainExpectedWindow,
    "taprain_expected_window",
    " expected of the window's hours, as they would be seen by now: the same local hours of the last \
     four weeks",
    ["window"]
);

const GIVEN_CLICKS: Metric = Metric::column(
    "taprain_expected_window_leads_given_clicks",
    reckoned!(
        "Leads that the window's own clicks should have brought by now, at the baseline's leads per \
         click"
    ),
    None,
    &["account", "view", "window"],
    (Group::TapRainExpectedWindow, PLAIN[3]),
);

const COUNTRY_WINDOW: [Metric; 3] = three!(
    TapRainCountryWindow,
    "taprain_country_window",
    " that came in within the last closed hours, by country, as observed live",
    ["country", "window"]
);
const COUNTRY_EXPECTED: [Metric; 3] = three!(
    TapRainCountryExpectedWindow,
    "taprain_country_expected_window",
    " expected to come in within the window's hours, by country: the same hours of four weeks, as observed live",
    ["country", "window"]
);
const COUNTRY_CVR: Metric =
    cvr!(TapRainCountryBaseline, "taprain_country", ", as they came in, by country", ["country"]);

const SOURCE_WINDOW: [Metric; 3] = three!(
    TapRainSourceWindow,
    "taprain_source_window",
    " that came in within the last closed hours, by traffic source (s2), as observed live",
    ["source", "window"]
);
const SOURCE_EXPECTED: [Metric; 3] = three!(
    TapRainSourceExpectedWindow,
    "taprain_source_expected_window",
    " expected to come in within the window's hours, by traffic source (s2): the same hours of four weeks, as observed live",
    ["source", "window"]
);
const SOURCE_CVR: Metric = cvr!(
    TapRainSourceBaseline,
    "taprain_source",
    ", as they came in, by traffic source (s2)",
    ["source"]
);

const OFFER_WINDOW: [Metric; 3] = three!(
    TapRainOfferWindow,
    "taprain_offer_window",
    " that came in within the last closed hours, by offer, as observed live",
    ["offer", "window"]
);
const OFFER_EXPECTED: [Metric; 3] = three!(
    TapRainOfferExpectedWindow,
    "taprain_offer_expected_window",
    " expected to come in within the window's hours, by offer: the same hours of four weeks, as observed live",
    ["offer", "window"]
);
const OFFER_CVR: Metric =
    cvr!(TapRainOfferBaseline, "taprain_offer", ", as they came in, by offer", ["offer"]);
