//! A strict reader of OpenMetrics with timestamps.

use std::collections::{BTreeMap, BTreeSet};

/// Values by their second.
pub(super) type Samples = BTreeMap<i64, f64>;

/// Series as they stand in the file, without the labels that every sample begins with.
pub(super) fn read(text: &str, prefix: &str) -> BTreeMap<String, Samples> {
    let body = text.strip_suffix("# EOF\n").expect("an end");
    let (mut all, mut families) = (BTreeMap::<String, Samples>::new(), BTreeSet::new());
    let (mut family, mut last) = (String::new(), String::new());
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let (word, name) = (words.next().unwrap(), words.next().unwrap());
            if word == "HELP" {
                assert!(families.insert(name.to_owned()), "{name} is interleaved");
                name.clone_into(&mut family);
            }
            assert!(name == family && ["HELP", "TYPE", "UNIT"].contains(&word), "{line}");
            continue;
        }
        let (rest, at) = line.rsplit_once(' ').unwrap();
        let (series, value) = rest.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap();
        assert_eq!(name, family, "{line}");
        let labels = labels.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}"));
        let series = format!("{name}{{{labels}");
        let (at, value): (i64, f64) = (at.parse().unwrap(), value.parse().unwrap());
        assert!(series == last || !all.contains_key(&series), "not series after series: {line}");
        let samples = all.entry(series.clone()).or_default();
        assert!(samples.keys().next_back().is_none_or(|before| *before < at), "{line}");
        samples.insert(at, value);
        last = series;
    }
    all
}
