//! A Klar tally as the page shows it: each level folded by itself, every sum exact.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::Sheeted;
use super::fold::{Foldable, fold};
use super::klar::{Path, Step, Tally, Values};
use crate::label::{self, Labels};
use crate::model::range::day_start;
use crate::model::settings::{KlarLimits, KlarView};
use crate::number::to_f64;
use crate::snapshot::{Group, Row, Sheet, Table};
use crate::telemetry::Anomaly;

/// The levels: table, `dimension` of folded rows, and the labels of id and name.
const LEVELS: [(Group, &str, &str, &str); 4] = [
    (Group::KlarChannel, "channel", "", "channel"),
    (Group::KlarCampaign, "campaign", "campaign_id", "campaign"),
    (Group::KlarAdGroup, "ad_group", "ad_group_id", "ad_group"),
    (Group::KlarAd, "ad", "ad_id", "ad"),
];

/// The labels that every row of one view and range begins with.
pub fn labels(account: &str, view: &KlarView, range: &str) -> Labels {
    Labels::new()
        .with("account", account)
        .with("view", &view.name)
        .with("model", view.model.as_str())
        .with("attribution_window", view.window.as_str())
        .with("date_basis", view.basis.as_str())
        .with("range", range)
}

/// Makes the sheet of `tally`; `labels` begin every row of this view and range.
pub fn sheet(tally: &Tally, labels: &Labels, limits: KlarLimits, zone: &TimeZone) -> Sheeted {
    let mut sheet = Sheet::default();
    let limits = [limits.channel, limits.campaign, limits.ad_group, limits.ad];
    let mut cleaned = 0;
    let mut cells = clean(tally.cells(), &mut cleaned);
    for level in 0..tally.depth() {
        let folded;
        (cells, folded) = fold_level(cells, level, limits[level]);
        let (group, dimension, ..) = LEVELS[level];
        let sums = roll_up(&cells, level);
        sheet.tables.push(Table { group, rows: rows(sums, labels) });
        sheet.folded.push((dimension, folded));
    }
    let latest = tally.latest().map(|date| day_start(date, zone).as_second() as f64);
    let values = [Some(tally.rows() as f64), latest];
    let report = Row { labels: labels.clone().finish(), values: values.into() };
    sheet.tables.push(Table { group: Group::KlarReport, rows: vec![report] });
    let odd = [(Anomaly::CleanedLabel, cleaned), (Anomaly::ManyKeys, tally.crowded())];
    Sheeted { sheet, anomalies: odd.into_iter().filter(|(_, times)| *times > 0).collect() }
}

/// Cleans every label; paths that become equal are added up.
fn clean(cells: Vec<(Path, Values)>, cleaned: &mut u64) -> BTreeMap<Path, Values> {
    let mut tidy = |text: &mut String| {
        if let (clean, true) = label::clean(text) {
            *text = clean.into_owned();
            *cleaned += 1;
        }
    };
    let mut clean = Vec::with_capacity(cells.len());
    for (mut path, values) in cells {
        for step in &mut path {
            tidy(&mut step.id);
            tidy(&mut step.name);
        }
        clean.push((path, values));
    }
    added_up(clean)
}

/// Folds `level`: what is not among the top moves, with all below it, under its parent's
/// `(other)`. Returns how many rows of the level moved.
fn fold_level(
    cells: BTreeMap<Path, Values>,
    level: usize,
    limit: usize,
) -> (BTreeMap<Path, Values>, u64) {
    let sums = roll_up(&cells, level);
    let other = Step::other();
    let candidates = sums.into_iter().filter(|(path, _)| path.last() != Some(&other)).collect();
    let folded = fold(candidates, limit);
    if folded.rest.is_empty() {
        return (cells, 0);
    }
    let rest: std::collections::BTreeSet<Path> = folded.rest.into_iter().map(|row| row.0).collect();
    let moved = cells.into_iter().map(|(mut path, values)| {
        if rest.contains(&path[..=level]) {
            path[level..].fill(Step::other());
        }
        (path, values)
    });
    (added_up(moved), rest.len() as u64)
}

/// Sums by the path down to `level`.
fn roll_up(cells: &BTreeMap<Path, Values>, level: usize) -> Vec<(Path, Values)> {
    let prefixes = cells.iter().map(|(path, values)| (path[..=level].to_vec(), *values));
    added_up(prefixes).into_iter().collect()
}

fn added_up(cells: impl IntoIterator<Item = (Path, Values)>) -> BTreeMap<Path, Values> {
    let mut sums: BTreeMap<Path, Values> = BTreeMap::new();
    for (path, values) in cells {
        sums.entry(path).and_modify(|sum| sum.absorb(&values)).or_insert(values);
    }
    sums
}

/// The rows as labelled, highest net revenue first, `(other)` last.
fn rows(sums: Vec<(Path, Values)>, labels: &Labels) -> Vec<Row> {
    let other = Step::other();
    let mut shown = fold(sums, usize::MAX).shown;
    shown.sort_by_key(|(path, _)| path.last() == Some(&other));
    let row = |(path, Values(values)): (Path, Values)| Row {
        labels: labelled(labels.clone(), &path).finish(),
        values: values.map(|value| value.map(to_f64)).into(),
    };
    shown.into_iter().map(row).collect()
}

fn labelled(mut labels: Labels, path: &[Step]) -> Labels {
    for (step, (_, _, id, name)) in path.iter().zip(LEVELS) {
        if !id.is_empty() {
            labels = labels.with(id, &step.id);
        }
        labels = labels.with(name, &step.name);
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::klar::{Entity, Line};
    use crate::model::klar::Detail;
    use crate::model::range::Days;
    use jiff::civil::date;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    const DAYS: Days = Days { start: date(2026, 3, 1), end: date(2026, 3, 3) };

    fn line(channel: &str, campaign: u32, ad: u32, cents: i64) -> Line<'static> {
        let entity = |id: u32| Entity {
            id: (id != 0).then(|| id.to_string().into()),
            name: (id != 0).then(|| format!("n{id}").into()),
        };
        let mut values = Values::default();
        values.0[3] = Some(Decimal::new(cents, 2));
        Line {
            date: DAYS.start,
            channel: channel.to_owned().into(),
            below: [entity(campaign), entity(campaign), entity(ad)],
            values,
        }
    }

    fn shown(lines: &[Line<'_>], detail: Detail, limit: usize) -> Sheet {
        let mut tally = Tally::new(detail, DAYS);
        for line in lines {
            tally.add(line);
        }
        let limits = KlarLimits { channel: limit, campaign: limit, ad_group: limit, ad: limit };
        sheet(&tally, &Labels::new().with("range", "x"), limits, &TimeZone::UTC).sheet
    }

    fn revenue(sheet: &Sheet, group: Group) -> f64 {
        let table = sheet.tables.iter().find(|table| table.group == group).unwrap();
        table.rows.iter().filter_map(|row| row.values[3]).sum()
    }

    #[test]
    fn k4_organic_rows_without_ids_are_none() {
        let sheet = shown(&[line("Direct", 0, 0, 100)], Detail::Ad, 9);
        assert_eq!(
            &*sheet.tables[3].rows[0].labels,
            "range=\"x\",channel=\"Direct\",campaign_id=\"(none)\",campaign=\"(none)\",\
             ad_group_id=\"(none)\",ad_group=\"(none)\",ad_id=\"(none)\",ad=\"(none)\""
        );
    }

    #[test]
    fn k4_entities_stay_apart_whatever_their_ids_hold() {
        let mut lines = [line("a", 1, 1, 1), line("a\u{1f}b", 1, 1, 1), line("a", 1, 1, 1)];
        lines[0].below[0].id = Some("b\u{1f}c".into());
        lines[1].below[0].id = Some("c".into());
        lines[2].below[0].id = Some("\u{1e}c".into());
        let mut nameless = lines[2].clone();
        nameless.below[0] = Entity { id: None, name: Some("c".into()) };
        let sheet = shown(&[&lines[..], &[nameless]].concat(), Detail::AdGroup, 9);
        assert_eq!(sheet.tables[2].rows.len(), 4, "{:?}", sheet.tables[2].rows);
    }

    #[test]
    fn k19_duplicates_add_up_and_the_last_name_wins() {
        let mut renamed = line("Paid", 7, 8, 50);
        renamed.below[0].name = Some("new".into());
        let sheet = shown(&[line("Paid", 7, 8, 100), renamed], Detail::Campaign, 9);
        let rows = &sheet.tables[1].rows;
        assert_eq!((rows.len(), rows[0].values[3]), (1, Some(1.5)));
        assert!(rows[0].labels.contains("campaign=\"new\""));
    }

    #[test]
    fn a_folded_channel_takes_all_below_it_along() {
        let lines = [line("A", 1, 1, 300), line("B", 2, 2, 200), line("C", 3, 3, 100)];
        let sheet = shown(&lines, Detail::Ad, 1);
        for table in &sheet.tables[..4] {
            assert_eq!(table.rows.len(), 2, "{:?}", table.group);
            assert!(table.rows[1].labels.contains("channel=\"(other)\""));
            assert_eq!(table.rows[1].values[3], Some(3.0));
        }
        assert_eq!(sheet.folded[0], ("channel", 2));
    }

    #[test]
    fn rows_of_other_days_stay_out() {
        let mut late = line("A", 1, 1, 100);
        late.date = DAYS.end;
        let sheet = shown(&[late], Detail::Channel, 9);
        assert_eq!(sheet.tables[1].rows[0].values[..], [Some(0.0), None]);
    }

    proptest! {
        #[test]
        fn every_level_sums_to_the_same_whatever_is_folded(
            rows in prop::collection::vec((0_u8..4, 0_u32..5, 0_u32..6, -999_i64..9999), 1..60),
            limit in 0_usize..6,
        ) {
            let lines: Vec<_> = rows.iter()
                .map(|(channel, campaign, ad, cents)| line(&channel.to_string(), *campaign, *ad, *cents))
                .collect();
            let sheet = shown(&lines, Detail::Ad, limit);
            let all: i64 = rows.iter().map(|row| row.3).sum();
            for group in [Group::KlarChannel, Group::KlarCampaign, Group::KlarAdGroup, Group::KlarAd] {
                prop_assert!((revenue(&sheet, group) * 100.0 - all as f64).abs() < 1e-6);
                let table = sheet.tables.iter().find(|table| table.group == group).unwrap();
                let mut labels: Vec<_> = table.rows.iter().map(|row| &row.labels).collect();
                labels.sort();
                labels.dedup();
                prop_assert_eq!(labels.len(), table.rows.len());
                let others = |row: &&Row| row.labels.ends_with("\"(other)\"");
                prop_assert!(table.rows.iter().filter(|row| !others(row)).count() <= limit);
            }
        }
    }
}
