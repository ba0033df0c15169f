//! The catalogue: every metric on the page, in the order of the page.

pub mod expected;
pub mod klar;
pub mod own;
pub mod taprain;

use crate::label::Labels;
use crate::model::Api;
use crate::snapshot::Group;

/// One metric family.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name as queries write it: with `_total` for a counter, `_info` for an info.
    pub name: &'static str,
    /// One line without a backslash; says the unit.
    pub help: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The OpenMetrics unit, which the name ends with.
    pub unit: Option<&'static str>,
    /// The labels of its samples, in their order; a histogram's `le` left out.
    pub labels: &'static [&'static str],
    /// Where its samples come from.
    pub source: Source,
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up, until the exporter restarts.
    Counter,
    /// A distribution.
    Histogram,
    /// Always 1; the labels are the information.
    Info,
}

/// Where a metric's samples come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// Columns of one group's tables.
    Columns(Group, &'static [Column]),
    /// The largest value of one column over all that is shown, without labels.
    Largest(Group, usize),
    /// Whether the last request of the API's accounts succeeded.
    Up(Api),
    /// The configuration of the API's accounts.
    AccountInfo(Api),
    /// The exporter itself.
    Own,
}

/// A column of a table and what its samples' labels end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The place in `Row::values`.
    pub index: usize,
    /// Labels after those of the row.
    pub tail: Tail,
}

/// Labels that follow those of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// None.
    None,
    /// `currency`.
    Currency,
    /// `currency` and `horizon`.
    Horizon(&'static str),
}

/// The vendors' metrics, in the order of the page.
pub fn vendor() -> impl Iterator<Item = &'static Metric> {
    taprain::METRICS.iter().chain(expected::METRICS).chain(klar::METRICS).copied().flatten()
}

/// Every metric, in the order of the page.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    vendor().chain(own::METRICS.iter().copied())
}

impl Kind {
    /// The word METRICS.md uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

impl Tail {
    /// The labels as they follow those of a row, with the comma before them.
    pub fn labels(self, currency: &str) -> String {
        let labels = match self {
            Self::None => return String::new(),
            Self::Currency => Labels::new().with("currency", currency),
            Self::Horizon(horizon) => {
                Labels::new().with("currency", currency).with("horizon", horizon)
            }
        };
        format!(",{}", labels.finish())
    }
}

impl Metric {
    /// The family's HELP, TYPE and UNIT.
    pub fn head(&self) -> String {
        let (name, kind) = (self.name, self.kind.as_str());
        let unit = self.unit.map_or_else(String::new, |unit| format!("# UNIT {name} {unit}\n"));
        format!("# HELP {name} {}\n# TYPE {name} {kind}\n{unit}", self.help)
    }

    /// A vendor's gauge of one column.
    const fn column(
        name: &'static str,
        help: &'static str,
        unit: Option<&'static str>,
        labels: &'static [&'static str],
        (group, columns): (Group, &'static [Column]),
    ) -> Self {
        Self {
            name,
            help,
            kind: Kind::Gauge,
            unit,
            labels,
            source: Source::Columns(group, columns),
        }
    }

    /// The name less its type's suffix and its unit, from which prometheus-client builds the name.
    pub fn stem(&self) -> &'static str {
        let family = match self.kind {
            Kind::Counter => self.name.strip_suffix("_total"),
            Kind::Info => self.name.strip_suffix("_info"),
            Kind::Gauge | Kind::Histogram => None,
        }
        .unwrap_or(self.name);
        let less_unit = |unit| family.strip_suffix(unit)?.strip_suffix('_');
        self.unit.and_then(less_unit).unwrap_or(family)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_end_with_their_unit() {
        let mut names = BTreeSet::new();
        for metric in all() {
            assert!(names.insert(metric.name), "{} twice", metric.name);
            let family = match metric.kind {
                Kind::Counter => metric.name.strip_suffix("_total").unwrap(),
                _ => metric.name,
            };
            let unit = metric.unit.unwrap_or_default();
            assert!(family.ends_with(unit), "{} lacks {unit}", metric.name);
        }
    }

    #[test]
    fn help_is_one_static_line_that_ends_with_a_period() {
        for metric in all() {
            assert!(!metric.help.contains(['\n', '\\', '"']), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
        for metric in vendor().filter(|metric| matches!(metric.source, Source::Columns(..))) {
            let whence = ["Cached from", "Reckoned with"];
            assert!(whence.iter().any(|words| metric.help.contains(words)), "{}", metric.name);
        }
    }

    #[test]
    fn labels_are_unique_and_clash_with_no_target_label() {
        let targets =
            "job instance region zone cluster service environment env customer owner team type";
        for metric in all() {
            let labels: BTreeSet<_> = metric.labels.iter().collect();
            assert_eq!(labels.len(), metric.labels.len(), "{}", metric.name);
            assert!(targets.split(' ').all(|name| !labels.contains(&name)), "{}", metric.name);
        }
    }

    #[test]
    fn every_column_of_every_group_is_shown_once() {
        for group in Group::ALL {
            let shown: Vec<_> = vendor()
                .filter_map(|metric| match metric.source {
                    Source::Columns(of, columns) if of == group => {
                        Some(columns.iter().map(|column| column.index).collect())
                    }
                    Source::Largest(of, index) if of == group => Some(vec![index]),
                    _ => None,
                })
                .flatten()
                .collect();
            assert_eq!(shown, (0..group.columns()).collect::<Vec<_>>(), "{group:?}");
        }
    }

    #[test]
    fn a_tail_brings_the_labels_that_are_listed() {
        for metric in vendor() {
            let Source::Columns(_, columns) = metric.source else { continue };
            let last: &[&str] = match columns[0].tail {
                Tail::None => &[],
                Tail::Currency => &["currency"],
                Tail::Horizon(_) => &["currency", "horizon"],
            };
            assert!(metric.labels.ends_with(last), "{}", metric.name);
            let money = metric.labels.contains(&"currency");
            assert_eq!(money, columns[0].tail != Tail::None, "{}", metric.name);
        }
    }
}
