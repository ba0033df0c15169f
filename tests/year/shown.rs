//! A sheet's samples under the names that the page gives them, by a table of the judge's own.

use revenue_exporter::snapshot::{Group, KLAR_COLUMNS, Row, Sheet};

use crate::support::truth::Series;
use crate::support::truth_klar::{KLAR, tail};

/// What TapRain's metrics end with, and which of them are money.
const FIVE: [(&str, bool); 5] =
    [("clicks", false), ("leads", false), ("revenue", true), ("cvr_ratio", false), ("epc", true)];

const INSTANTS: [(&str, bool); 3] = [
    ("range_start_timestamp_seconds", false),
    ("range_end_timestamp_seconds", false),
    ("generated_timestamp_seconds", false),
];

const REPORT: [(&str, bool); 2] =
    [("report_rows", false), ("latest_data_date_timestamp_seconds", false)];

const EXPECTED: [(&str, bool); 6] = [
    ("expected_clicks", false),
    ("expected_leads", false),
    ("expected_revenue", true),
    ("expected_revenue_low", true),
    ("expected_revenue_high", true),
    ("expected_revenue_quantile", false),
];

const BASELINE: [(&str, bool); 4] = [
    ("baseline_cvr_ratio", false),
    ("baseline_weeks", false),
    ("window_lag_seconds", false),
    ("settle_seconds", false),
];

const WINDOW: [(&str, bool); 4] =
    [("clicks", false), ("leads", false), ("revenue", true), ("leads_given_clicks", false)];

/// Every sample of `sheet` by name and labels.
pub fn series(sheet: &Sheet, currency: &str) -> Series {
    let mut series = Series::new();
    for table in &sheet.tables {
        for row in &table.rows {
            write(&mut series, table.group, row, currency);
        }
    }
    series
}

fn write(series: &mut Series, group: Group, row: &Row, currency: &str) {
    let (prefix, columns): (_, &[(&str, bool)]) = match group {
        Group::TapRainSummary => ("taprain_", &FIVE),
        Group::TapRainCountry => ("taprain_country_", &FIVE),
        Group::TapRainSource => ("taprain_source_", &FIVE),
        Group::TapRainOffer => ("taprain_offer_", &FIVE),
        Group::TapRainHour => ("taprain_hour_", &FIVE[..3]),
        Group::TapRainUnattributed => ("taprain_unattributed_", &FIVE[..3]),
        Group::TapRainMeta => ("taprain_", &INSTANTS),
        Group::KlarReport => ("klar_", &REPORT),
        Group::KlarBaseline => return baseline(series, row),
        Group::KlarChannel => return klar(series, "klar_", row, currency),
        Group::KlarCampaign => return klar(series, "klar_campaign_", row, currency),
        Group::KlarAdGroup => return klar(series, "klar_ad_group_", row, currency),
        Group::KlarAd => return klar(series, "klar_ad_level_", row, currency),
        Group::TapRainExpected => ("taprain_", &EXPECTED),
        Group::TapRainBaseline => ("taprain_", &BASELINE),
        Group::TapRainWindow => ("taprain_window_", &WINDOW[..3]),
        Group::TapRainExpectedWindow => ("taprain_expected_window_", &WINDOW),
        Group::TapRainCountryWindow => ("taprain_country_window_", &WINDOW[..3]),
        Group::TapRainSourceWindow => ("taprain_source_window_", &WINDOW[..3]),
        Group::TapRainOfferWindow => ("taprain_offer_window_", &WINDOW[..3]),
        Group::TapRainCountryExpectedWindow => ("taprain_country_expected_window_", &WINDOW[..3]),
        Group::TapRainSourceExpectedWindow => ("taprain_source_expected_window_", &WINDOW[..3]),
        Group::TapRainOfferExpectedWindow => ("taprain_offer_expected_window_", &WINDOW[..3]),
        Group::TapRainCountryBaseline => ("taprain_country_", &BASELINE[..1]),
        Group::TapRainSourceBaseline => ("taprain_source_", &BASELINE[..1]),
        Group::TapRainOfferBaseline => ("taprain_offer_", &BASELINE[..1]),
    };
    assert_eq!(columns.len(), row.values.len(), "{group:?}");
    for ((name, money), value) in columns.iter().zip(&row.values) {
        let tail = tail(*money, "", currency);
        insert(series, format!("{prefix}{name}{{{}{tail}}}", row.labels), *value);
    }
}

/// One account expects something here, so that what it rests on is what the page rests on.
fn baseline(series: &mut Series, row: &Row) {
    let [weeks, cold] = *row.values else { panic!("two columns") };
    insert(series, format!("klar_baseline_weeks{{{}}}", row.labels), weeks);
    insert(series, "klar_baseline_from_api_history".to_owned(), cold);
}

fn klar(series: &mut Series, prefix: &str, row: &Row, currency: &str) {
    for (field, value) in KLAR_COLUMNS.iter().zip(&row.values) {
        let column = KLAR.iter().find(|(_, known, ..)| known == field);
        let (stem, _, money, horizon) = column.expect("a field of the vendor's page");
        let tail = tail(*money, horizon, currency);
        insert(series, format!("{prefix}{stem}{{{}{tail}}}", row.labels), *value);
    }
}

fn insert(series: &mut Series, name: String, value: Option<f64>) {
    if let Some(value) = value {
        assert!(!series.contains_key(&name), "twice: {name}");
        series.insert(name, value);
    }
}
