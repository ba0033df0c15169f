//! METRICS.md and the catalogue say the same.

use std::collections::BTreeMap;

use revenue_exporter::exposition::catalogue;

const DOCUMENT: &str = include_str!("../METRICS.md");

/// Type, unit and labels by name, from every table row that begins with a metric's name.
fn documented() -> BTreeMap<&'static str, (&'static str, &'static str, Vec<&'static str>)> {
    let mut rows = BTreeMap::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 8, "{line}");
        assert!(cells[5..=6].iter().all(|prose| !prose.is_empty()), "{line}");
        let (name, kind, unit, labels) = (cells[1].trim_matches('`'), cells[2], cells[3], cells[4]);
        let labels: Vec<&str> = labels.split('`').skip(1).step_by(2).collect();
        assert!(rows.insert(name, (kind, unit, labels)).is_none(), "{name} twice");
    }
    rows
}

#[test]
fn every_metric_is_documented_with_its_type_unit_and_labels() {
    let documented = documented();
    for metric in catalogue::all() {
        let Some((kind, unit, shown)) = documented.get(metric.name) else {
            panic!("METRICS.md lacks {}", metric.name)
        };
        assert_eq!(*kind, metric.kind.as_str(), "{}", metric.name);
        let mut shown: Vec<_> = shown.iter().filter(|label| **label != "le").collect();
        let mut expected = metric.labels.to_vec();
        shown.sort();
        expected.sort_unstable();
        assert_eq!(shown, expected.iter().collect::<Vec<_>>(), "{}", metric.name);
        assert!(unit.contains(metric.unit.unwrap_or_default()), "{}: {unit}", metric.name);
    }
}

#[test]
fn nothing_is_documented_that_does_not_exist() {
    let names: Vec<_> = catalogue::all().map(|metric| metric.name).collect();
    for name in documented().keys() {
        assert!(names.contains(name), "METRICS.md has {name}");
    }
}
