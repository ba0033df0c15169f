//! Ticks in files: as milliseconds before the moment of saving, beside what that moment was.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Moment, Tick};

/// How wrong a wall clock may have been set while nothing but it told how much time had passed.
const DISTRUST: SignedDuration = SignedDuration::from_hours(1);

/// The moment at which a file was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// The start of the machine whose ticks these are.
    boot: Option<String>,
    tick_ms: u64,
    wall: Timestamp,
}

/// What a stamp means now: how ticks from before are counted today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reckoning {
    saved: Tick,
    /// How long ago it was saved, at the very least. Exact where the ticks are the same row.
    pub(super) least: Duration,
    /// How long ago it probably was; `None` when it lies in the future.
    pub(super) likely: Option<Duration>,
    now: Tick,
    /// Whether the ticks are of the same row.
    pub(super) exact: bool,
}

impl Stamp {
    pub(super) fn new(clock: &Clock, now: Moment) -> Self {
        let boot = clock.boot().map(str::to_owned);
        Self { boot, tick_ms: millis(now.tick.since_start()), wall: now.wall }
    }

    /// What it means on `clock` at `now`.
    pub(super) fn reckon(&self, clock: &Clock, now: Moment) -> Reckoning {
        let saved = Tick::at(Duration::from_millis(self.tick_ms));
        if self.boot.is_some() && self.boot.as_deref() == clock.boot() && saved <= now.tick {
            let passed = now.tick.since(saved);
            let (least, likely) = (passed, Some(passed));
            return Reckoning { saved, least, likely, now: now.tick, exact: true };
        }
        let passed = now.wall.duration_since(self.wall);
        let least = (passed - DISTRUST).max(SignedDuration::ZERO).try_into().unwrap_or_default();
        let likely = passed.try_into().ok();
        Reckoning { saved, least, likely, now: now.tick, exact: false }
    }

    /// The tick at which it was saved, in its own row.
    pub(super) fn tick(&self) -> Tick {
        Tick::at(Duration::from_millis(self.tick_ms))
    }

    /// How many milliseconds before it `tick` was, rounded so that `tick` comes no earlier back.
    pub(super) fn ago(&self, tick: Tick) -> i64 {
        let at = i64::try_from(tick.since_start().as_nanos().div_ceil(1_000_000));
        let saved = i64::try_from(self.tick_ms);
        saved.unwrap_or(i64::MAX).saturating_sub(at.unwrap_or(i64::MAX))
    }
}

impl Reckoning {
    /// The tick that lay `ago` milliseconds before the saving, no earlier than it may have been.
    pub(super) fn latest(&self, ago: i64) -> Tick {
        let base = if self.exact { self.saved } else { self.now - self.least };
        shift(base, ago)
    }

    /// The tick that lay `ago` milliseconds before the saving, as it probably was.
    pub(super) fn likely(&self, ago: i64) -> Option<Tick> {
        if self.exact {
            Some(shift(self.saved, ago))
        } else {
            Some(shift(self.now - self.likely?, ago))
        }
    }
}

fn shift(base: Tick, ago: i64) -> Tick {
    let by = Duration::from_millis(ago.unsigned_abs());
    if ago >= 0 { base - by } else { base + by }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: u64, wall: i64) -> Moment {
        let tick = Tick::at(Duration::from_secs(seconds));
        Moment { tick, wall: Timestamp::from_second(wall).unwrap() }
    }

    #[tokio::test]
    async fn the_same_row_of_ticks_is_exact_whatever_the_wall_clock_says() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let stamp = Stamp::new(&clock, moment(100, 5_000));
        let ago = stamp.ago(Tick::at(Duration::from_secs(90)));
        for wall in [-9_000, 5_010, 900_000] {
            let reckoning = stamp.reckon(&clock, moment(110, wall));
            assert_eq!(reckoning.latest(ago), Tick::at(Duration::from_secs(90)));
            assert_eq!(reckoning.likely, Some(Duration::from_secs(10)));
        }
    }

    #[tokio::test]
    async fn another_row_is_trusted_less_an_hour() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let stamp = Stamp::new(&clock.with_boot("before"), moment(100, 0));
        let after = |wall| stamp.reckon(&clock, moment(50_000, wall));
        assert_eq!(after(4_000).least, Duration::from_secs(400));
        assert_eq!(after(4_000).latest(1_000), Tick::at(Duration::from_secs(49_599)));
        assert_eq!(after(4_000).likely(1_000), Some(Tick::at(Duration::from_secs(45_999))));
        assert_eq!(after(3_000).least, Duration::ZERO);
        assert_eq!((after(-1).least, after(-1).likely), (Duration::ZERO, None));
    }
}
