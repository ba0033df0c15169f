//! How an hour fills in after its clicks: late conversions are booked to the click's hour, so a
//! young hour shows only a share of what it will have.
//!
//! The share is estimated as insurers estimate late claims, by development factors (the *chain
//! ladder*): how much hours of one age had in sum, by how much they had at the next age. Each hour
//! is looked at as it passes the ages of [`AGES`]; between two answers its figures are taken to
//! grow evenly. Old evidence is forgotten by halves.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::amounts::Three;
use super::layout::{HOUR, Slot};

/// The ages at which hours are compared, in minutes after the hour's end.
pub const AGES: [i64; 17] =
    [-45, -30, -15, 0, 15, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440];

/// From this age on, in seconds after its end, an hour is complete.
pub const COMPLETE: i64 = 1440 * 60;

/// Seconds after which evidence counts half.
const HALF_LIFE: f64 = 8.0 * 86_400.0;

/// Answers this far apart, in seconds, still say what lay between them, however short the step.
const NEAR: i64 = 20 * 60;

/// Hours followed to the end, after forgetting, that make two days of evidence.
const ENOUGH_HOURS: f64 = 40.0;

/// Leads behind each factor that make it believable, after forgetting.
const ENOUGH_LEADS: f64 = 100.0;

/// What was learned about how hours fill in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maturity {
    /// For each step from one age to the next: sums of clicks and leads at both, over all hours.
    steps: [Step; AGES.len() - 1],
    /// Hours followed through the last step, after forgetting.
    followed: f64,
    /// The unix second up to which was forgotten.
    forgotten: i64,
    /// Hours that are still followed, by their start.
    open: BTreeMap<i64, Note>,
}

/// Sums at the beginning and the end of a step: clicks, leads, clicks, leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Step([f64; 4]);

/// An hour that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    /// Its age in seconds when it was last seen.
    #[serde(rename = "a")]
    age: i64,
    /// Its clicks and leads then.
    #[serde(rename = "v")]
    seen: [f64; 2],
    /// The last of [`AGES`] it has passed, and its clicks and leads there; no such age when
    /// nobody looked.
    #[serde(rename = "p")]
    passed: Option<(usize, [f64; 2])>,
}

impl Maturity {
    /// Notes what an hour had, `age` seconds after its end.
    ///
    /// What is not younger than before says nothing new (trap T19), nor does an hour that a clock
    /// change cut.
    pub(super) fn note(&mut self, slot: &Slot, age: i64, [clicks, leads]: [f64; 2]) {
        if slot.length() != HOUR || age <= -HOUR {
            return;
        }
        // An hour has nothing when it begins; who looks first much later knows no more than that.
        let begun = || Note { age: -HOUR, seen: [0.0; 2], passed: None };
        let before = self.open.get(&slot.start).copied().unwrap_or_else(begun);
        if age <= before.age || before.age >= COMPLETE {
            return;
        }
        let seen = [clicks, leads];
        let mut passed = before.passed;
        for (index, reached) in AGES.into_iter().map(|age| age * 60).enumerate() {
            if reached <= before.age || age < reached {
                continue;
            }
            let step = reached - index.checked_sub(1).map_or(-HOUR, |last| AGES[last] * 60);
            if age - before.age > NEAR.max(step) {
                continue;
            }
            let part = (reached - before.age) as f64 / (age - before.age) as f64;
            let there = [0, 1].map(|i| before.seen[i] + (seen[i] - before.seen[i]) * part);
            self.learn(passed, index, there);
            passed = Some((index, there));
        }
        self.open.insert(slot.start, Note { age, seen, passed });
    }

    fn learn(&mut self, passed: Option<(usize, [f64; 2])>, index: usize, there: [f64; 2]) {
        let Some((last, before)) = passed.filter(|(last, _)| last + 1 == index) else { return };
        let Step(sums) = &mut self.steps[last];
        let pairs = [before[0], before[1], there[0], there[1]];
        sums.iter_mut().zip(pairs).for_each(|(sum, one)| *sum += one);
        if index + 1 == AGES.len() {
            self.followed += 1.0;
        }
    }

    /// Lets evidence fade up to the unix second `now`, and follows no hour longer than needed.
    pub(super) fn forget(&mut self, now: i64) {
        if self.forgotten == 0 {
            self.forgotten = now;
        }
        let passed = now - self.forgotten;
        if passed >= HOUR {
            let left = libm::exp2(-(passed as f64) / HALF_LIFE);
            self.steps
                .iter_mut()
                .for_each(|Step(sums)| sums.iter_mut().for_each(|sum| *sum *= left));
            self.followed *= left;
            self.forgotten = now;
        }
        // The last hour of a day is complete a day later; a little more, for late answers.
        let kept = now - HOUR - COMPLETE - 6 * HOUR;
        self.open = self.open.split_off(&kept);
    }

    /// Whether there is evidence enough: two days of hours followed to their end, and a hundred
    /// leads behind every factor.
    pub fn is_learned(&self) -> bool {
        let closed = AGES.iter().zip(&self.steps).filter(|(age, _)| **age >= 0);
        self.followed >= ENOUGH_HOURS
            && closed.into_iter().all(|(_, Step(sums))| sums[3] >= ENOUGH_LEADS)
    }

    /// The age, after the hour's end, at which 95 % of its final leads are there; `None` before
    /// that was learned.
    pub fn settle_observed(&self) -> Option<Duration> {
        let curve = self.is_learned().then(|| self.curve(Duration::ZERO))?;
        let minute = (0..COMPLETE / 60).find(|minute| curve.share(minute * 60).leads >= 0.95)?;
        u64::try_from(minute * 60).ok().map(Duration::from_secs)
    }

    /// The shares as they are believed now: learned, or else as if leads came evenly spread over
    /// `settle` after their click.
    pub fn curve(&self, settle: Duration) -> Curve {
        let prior = Curve { learned: None, settle: settle.as_secs_f64() / 60.0 };
        if !self.is_learned() {
            return prior;
        }
        let mut shares = [[1.0; AGES.len()]; 2];
        for (figure, shares) in shares.iter_mut().enumerate() {
            for index in (0..self.steps.len()).rev() {
                let Step(sums) = self.steps[index];
                let (from, to) = (sums[figure].max(0.0), sums[figure + 2]);
                // Nothing to nothing is no evidence of growth.
                let share = if to > 0.0 { (from / to).min(2.0) } else { 1.0 };
                shares[index] = (shares[index + 1] * share).min(2.0);
            }
        }
        Curve { learned: Some(shares), ..prior }
    }
}

/// The share of an hour's final figures that shows at an age.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Of clicks and of leads, at each of [`AGES`].
    learned: Option<[[f64; AGES.len()]; 2]>,
    /// In minutes.
    settle: f64,
}

impl Curve {
    /// The shares `age` seconds after the hour's end: 0 when it begins, 1 a day after it; more in
    /// between where leads are taken back (trap T9). Revenue comes as leads do.
    pub fn share(&self, age: i64) -> Three<f64> {
        let minutes = age as f64 / 60.0;
        let [clicks, leads] = match &self.learned {
            _ if age >= COMPLETE => [1.0, 1.0],
            Some(shares) => [0, 1].map(|figure| between(&shares[figure], minutes)),
            None => [even(minutes, 0.0), even(minutes, self.settle)],
        };
        Three { clicks, leads, revenue: leads }
    }
}

/// Linear between the ages, from nothing at the hour's beginning.
fn between(shares: &[f64; AGES.len()], minutes: f64) -> f64 {
    let (mut age, mut share) = (-60.0, 0.0);
    for (next, there) in AGES.into_iter().zip(shares) {
        let next = next as f64;
        if minutes < next {
            let part = ((minutes - age) / (next - age)).max(0.0);
            return share + (there - share) * part;
        }
        (age, share) = (next, *there);
    }
    1.0
}

/// The share of the leads of evenly spread clicks, each of whose leads comes within `settle`
/// minutes, as likely early as late.
fn even(minutes: f64, settle: f64) -> f64 {
    // The integral of min(time / settle, 1) from 0.
    let area = |time: f64| match time {
        time if time <= 0.0 => 0.0,
        time if time < settle => time * time / (2.0 * settle),
        time => time - settle / 2.0,
    };
    (area(minutes + 60.0) - area(minutes)) / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: i64 = 120;

    fn slot(start: i64) -> Slot {
        Slot { label: jiff::civil::date(2026, 3, 18).at(0, 0, 0, 0), start, end: start + HOUR }
    }

    /// The true share of an hour's leads, some of which come late.
    fn truth(minutes: f64) -> f64 {
        let late = |mean: f64| even(minutes, mean);
        0.8 * late(90.0) + 0.2 * late(600.0)
    }

    /// Hours of 100 clicks and 40 leads, seen every ten minutes.
    fn followed(hours: i64) -> Maturity {
        let mut maturity = Maturity::default();
        for now in (0..hours * HOUR + 26 * HOUR).step_by(600) {
            for start in (0..hours).map(|hour| hour * HOUR).filter(|start| *start < now) {
                let age = now - start - HOUR;
                if age <= COMPLETE + 600 {
                    let minutes = age as f64 / 60.0;
                    maturity.note(
                        &slot(start),
                        age,
                        [100.0 * even(minutes, 0.0), 40.0 * truth(minutes)],
                    );
                }
            }
            maturity.forget(now);
        }
        maturity
    }

    #[test]
    fn a_known_curve_is_recovered() {
        let maturity = followed(HOURS);
        assert!(maturity.is_learned());
        let curve = maturity.curve(Duration::ZERO);
        for minute in (-60..1_500).step_by(5) {
            let share = curve.share(minute * 60);
            let (leads, clicks) = (truth(minute as f64), even(minute as f64, 0.0));
            assert!((share.leads - leads).abs() < 0.02, "{minute}: {} is not {leads}", share.leads);
            assert!((share.clicks - clicks).abs() < 0.01, "{minute}: {} {clicks}", share.clicks);
            assert_eq!(share.revenue, share.leads);
        }
        let settled = maturity.settle_observed().unwrap().as_secs_f64() / 60.0;
        assert!((truth(settled) - 0.95).abs() < 0.02, "{settled}");
        assert!(maturity.open.len() < 40, "{}", maturity.open.len());
    }

    #[test]
    fn until_there_is_evidence_the_prior_holds() {
        let maturity = followed(30);
        assert!(!maturity.is_learned());
        assert_eq!(maturity.settle_observed(), None);
        let curve = maturity.curve(Duration::from_secs(7_200));
        assert_eq!(curve.share(0).leads, 0.25, "of an hour's clicks, with leads within two hours");
        assert_eq!(curve.share(0).clicks, 1.0);
        assert_eq!(curve.share(-1_800).clicks, 0.5);
        assert_eq!(curve.share(7_200).leads, 1.0);
        assert_eq!(curve.share(-HOUR).leads, 0.0);
        let at_once = maturity.curve(Duration::ZERO);
        assert_eq!(at_once.share(0).leads, 1.0);
    }

    #[test]
    fn t9_leads_taken_back_and_empty_hours_and_gaps_break_nothing() {
        let mut maturity = Maturity::default();
        for hour in 0..200_i64 {
            let start = hour * HOUR;
            for (age, leads) in
                [(-50, 0.0), (-40, 9.0), (0, 10.0), (10, 8.0), (300, 12.0), (1_440, 6.0)]
            {
                let leads = if hour % 3 == 0 { 0.0 } else { leads };
                maturity.note(&slot(start), age * 60, [0.0, leads]);
            }
            maturity.forget(start);
        }
        assert!(!maturity.is_learned(), "most steps were never seen");
        let curve = maturity.curve(Duration::ZERO);
        assert!((0..1_441).all(|age| curve.share(age * 60).leads.is_finite()));
    }

    #[test]
    fn t19_the_same_age_again_is_no_evidence() {
        let mut maturity = followed(1);
        let before = maturity.clone();
        for _ in 0..9 {
            maturity.note(&slot(0), COMPLETE, [999.0, 999.0]);
            maturity.note(&slot(0), 0, [999.0, 999.0]);
        }
        assert_eq!(maturity, before);
    }

    #[test]
    fn old_evidence_fades() {
        let mut maturity = followed(HOURS);
        let before = maturity.followed;
        maturity.forget(maturity.forgotten + 8 * 86_400);
        assert!((maturity.followed / before - 0.5).abs() < 1e-9);
    }
}
