//! What the exporter says about itself, written by prometheus-client.
//!
//! Fresh constants for each scrape, in a fixed order: what is gone is gone here too, and the same
//! facts are the same bytes.

use std::fmt;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::catalogue::{Kind, Metric, own as metric};
use super::press::Printed;
use super::process::Usage;
use crate::budget::Reading;
use crate::clock::Tick;
use crate::model::{AccountState, Api};
use crate::number::to_f64;
use crate::snapshot::{AccountPart, Slot};
use crate::telemetry::{Counts, DURATION_BUCKETS, Durations, Who};

/// How the last reading of the configuration went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReloadState {
    /// Whether it was accepted.
    pub successful: bool,
    /// When a configuration was last accepted.
    pub at: Timestamp,
}

/// All facts of one scrape.
#[derive(Debug)]
pub struct Own {
    /// The vendors' part of the same page.
    pub page: Arc<Printed>,
    /// One reading an account, in the snapshot's order.
    pub budgets: Vec<Reading>,
    /// What was counted.
    pub counts: Counts,
    /// The exporter's version.
    pub version: &'static str,
    /// The configuration.
    pub reload: ReloadState,
    /// The process; `None` leaves its metrics out.
    pub process: Option<Usage>,
}

/// Every account's ledger as it is at `now`: budgets change by waiting, so a snapshot has none.
pub fn budgets(page: &Printed, now: Tick) -> Vec<Reading> {
    let read = |part: &Arc<AccountPart>| {
        part.budget.lock().unwrap_or_else(PoisonError::into_inner).reading(now)
    };
    page.generation.snapshot.accounts.iter().map(read).collect()
}

impl Own {
    /// The metrics as OpenMetrics text, without an end mark.
    pub fn open_metrics(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        encode_registry(&mut text, &registry)?;
        Ok(text)
    }

    fn accounts(&self) -> impl Iterator<Item = &AccountPart> {
        self.page.generation.snapshot.accounts.iter().map(|part| &**part)
    }

    fn slots(&self) -> impl Iterator<Item = (&AccountPart, &Slot)> {
        self.accounts().flat_map(|part| part.slots.iter().map(move |slot| (part, slot)))
    }

    fn readings(&self) -> impl Iterator<Item = ([(&'static str, &str); 2], &Reading)> {
        self.accounts().map(account).zip(&self.budgets)
    }
}

impl Collector for Own {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut encoder;
        self.program(out)?;
        self.freshness(out)?;
        self.requests(out)?;
        self.tokens(out)?;
        self.budget(out)?;
        self.answers(out)?;
        self.restated(out)?;
        self.restarts(out)?;
        self.process.map_or(Ok(()), |usage| process(out, &usage))
    }
}

impl Own {
    fn program(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        family(out, &metric::BUILD_INFO, [([("version", self.version)], 1.0)])?;
        single(out, &metric::RELOAD_SUCCESSFUL, Some(f64::from(self.reload.successful)))?;
        single(out, &metric::RELOAD_TIMESTAMP, Some(seconds(self.reload.at)))?;
        single(out, &metric::STATE_KEPT, self.counts.state_kept.map(f64::from))?;
        let troubles = self.counts.state_troubles.iter();
        let troubles = troubles.map(|(of, count)| ([("reason", of.as_str())], *count as f64));
        family(out, &metric::STATE_ERRORS, troubles)
    }

    fn freshness(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let states = self.accounts().filter_map(|part| Some((part, part.state?)));
        let states = states.flat_map(|(part, is)| {
            let [api, account] = account(part);
            AccountState::ALL
                .map(|state| ([api, account, ("state", state.as_str())], f64::from(state == is)))
        });
        family(out, &metric::ACCOUNT_STATE, states)?;
        let ups = self.slots().filter_map(|(part, slot)| Some((part, slot, slot.up?)));
        let ups = ups.map(|(part, slot, up)| (labels(part, slot), f64::from(up)));
        family(out, &metric::VIEW_UP, ups)?;
        let ages = self.slots().filter_map(|(part, slot)| Some((part, slot, slot.last_success?)));
        let ages = ages.map(|(part, slot, at)| (labels(part, slot), seconds(at)));
        family(out, &metric::LAST_SUCCESS, ages)?;
        let intervals =
            self.slots().map(|(part, slot)| (labels(part, slot), slot.interval.as_secs_f64()));
        family(out, &metric::REFRESH_INTERVAL, intervals)
    }

    fn requests(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let requests = self.counts.requests.iter().map(|((of, endpoint, outcome), count)| {
            let [api, account] = who(of);
            ([api, account, ("endpoint", *endpoint), ("outcome", outcome.as_str())], *count as f64)
        });
        family(out, &metric::REQUESTS, requests)?;
        if self.counts.durations.is_empty() {
            return Ok(());
        }
        let unit = unit(&metric::REQUEST_DURATION);
        let mut encoder = describe(out, &metric::REQUEST_DURATION, unit.as_ref())?;
        for ((of, endpoint), durations) in &self.counts.durations {
            let [api, account] = who(of);
            let labels = [api, account, ("endpoint", *endpoint)];
            histogram(encoder.encode_family(&labels)?, durations)?;
        }
        Ok(())
    }

    fn tokens(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let expiries =
            self.accounts().filter_map(|part| Some((account(part), seconds(part.token_expiry?))));
        family(out, &metric::TOKEN_EXPIRY, expiries)?;
        let refreshes = self.counts.token_refreshes.iter().map(|((of, outcome), count)| {
            let [api, account] = who(of);
            ([api, account, ("outcome", outcome.as_str())], *count as f64)
        });
        family(out, &metric::TOKEN_REFRESHES, refreshes)
    }

    fn budget(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let limits = self.readings().map(|(labels, reading)| (labels, reading.limit as f64));
        family(out, &metric::BUDGET_LIMIT, limits)?;
        let used = self.readings().map(|(labels, reading)| (labels, reading.used as f64));
        family(out, &metric::BUDGET_USED, used)?;
        let remaining = self.readings().flat_map(|([api, account], reading)| {
            let upstream = reading.upstream_remaining.map(|left| ("upstream", left));
            let origins = [Some(("local", reading.remaining)), upstream].into_iter().flatten();
            origins.map(move |(origin, left)| ([api, account, ("origin", origin)], left as f64))
        });
        family(out, &metric::BUDGET_REMAINING, remaining)?;
        let waited = self.readings().map(|(labels, read)| (labels, read.waited.as_secs_f64()));
        family(out, &metric::BUDGET_WAIT, waited)
    }

    fn answers(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let anomalies = self.counts.anomalies.iter().map(|((of, reason), count)| {
            let [api, account] = who(of);
            ([api, account, ("reason", reason.as_str())], *count as f64)
        });
        family(out, &metric::ANOMALIES, anomalies)?;
        single(out, &metric::SERIES, Some(self.page.series as f64))?;
        let folded = self.slots().flat_map(|(part, slot)| {
            let good = slot.good.as_ref().filter(|good| good.lives(self.page.at));
            let rows = good.into_iter().flat_map(|good| &good.sheet.folded);
            rows.map(move |(dimension, rows)| {
                let [api, account, view, range] = labels(part, slot);
                ([api, account, view, range, ("dimension", *dimension)], *rows as f64)
            })
        });
        family(out, &metric::FOLDED_ROWS, folded)
    }

    /// Here and not among the vendors' gauges: those are the same bytes in both formats, and only
    /// one of the formats declares a counter without its `_total`.
    fn restated(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (api, metric) in
            [(Api::TapRain, &metric::TAPRAIN_RESTATED), (Api::Klar, &metric::KLAR_RESTATED)]
        {
            let of_api = self.counts.restated.iter().filter(|((of, ..), _)| of.who.api == api);
            let sums = of_api.map(|((of, direction, age), sum)| {
                let labels = [
                    ("account", &*of.who.account),
                    ("view", &*of.view),
                    ("currency", &*of.currency),
                    ("direction", direction.as_str()),
                    ("age", age.as_str()),
                ];
                (labels, to_f64(*sum))
            });
            family(out, metric, sums)?;
        }
        Ok(())
    }

    fn restarts(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let restarts = self.counts.restarts.iter().map(|(of, count)| (who(of), *count as f64));
        family(out, &metric::RESTARTS, restarts)
    }
}

fn process(out: &mut DescriptorEncoder<'_>, usage: &Usage) -> fmt::Result {
    single(out, &metric::PROCESS_CPU, Some(usage.cpu_seconds))?;
    single(out, &metric::PROCESS_RESIDENT, Some(usage.resident_bytes))?;
    single(out, &metric::PROCESS_VIRTUAL, Some(usage.virtual_bytes))?;
    single(out, &metric::PROCESS_START, Some(usage.started))?;
    single(out, &metric::PROCESS_OPEN_FDS, usage.open_fds)?;
    single(out, &metric::PROCESS_MAX_FDS, usage.max_fds)?;
    single(out, &metric::PROCESS_THREADS, Some(usage.threads))
}

fn account(part: &AccountPart) -> [(&'static str, &str); 2] {
    [("api", part.api.as_str()), ("account", &part.account)]
}

fn who(of: &Who) -> [(&'static str, &str); 2] {
    [("api", of.api.as_str()), ("account", &of.account)]
}

fn labels<'a>(part: &'a AccountPart, slot: &'a Slot) -> [(&'static str, &'a str); 4] {
    let [api, account] = account(part);
    [api, account, ("view", &slot.view), ("range", &slot.range)]
}

/// Writes a family and its samples; without a sample nothing is written.
fn family<'a, const N: usize>(
    out: &mut DescriptorEncoder<'_>,
    metric: &'static Metric,
    samples: impl IntoIterator<Item = ([(&'static str, &'a str); N], f64)>,
) -> fmt::Result {
    let mut samples = samples.into_iter().peekable();
    if samples.peek().is_none() {
        return Ok(());
    }
    let unit = unit(metric);
    let mut encoder = describe(out, metric, unit.as_ref())?;
    for (labels, value) in samples {
        match metric.kind {
            Kind::Info => Info::new(labels.to_vec()).encode(encoder.encode_family(&NONE)?)?,
            kind => sample(encoder.encode_family(&labels)?, kind, value)?,
        }
    }
    Ok(())
}

/// Writes a family without labels.
fn single(
    out: &mut DescriptorEncoder<'_>,
    metric: &'static Metric,
    value: Option<f64>,
) -> fmt::Result {
    let Some(value) = value else { return Ok(()) };
    let unit = unit(metric);
    sample(describe(out, metric, unit.as_ref())?, metric.kind, value)
}

/// No labels beside an info's own.
const NONE: [(&str, &str); 0] = [];

/// Writes a value, a whole one without a point.
fn sample(encoder: MetricEncoder<'_>, kind: Kind, value: f64) -> fmt::Result {
    #[expect(clippy::cast_possible_truncation, reason = "compared right after")]
    let whole = value as i64;
    match (kind, whole as f64 == value, u64::try_from(whole)) {
        (Kind::Counter, true, Ok(whole)) => ConstCounter::new(whole).encode(encoder),
        (Kind::Counter, ..) => ConstCounter::new(value).encode(encoder),
        (_, true, _) => ConstGauge::new(whole).encode(encoder),
        (_, false, _) => ConstGauge::new(value).encode(encoder),
    }
}

fn histogram(mut encoder: MetricEncoder<'_>, durations: &Durations) -> fmt::Result {
    let bounds = DURATION_BUCKETS.into_iter().chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(durations.buckets).collect();
    let count = durations.buckets.iter().sum();
    encoder.encode_histogram::<[(&str, &str); 0]>(durations.sum, count, &buckets, None)
}

fn describe<'e>(
    out: &'e mut DescriptorEncoder<'_>,
    metric: &'static Metric,
    unit: Option<&'e Unit>,
) -> Result<MetricEncoder<'e>, fmt::Error> {
    let kind = match metric.kind {
        Kind::Gauge => MetricType::Gauge,
        Kind::Counter => MetricType::Counter,
        Kind::Histogram => MetricType::Histogram,
        Kind::Info => MetricType::Info,
    };
    out.encode_descriptor(metric.stem(), metric.help, unit, kind)
}

fn unit(metric: &Metric) -> Option<Unit> {
    metric.unit.map(|unit| Unit::Other(unit.to_owned()))
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
