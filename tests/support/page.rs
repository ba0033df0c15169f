//! A page of metrics, read strictly: what a test asserts about is what a scraper would see.

use std::collections::BTreeMap;

/// Series by name and labels, as they stand on the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub series: BTreeMap<String, f64>,
}

impl Page {
    /// Reads an OpenMetrics page.
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "the page has no end");
        let mut series = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').expect("a sample has a value");
            let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(series.insert(name.to_owned(), value).is_none(), "twice: {name}");
        }
        Self { series }
    }

    /// The value of the series `name{labels}`; panics when it is absent.
    pub fn get(&self, series: &str) -> f64 {
        self.find(series).unwrap_or_else(|| panic!("absent: {series}"))
    }

    /// The value of the series `name{labels}`.
    pub fn find(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// Series whose name begins with `prefix` and whose labels hold every one of `parts`.
    pub fn with(&self, prefix: &str, parts: &[&str]) -> BTreeMap<String, f64> {
        let wanted = |series: &str| {
            series.starts_with(prefix) && parts.iter().all(|part| series.contains(part))
        };
        self.series
            .iter()
            .filter(|(series, _)| wanted(series))
            .map(|(s, v)| (s.clone(), *v))
            .collect()
    }

    /// What a vendor said: series whose name begins with `prefix`, the exporter's own left out.
    pub fn figures(&self, prefix: &str) -> BTreeMap<String, f64> {
        let own = ["_up{", "_account_info{", "_total{"];
        let mut series = self.with(prefix, &[]);
        series.retain(|key, _| own.iter().all(|own| !key.contains(own)));
        series
    }
}
