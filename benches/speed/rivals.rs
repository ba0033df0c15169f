//! The same page by prometheus-client, in the two ways it offers.

use std::fmt;
use std::sync::atomic::AtomicU64;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use revenue_exporter::exposition::catalogue::{self, Metric, Source, Tail};

use crate::pages::{CURRENCY, Figures, GROUPS, Pages};

/// The metrics of a group, each with its column and whether it is money.
fn metrics(group: usize) -> impl Iterator<Item = (&'static Metric, usize, bool)> {
    catalogue::vendor().filter_map(move |metric| match metric.source {
        Source::Columns(of, columns) if of == GROUPS[group] => {
            Some((metric, columns[0].index, columns[0].tail == Tail::Currency))
        }
        _ => None,
    })
}

/// Rows in columns, written by a collector: nothing but the encoding is theirs.
struct Columns([Vec<Figures>; GROUPS.len()]);

impl fmt::Debug for Columns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Columns")
    }
}

impl Collector for Columns {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let currency = [("currency", CURRENCY)];
        for (group, rows) in self.0.iter().enumerate() {
            for (metric, index, money) in metrics(group) {
                let (name, help) = (metric.name, metric.help);
                let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                for row in rows {
                    let labels = row.labels.each_ref().map(|(name, value)| (*name, &**value));
                    let gauge = ConstGauge::new(row.values[index]);
                    if money {
                        gauge.encode(family.encode_family(&(labels, currency))?)?;
                    } else {
                        gauge.encode(family.encode_family(&labels)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

pub fn collector(pages: Pages) -> Registry {
    let mut registry = Registry::default();
    let rows = std::array::from_fn(|group| pages.all(group).collect());
    registry.register_collector(Box::new(Columns(rows)));
    registry
}

/// The labels as prometheus-client would have them declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    account: String,
    view: String,
    range: String,
    country: String,
    source: String,
    offer: String,
}

/// The same for money.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Priced {
    account: String,
    view: String,
    range: String,
    country: String,
    source: String,
    offer: String,
    currency: &'static str,
}

impl From<Figures> for Named {
    fn from(row: Figures) -> Self {
        let [account, view, range, country, source, offer] = row.labels.map(|(_, value)| value);
        Self { account, view, range, country, source, offer }
    }
}

impl From<Figures> for Priced {
    fn from(row: Figures) -> Self {
        let [account, view, range, country, source, offer] = row.labels.map(|(_, value)| value);
        Self { account, view, range, country, source, offer, currency: CURRENCY }
    }
}

type Float = Gauge<f64, AtomicU64>;

/// A family a metric, filled once; what filling costs at each change is left out.
pub fn families(pages: Pages) -> Registry {
    let mut registry = Registry::default();
    for group in 0..GROUPS.len() {
        for (metric, index, money) in metrics(group) {
            if money {
                registry.register(metric.name, metric.help, filled::<Priced>(pages, group, index));
            } else {
                registry.register(metric.name, metric.help, filled::<Named>(pages, group, index));
            }
        }
    }
    registry
}

fn filled<Labels>(pages: Pages, group: usize, index: usize) -> Family<Labels, Float>
where
    Labels: From<Figures> + Clone + Eq + std::hash::Hash,
{
    let family = Family::<Labels, Float>::default();
    for row in pages.all(group) {
        let value = row.values[index];
        family.get_or_create(&row.into()).set(value);
    }
    family
}
