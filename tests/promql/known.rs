//! Which metrics there are, and which labels they have.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use revenue_exporter::exposition::catalogue::{self, Kind};

use super::judge::Judge;
use super::shape::Shape;

/// What Prometheus adds to every sample of a target.
const TARGET: [&str; 2] = ["job", "instance"];

/// The catalogue, Prometheus' own series, and what rules record.
pub(super) struct Known {
    metrics: BTreeMap<String, Shape>,
    recorded: BTreeMap<String, Recorded>,
    /// Those that were looked into, so that a rule that records itself is found out.
    open: RefCell<BTreeSet<String>>,
}

/// What a recording rule makes, and the labels that it adds.
struct Recorded {
    expression: String,
    labels: Vec<String>,
}

impl Known {
    /// Without recording rules.
    pub(super) fn catalogue() -> Self {
        let mut metrics = BTreeMap::new();
        let mut add = |name: &str, labels: &[&str], open| {
            let labels = labels.iter().chain(&TARGET).map(|&label| label.to_owned()).collect();
            let shape = Shape { labels, open, ..Shape::of_figures(name) };
            metrics.insert(name.to_owned(), shape);
        };
        for metric in catalogue::all() {
            if metric.kind == Kind::Histogram {
                let buckets: Vec<_> = metric.labels.iter().copied().chain(["le"]).collect();
                add(&format!("{}_bucket", metric.name), &buckets, false);
                add(&format!("{}_sum", metric.name), metric.labels, false);
                add(&format!("{}_count", metric.name), metric.labels, false);
            } else {
                add(metric.name, metric.labels, false);
            }
        }
        add("up", &[], false);
        // Of every label that an alert has.
        add("ALERTS", &["alertname", "alertstate", "severity"], true);
        add("ALERTS_FOR_STATE", &["alertname", "severity"], true);
        Self { metrics, recorded: BTreeMap::new(), open: RefCell::default() }
    }

    /// With what a rule records.
    pub(super) fn record(&mut self, name: &str, expression: &str, labels: Vec<String>) {
        let recorded = Recorded { expression: expression.to_owned(), labels };
        self.recorded.insert(name.to_owned(), recorded);
    }

    /// What `name` is; `None` where nothing is called so.
    pub(super) fn metric(&self, name: &str) -> Option<Shape> {
        if let Some(shape) = self.metrics.get(name) {
            return Some(shape.clone());
        }
        let recorded = self.recorded.get(name)?;
        if !self.open.borrow_mut().insert(name.to_owned()) {
            return None;
        }
        // What is wrong with it is said where it stands.
        let mut shape = Judge::new(self).shape(&recorded.expression);
        self.open.borrow_mut().remove(name);
        shape.labels.extend(recorded.labels.iter().cloned());
        Some(shape)
    }

    /// All names that `pattern`, of a matcher on `__name__`, may mean.
    pub(super) fn named(pattern: &str) -> impl Iterator<Item = &str> {
        pattern.split('|').map(|name| name.trim_matches(['(', ')', '^', '$']))
    }
}
