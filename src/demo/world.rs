//! One fictional business, every figure of which is a pure function of a seed, an entity, an hour
//! and the minute at which one looks. Polling and backfill therefore agree, and so do two runs.

mod crowd;
mod feast;
mod incident;
mod loss;
pub(super) mod shop;
pub(super) mod tally;
pub(super) mod traffic;

pub use incident::{Incident, What, Who};
use jiff::Timestamp;
pub use loss::{Line, Sold};
use shop::Shop;
use traffic::Traffic;

/// The business as both APIs see it.
#[derive(Debug)]
pub struct World {
    pub(super) traffic: Traffic,
    pub(super) shop: Shop,
}

/// How large the business is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// TapRain leads on an average day; clicks and the shop's orders follow from it.
    pub leads_per_day: u32,
    /// Traffic sources, `Direct` and one with hostile text among them.
    pub sources: usize,
    /// Ads in each of the 20 ad groups of the shop.
    pub ads_per_group: usize,
}

impl Size {
    /// About 450 leads a day from 4 sources, and 41 rows a day at Klar.
    pub const DEFAULT: Self = Self { leads_per_day: 450, sources: 4, ads_per_group: 2 };
}

impl Default for Size {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl World {
    /// The business that `seed` makes.
    pub fn new(seed: u64, size: Size) -> Self {
        Self { traffic: Traffic::new(seed, size), shop: Shop::new(seed, size) }
    }

    /// The same business with a past that changes: leads are taken back for days (trap T9), and
    /// every retraining of the shop's models restates the last weeks (trap K16).
    pub fn revised(seed: u64, size: Size) -> Self {
        let Self { traffic, shop } = Self::new(seed, size);
        Self { traffic: traffic.revised(), shop: shop.revised() }
    }

    /// The same business, whose customers keep the holidays of the United States, by their dates
    /// in New York and the shop's own: clicks and orders fall to 70 % on Thanksgiving and New
    /// Year's Day, 65 % on the Fourth of July and 60 % on Christmas Day, rise fourfold on Black
    /// Friday and fall to 90 % on the Saturday after it. What ads cost stays as it is.
    #[must_use]
    pub fn with_holidays(self) -> Self {
        Self { traffic: self.traffic.festive(), shop: self.shop.festive() }
    }
}

impl World {
    /// The same business with chance as rude as it really is: a day's clicks vary by 20 % and how
    /// they convert by 8 %, clicks and orders come by Poisson's law, and one offer's network tells
    /// its leads once a day, at three in the morning.
    #[must_use]
    pub fn lively(self) -> Self {
        Self { traffic: self.traffic.lively(), shop: self.shop.lively() }
    }

    /// The same business, to which something happens.
    #[must_use]
    pub fn befallen(self, incident: Incident) -> Self {
        Self { traffic: self.traffic.befallen(incident), shop: self.shop.befallen(incident) }
    }
}

/// A stretch of whole minutes since the epoch: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: i64,
}

/// The minute since the epoch in which `time` lies.
pub(super) fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

/// The instant at which `minute` begins.
pub(super) fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(Timestamp::MAX)
}

/// How the hours of a day share its business, in thousandths; quiet at four, busy at eight.
const DAY_CURVE: [u16; 24] = [
    30, 22, 16, 12, 10, 12, 18, 26, 34, 40, 44, 47, 52, 52, 50, 49, 50, 54, 60, 68, 74, 70, 62, 48,
];

/// How the days of a week, from Monday, compare with an average day, in percent.
const WEEK_CURVE: [u16; 7] = [94, 92, 95, 98, 104, 112, 105];

/// The share of a day's business that falls into `hour`.
fn hour_share(hour: i64) -> f64 {
    let all: u16 = DAY_CURVE.iter().sum();
    let own = usize::try_from(hour).ok().and_then(|hour| DAY_CURVE.get(hour)).copied();
    f64::from(own.unwrap_or(0)) / f64::from(all)
}

/// The share of a day's business that is done when `part` (0 to 1) of the day is over.
fn done_after(part: f64) -> f64 {
    let hours = part.clamp(0.0, 1.0) * 24.0;
    (0i64..24).map(|hour| hour_share(hour) * (hours - hour as f64).clamp(0.0, 1.0)).sum()
}

/// How the day `number` days after the epoch compares with an average one.
fn day_factor(number: i64) -> f64 {
    // The epoch was a Thursday.
    let weekday = usize::try_from((number + 3).rem_euclid(7)).unwrap_or(0);
    f64::from(WEEK_CURVE.get(weekday).copied().unwrap_or(100)) / 100.0
}

/// SplitMix64 over `parts`: what is random about an entity, whoever asks and whenever.
fn hash(seed: u64, parts: &[u64]) -> u64 {
    parts.iter().fold(scramble(seed), |state, part| scramble(state ^ scramble(*part)))
}

fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number from `low` to `high`, random about `parts`.
fn between(low: f64, high: f64, seed: u64, parts: &[u64]) -> f64 {
    low + (high - low) * ((hash(seed, parts) >> 11) as f64 / (1u64 << 53) as f64)
}

/// A number of events where `mean` are expected.
fn poisson(mean: f64, rng: &mut fastrand::Rng) -> u32 {
    if mean > 60.0 {
        // Six uniform draws make a bell that is close enough.
        let bell = (0..6).map(|_| rng.f64()).sum::<f64>() - 3.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let count = (mean + bell * (2.0 * mean).sqrt()).round() as u32;
        return count;
    }
    let (mut left, mut count) = (libm::exp(-mean), 0);
    let (mut term, luck) = (left, rng.f64());
    while left < luck && count < 1_000 {
        count += 1;
        term *= mean / f64::from(count);
        left += term;
    }
    count
}

/// The bits of a number that may be negative.
fn bits(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_week_are_whole() {
        assert!((done_after(1.0) - 1.0).abs() < 1e-12);
        assert_eq!(done_after(0.0), 0.0);
        assert!(done_after(0.4) < done_after(0.5));
        let week: f64 = (0..7).map(day_factor).sum();
        assert!((week - 7.0).abs() < 1e-9);
    }

    #[test]
    fn the_epoch_was_a_thursday() {
        assert_eq!(day_factor(0), 0.98);
        assert_eq!(day_factor(-3), 0.94);
    }
}
