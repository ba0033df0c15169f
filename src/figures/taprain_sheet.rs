//! A TapRain report as the page shows it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::fold::{Foldable, fold, total};
use super::taprain::{Breakdown, DIMENSIONS, Figures, Report};
use super::{OTHER, Sheeted, or_none};
use crate::label::{self, Labels};
use crate::model::settings::TapRainLimits;
use crate::number::to_f64;
use crate::snapshot::{Group, Row, Sheet, Table};
use crate::telemetry::Anomaly;

/// What is needed to name a report's figures.
#[derive(Debug)]
pub struct Naming<'a> {
    /// The labels every row of this view and range begins with.
    pub labels: &'a Labels,
    /// How many rows each dimension shows.
    pub limits: TapRainLimits,
    /// The zone the hours are local to.
    pub zone: &'a TimeZone,
}

/// The labels that every row of one view and range begins with.
pub fn labels(account: &str, view: &str, range: &str) -> Labels {
    Labels::new().with("account", account).with("view", view).with("range", range)
}

/// Makes the sheet of `report`.
pub fn sheet(report: &Report, naming: &Naming<'_>) -> Sheeted {
    let (bad_numbers, many_rows) = (report.bad_numbers, report.many_rows);
    let mut odd = Oddities { bad_numbers, many_rows, ..Oddities::default() };
    let mut sheet = Sheet::default();
    let summary = Row { labels: naming.labels.clone().finish(), values: five(&report.summary) };
    sheet.tables.push(Table { group: Group::TapRainSummary, rows: vec![summary] });
    let groups = [Group::TapRainCountry, Group::TapRainSource, Group::TapRainOffer];
    let limits = [naming.limits.country, naming.limits.source, naming.limits.offer];
    for (index, breakdown) in report.breakdowns.iter().enumerate() {
        let (rows, vendors_other) = merged(breakdown, &mut odd);
        let folded = fold(rows, limits[index]);
        sheet.folded.push((DIMENSIONS[index], folded.rest.len() as u64));
        let rest = folded.rest.iter().map(|(_, figures)| figures);
        // A vendor's own `(other)` and the folded rest are one series.
        let other = total(rest.chain(&vendors_other)).map(|figures| (OTHER.to_owned(), figures));
        let shown = folded.shown.into_iter().chain(other);
        let row = |(name, figures): (String, Figures)| Row {
            labels: naming.labels.and(DIMENSIONS[index], &name),
            values: five(&figures),
        };
        sheet.tables.push(Table { group: groups[index], rows: shown.map(row).collect() });
    }
    sheet.tables.push(Table { group: Group::TapRainHour, rows: hours(report, naming, &mut odd) });
    let rows = unattributed(report, naming);
    sheet.tables.push(Table { group: Group::TapRainUnattributed, rows });
    let rows = vec![Row { labels: naming.labels.clone().finish(), values: instants(report) }];
    sheet.tables.push(Table { group: Group::TapRainMeta, rows });
    Sheeted { sheet, anomalies: odd.list() }
}

#[derive(Default)]
struct Oddities {
    bad_numbers: u64,
    many_rows: u64,
    cleaned: u64,
    duplicates: u64,
    unplaced: u64,
}

impl Oddities {
    fn list(&self) -> Vec<(Anomaly, u64)> {
        let all = [
            (Anomaly::BadNumber, self.bad_numbers),
            (Anomaly::ManyKeys, self.many_rows),
            (Anomaly::CleanedLabel, self.cleaned),
            (Anomaly::DuplicateRow, self.duplicates),
            (Anomaly::UnplacedHour, self.unplaced),
        ];
        all.into_iter().filter(|(_, times)| *times > 0).collect()
    }
}

fn five(figures: &Figures) -> Box<[Option<f64>]> {
    let Figures { clicks, leads, revenue, cvr, epc } = *figures;
    [clicks, leads, revenue, cvr, epc].map(|figure| figure.map(to_f64)).into()
}

fn three(figures: &Figures) -> Box<[Option<f64>]> {
    [figures.clicks, figures.leads, figures.revenue].map(|figure| figure.map(to_f64)).into()
}

/// Rows by their cleaned label, and apart from them what the vendor itself calls `(other)`; rows
/// that share a label are added up (null and "" both are `(none)`).
fn merged(breakdown: &Breakdown, odd: &mut Oddities) -> (Vec<(String, Figures)>, Option<Figures>) {
    let mut rows: BTreeMap<String, Figures> = BTreeMap::new();
    for (name, figures) in breakdown.iter().flatten() {
        let (name, cleaned) = label::clean(or_none(name.as_deref()));
        odd.cleaned += u64::from(cleaned);
        if let Some(row) = rows.get_mut(&*name) {
            row.absorb(figures);
            odd.duplicates += 1;
        } else {
            rows.insert(name.into_owned(), *figures);
        }
    }
    let vendors_other = rows.remove(OTHER);
    (rows.into_iter().collect(), vendors_other)
}

/// Hour rows by the hour of their local label (trap T3): a repeated hour adds up, hours that have
/// not begun are absent, what has no hour stays in the totals only.
fn hours(report: &Report, naming: &Naming<'_>, odd: &mut Oddities) -> Vec<Row> {
    let mut hours: BTreeMap<i8, Figures> = BTreeMap::new();
    for period in report.periods.iter().filter(|period| period.hourly) {
        let Some(start) = period.start else {
            odd.unplaced += 1;
            continue;
        };
        // Of two instants with the same label the first counts: the hour that comes twice has begun.
        let begins = naming.zone.to_timestamp(start).ok();
        if begins.zip(report.meta.period_end).is_some_and(|(begins, end)| begins >= end) {
            continue;
        }
        hours
            .entry(start.hour())
            .and_modify(|figures| figures.absorb(&period.figures))
            .or_insert(period.figures);
    }
    let row = |(hour, figures): (i8, Figures)| Row {
        labels: naming.labels.and("hour", &format!("{hour:02}")),
        values: three(&figures),
    };
    hours.into_iter().map(row).collect()
}

/// Summary minus the sum of each breakdown's rows (trap T11); absent where either is unknown.
fn unattributed(report: &Report, naming: &Naming<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (dimension, breakdown) in DIMENSIONS.into_iter().zip(&report.breakdowns) {
        let Some(breakdown) = breakdown else { continue };
        let sum = total(breakdown.iter().map(|(_, figures)| figures));
        let missing = |of: fn(&Figures) -> Option<Decimal>| {
            let known = sum.as_ref().map_or(Some(Decimal::ZERO), of)?;
            of(&report.summary)?.checked_sub(known).map(to_f64)
        };
        let values = [missing(|f| f.clicks), missing(|f| f.leads), missing(|f| f.revenue)];
        let labels = naming.labels.and("dimension", dimension);
        rows.push(Row { labels, values: values.into() });
    }
    rows
}

fn instants(report: &Report) -> Box<[Option<f64>]> {
    let meta = &report.meta;
    [meta.period_start, meta.period_end, meta.generated_at]
        .map(|instant| instant.map(|instant| instant.as_millisecond() as f64 / 1000.0))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::taprain::read;

    const LIMITS: TapRainLimits = TapRainLimits { country: 60, source: 50, offer: 50 };

    fn shown(body: &str, limits: TapRainLimits) -> Sheeted {
        let labels = Labels::new().with("range", "today");
        let zone = TimeZone::get("America/New_York").unwrap();
        sheet(&read(body.as_bytes()).unwrap(), &Naming { labels: &labels, limits, zone: &zone })
    }

    fn row(sheeted: &Sheeted, group: Group, label: &str) -> Vec<Option<f64>> {
        let table = sheeted.sheet.tables.iter().find(|table| table.group == group).unwrap();
        let row = table.rows.iter().find(|row| row.labels.contains(label));
        row.map(|row| row.values.to_vec()).unwrap_or_default()
    }

    fn body(summary: &str, rest: &str) -> String {
        format!(
            r#"{{"success": true, "meta": {{"period_end": "2026-03-18T17:43:12.000Z"}},
            "data": {{"summary": {summary}, {rest}}}}}"#
        )
    }

    #[test]
    fn the_vendors_sample_becomes_the_contracts_gauges() {
        let sample = include_str!("../../tests/fixtures/taprain-today.json");
        let sheeted = shown(sample, LIMITS);
        let summary = row(&sheeted, Group::TapRainSummary, "today");
        assert_eq!(summary, [214.0, 27.0, 138.24, 0.126_168, 0.645_981].map(Some));
        assert_eq!(row(&sheeted, Group::TapRainCountry, r#"country="GB""#)[1], Some(3.0));
        assert_eq!(row(&sheeted, Group::TapRainHour, r#"hour="01""#), [31.0, 5.0, 26.75].map(Some));
        for dimension in DIMENSIONS {
            assert_eq!(row(&sheeted, Group::TapRainUnattributed, dimension), [Some(0.0); 3]);
        }
        assert!(sheeted.anomalies.is_empty());
    }

    #[test]
    fn t11_what_a_truncated_breakdown_leaves_out_shows_as_unattributed() {
        let rest = r#""by_offer": [{"offer": "a", "clicks": 4, "leads": 1, "revenue": 0.10}]"#;
        let sheeted = shown(&body(r#"{"clicks": 9, "leads": 1, "revenue": 0.30}"#, rest), LIMITS);
        let gap = row(&sheeted, Group::TapRainUnattributed, "offer");
        assert_eq!(gap, [5.0, 0.0, 0.2].map(Some));
        assert!(row(&sheeted, Group::TapRainUnattributed, "country").is_empty());
    }

    #[test]
    fn t12_null_empty_and_odd_labels_are_kept_apart_or_added_up() {
        let rest = r#""by_country": [{"country": null, "clicks": 1}, {"country": "", "clicks": 2},
            {"country": "XX", "clicks": 3}, {"country": "us", "clicks": 4}]"#;
        let sheeted = shown(&body(r#"{"clicks": 10}"#, rest), LIMITS);
        assert_eq!(row(&sheeted, Group::TapRainCountry, "(none)")[0], Some(3.0));
        assert_eq!(row(&sheeted, Group::TapRainCountry, "\"us\"")[0], Some(4.0));
        assert_eq!(sheeted.anomalies, [(Anomaly::DuplicateRow, 1)]);
    }

    #[test]
    fn t13_beyond_the_limit_sources_fold_into_other_with_exact_sums() {
        let rows: Vec<String> = (0..80)
            .map(|n| {
                format!(r#"{{"source": "s{n}", "clicks": {n}, "leads": 1, "revenue": 0.{n:02}}}"#)
            })
            .collect();
        let rest = format!(r#""by_source": [{}]"#, rows.join(","));
        let summary = r#"{"clicks": 3160, "leads": 80, "revenue": 31.60}"#;
        let sheeted = shown(&body(summary, &rest), TapRainLimits { source: 10, ..LIMITS });
        let other = row(&sheeted, Group::TapRainSource, "(other)");
        assert_eq!(&other[..3], [2415.0, 70.0, 24.15].map(Some));
        assert_eq!(other[3], Some(0.028_986));
        assert_eq!(row(&sheeted, Group::TapRainUnattributed, "source"), [Some(0.0); 3]);
        assert_eq!(sheeted.sheet.folded[1], ("source", 70));
        assert_eq!(row(&sheeted, Group::TapRainSource, "s79")[0], Some(79.0));
    }

    #[test]
    fn a_vendors_own_other_is_one_series_with_the_folded_rest() {
        let rest = r#""by_source": [{"source": "(other)", "revenue": 9},
            {"source": "a", "revenue": 1}, {"source": "b", "revenue": 0.5}]"#;
        let sheeted = shown(&body(r#"{"leads": 0}"#, rest), TapRainLimits { source: 1, ..LIMITS });
        let rows = &sheeted.sheet.tables[2].rows;
        assert_eq!((rows[0].values[2], rows[1].values[2]), (Some(1.0), Some(9.5)));
        assert!(rows[1].labels.ends_with("source=\"(other)\""));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn t3_repeated_hours_add_up_future_hours_are_absent_and_unplaced_ones_are_counted() {
        let hour = |label: &str, clicks: u32| {
            format!(r#"{{"period": "{label}", "granularity": "hour", "clicks": {clicks}}}"#)
        };
        let rows = [
            hour("2026-03-18 01:00", 5),
            hour("2026-03-18 01:00", 7),
            hour("2026-03-18 13:00", 1),
            hour("2026-03-18 14:00", 0),
            hour("1 o'clock", 3),
        ];
        let sheeted = shown(
            &body(r#"{"leads": 0}"#, &format!(r#""time_series": [{}]"#, rows.join(","))),
            LIMITS,
        );
        assert_eq!(row(&sheeted, Group::TapRainHour, "\"01\"")[0], Some(12.0));
        assert_eq!(row(&sheeted, Group::TapRainHour, "\"13\"")[0], Some(1.0));
        assert!(row(&sheeted, Group::TapRainHour, "\"14\"").is_empty());
        assert_eq!(sheeted.anomalies, [(Anomaly::UnplacedHour, 1)]);
    }

    #[test]
    fn t3_an_hour_that_begins_again_keeps_what_it_had() {
        // 1 November 2026, 06:00 UTC: in New York 01:00 begins for the second time.
        let body = r#"{"success": true, "meta": {"period_end": "2026-11-01T06:00:00.000Z"}, "data": {
            "summary": {"clicks": 12}, "time_series": [
            {"period": "2026-11-01 00:00", "granularity": "hour", "clicks": 7},
            {"period": "2026-11-01 01:00", "granularity": "hour", "clicks": 5},
            {"period": "2026-11-01 01:00", "granularity": "hour", "clicks": 0}]}}"#;
        let sheeted = shown(body, LIMITS);
        assert_eq!(row(&sheeted, Group::TapRainHour, "\"01\"")[0], Some(5.0));
    }

    #[test]
    fn t6_rows_by_day_are_no_hours() {
        let rest =
            r#""time_series": [{"period": "2026-03-17", "granularity": "day", "clicks": 5}]"#;
        let sheeted = shown(&body(r#"{"leads": 0}"#, rest), LIMITS);
        assert!(row(&sheeted, Group::TapRainHour, "hour").is_empty());
    }
}
