//! What a backfill will take, said before it begins.

use std::fmt::Write as _;
use std::time::Duration;

use super::Trouble;
use super::harvest::Harvest;
use super::pace;
use super::plan::{Leg, Plan};
use crate::model::klar::{CHUNK_DAYS, Detail};
use crate::model::settings::Subject;
use crate::snapshot::Group;

/// Rows that a dimension is taken to have before anything is known: about as many as a business has
/// that does not fold.
const ROWS: usize = 12;

/// Bytes of a sample without what its labels begin with.
const SAMPLE_BYTES: u64 = 150;

/// What one account takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegCost {
    /// Requests for figures that are still to be sent.
    pub reports: u32,
    /// Requests for access tokens.
    pub tokens: u32,
    /// Requests that an earlier run was answered.
    pub known: u32,
    /// Requests an hour.
    pub per_hour: f64,
}

/// What a plan takes: an entry for each of its legs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Account by account.
    pub legs: Vec<LegCost>,
    /// Samples of the file, roughly.
    pub samples: u64,
    /// Its bytes, roughly.
    pub bytes: u64,
}

impl LegCost {
    /// All that will be sent.
    pub fn requests(&self) -> u32 {
        self.reports + self.tokens
    }

    /// How long that takes.
    pub fn time(&self) -> Duration {
        pace::gap(self.per_hour) * self.requests().saturating_sub(1)
    }
}

impl Cost {
    /// What is still to be paid for `plan` when `harvest` is there, at `share` of the allowances.
    ///
    /// # Errors
    /// A sentence when a budget leaves nothing.
    pub fn of(plan: &Plan, harvest: &Harvest, share: Option<f64>) -> Result<Self, Trouble> {
        let mut legs = Vec::new();
        for (index, leg) in plan.legs.iter().enumerate() {
            let per_hour = pace::per_hour(&leg.whole, share)?;
            let all = count(leg.asks(&std::collections::BTreeSet::new(), CHUNK_DAYS).len());
            let reports = count(leg.asks(&harvest.done(index), CHUNK_DAYS).len());
            let tokens = match leg.subject {
                Subject::TapRain(_) => 0,
                Subject::Klar(_) => pace::tokens(reports, pace::gap(per_hour)),
            };
            let known = all.saturating_sub(reports);
            legs.push(LegCost { reports, tokens, known, per_hour });
        }
        let samples = plan.legs.iter().map(|leg| samples(leg, plan.step)).sum();
        let bytes = samples * (SAMPLE_BYTES + plan.labels.len() as u64);
        Ok(Self { legs, samples, bytes })
    }

    /// Every request that will be sent.
    pub fn requests(&self) -> u32 {
        self.legs.iter().map(LegCost::requests).sum()
    }

    /// How long it takes: accounts are asked side by side.
    pub fn time(&self) -> Duration {
        self.legs.iter().map(LegCost::time).max().unwrap_or_default()
    }

    /// The same as lines for people.
    pub fn text(&self, plan: &Plan) -> String {
        let mut text = String::new();
        for (leg, cost) in plan.legs.iter().zip(&self.legs) {
            let (api, name) = (leg.subject.api().as_str(), &leg.common().name);
            let (days, views) = (leg.wanted().count(), leg.views());
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{api} {name}: {} requests for {days} days of {views} view{}",
                cost.requests(),
                if views == 1 { "" } else { "s" },
            );
            if cost.tokens > 0 {
                let _ = write!(text, " ({} of them for access tokens)", cost.tokens);
            }
            let _ = write!(text, ", {:.0} an hour: {}", cost.per_hour, readable(cost.time()));
            if cost.known > 0 {
                let _ = write!(text, "; {} more were answered before", cost.known);
            }
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "in all {} requests in {}; with {ROWS} offers, sources, countries and channels roughly {} \
             samples, {}",
            self.requests(),
            readable(self.time()),
            thousands(self.samples),
            size(self.bytes),
        );
        if let Some(end) = plan.legs.iter().map(|leg| leg.ends).max() {
            let _ = writeln!(text, "until {}", end.strftime("%Y-%m-%dT%H:%M:%SZ"));
        }
        text
    }
}

/// How many samples a leg comes to, taken it has a row or two for all it is asked.
fn samples(leg: &Leg, step: u32) -> u64 {
    let seconds = leg.ends.duration_since(leg.begins).as_secs();
    let instants = u64::try_from(seconds).unwrap_or(0) / u64::from(step.max(1));
    let series = match &leg.subject {
        Subject::TapRain(account) => {
            let limits = account.limits;
            let rows = [limits.country, limits.source, limits.offer];
            let rows: usize = rows.into_iter().map(|limit| ROWS.min(limit + 1)).sum();
            5 + 5 + 5 * rows + 3 * crate::figures::taprain::DIMENSIONS.len()
        }
        Subject::Klar(account) => {
            let limits = account.limits;
            let limits = [limits.channel, limits.campaign, limits.ad_group, limits.ad];
            let deepest = account.views.iter().map(|view| view.detail).max();
            let levels = deepest.map_or(1, depth);
            let rows: usize =
                limits.into_iter().take(levels).map(|limit| ROWS.min(limit + 1)).sum();
            Group::KlarChannel.columns() * rows
        }
    };
    instants * (series * leg.views()) as u64
}

fn depth(detail: Detail) -> usize {
    Detail::ALL.iter().take_while(|above| **above <= detail).count()
}

/// Days, hours, minutes and seconds, as many as matter.
pub fn readable(time: Duration) -> String {
    if time < Duration::from_secs(100) {
        return format!("{} s", time.as_secs_f64().ceil());
    }
    let minutes = time.as_secs().div_ceil(60);
    let (days, hours, left) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{left} min"),
        (0, _) => format!("{hours} h {left} min"),
        _ => format!("{days} d {hours} h"),
    }
}

fn thousands(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{} thousand", number / 1000),
        _ => format!("{} million", number / 1_000_000),
    }
}

fn size(bytes: u64) -> String {
    if bytes < 10_000_000_000 {
        format!("{} MB", bytes.div_ceil(1_000_000))
    } else {
        format!("{} GB", bytes.div_ceil(1_000_000_000))
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
