//! What a rule set made of a run.

use std::collections::BTreeSet;

use crate::alerts::Firing;
use crate::batch::{Batch, Run};
use crate::rules::RuleBook;

/// Episodes of one alert that are no further apart are one.
const APART: i64 = 3_600;

/// A run must go on for so long after its incident could be known.
const TIME_ENOUGH: i64 = 4 * 3_600;

#[derive(Clone, Debug)]
pub struct Outcome {
    pub batch: Batch,
    pub book: usize,
    pub scenario: u32,
    pub must_fire: bool,
    /// Whether the data could show it in time.
    pub knowable: bool,
    /// Seconds from that moment to the first of the expected alerts.
    pub delay: Option<i64>,
    /// Days that were looked at.
    pub days: f64,
    /// Episodes that are mistakes in a quiet scenario.
    pub critical: u32,
    pub warning: u32,
    /// Kinds of critical alerts that somebody was called for.
    pub pages: u32,
    /// What fired when, in minutes from the onset.
    pub story: Vec<(String, i64)>,
}

impl Outcome {
    pub fn order(&self) -> (usize, u32, u32, u64) {
        (self.book, self.batch.leads_per_day, self.scenario, self.batch.seed)
    }

    pub fn say(&self) {
        let Self { batch, book, scenario, knowable, delay, story, .. } = self;
        if story.is_empty() && !self.must_fire {
            return;
        }
        let minutes = delay.map(|delay| delay / 60);
        let Batch { leads_per_day, seed, .. } = batch;
        eprintln!(
            "  {leads_per_day}/{seed} book {book} scenario {scenario}: knowable {knowable}, delay {minutes:?}, {story:?}"
        );
    }
}

pub fn judge(
    batch: Batch,
    place: usize,
    book: &RuleBook,
    run: &Run,
    firings: &[Firing],
    pages: &[&Firing],
) -> Outcome {
    let scenario = run.scenario;
    let onset = scenario.begins(batch.seed).as_second();
    let end = scenario.ends(batch.seed).as_second();
    // A set that knows but one alert is asked for no more.
    let expected =
        |firing: &&Firing| !book.general || scenario.fires.contains(&firing.alert.as_str());
    let first =
        firings.iter().filter(expected).filter(|one| one.until > onset).map(|one| one.from).min();
    let in_time = run.knowable.filter(|known| known + TIME_ENOUGH <= end);
    let delay = first.map(|first| (first - run.knowable.unwrap_or(onset)).max(0));
    let wrong = |severity: &str| {
        let counts = |firing: &&Firing| {
            firing.severity == severity && !scenario.fine.contains(&firing.alert.as_str())
        };
        episodes(pages.iter().copied().filter(counts))
    };
    let called: BTreeSet<(&str, Option<&String>)> = pages
        .iter()
        .filter(|firing| firing.severity == "critical" && firing.until > onset)
        .map(|firing| (firing.alert.as_str(), firing.labels.get("account")))
        .collect();
    let mut story: Vec<(String, i64)> =
        firings.iter().map(|one| (one.alert.clone(), (one.from - onset) / 60)).collect();
    story.sort();
    story.dedup_by(|a, b| a.0 == b.0);
    Outcome {
        batch,
        book: place,
        scenario: scenario.number,
        must_fire: scenario.must_fire(),
        knowable: in_time.is_some(),
        delay,
        days: scenario.hours as f64 / 24.0,
        critical: wrong("critical"),
        warning: wrong("warning"),
        pages: u32::try_from(called.len()).unwrap(),
        story,
    }
}

/// Firings of one alert that overlap, or nearly do, are one episode, whatever their labels.
fn episodes<'a>(firings: impl Iterator<Item = &'a Firing>) -> u32 {
    let mut all: Vec<(&str, i64, i64)> =
        firings.map(|one| (one.alert.as_str(), one.from, one.until)).collect();
    all.sort_unstable();
    let (mut count, mut last) = (0, None::<(&str, i64)>);
    for (alert, from, until) in all {
        match last {
            Some((known, end)) if known == alert && from <= end + APART => {
                last = Some((alert, end.max(until)));
            }
            _ => {
                count += 1;
                last = Some((alert, until));
            }
        }
    }
    count
}
