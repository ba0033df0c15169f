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
        normal => panic!("{normal:?} without history"),
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
