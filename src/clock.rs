//! What time it is: the one file that asks.
//!
//! Two readings, for two purposes. [`Tick`] is monotonic and decides budgets, intervals and
//! staleness, so a stepped wall clock can neither overspend nor freeze anything. [`Timestamp`] is
//! the wall clock and decides which calendar day it is. Both come from one [`Clock`], which can
//! run faster than the world (the demo) or only when everything else waits (tests under tokio's
//! paused clock).

use std::future::Future;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;

/// A monotonic instant: the time since its [`Clock`] was made, in that clock's own seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(Duration);

impl Tick {
    /// The tick that lies `since_start` after the clock was made.
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time since the clock was made.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay))
    }
}

impl Sub<Duration> for Tick {
    type Output = Self;

    /// Saturates at the clock's start.
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic reading.
    pub tick: Tick,
    /// The wall clock's reading.
    pub wall: Timestamp,
}

/// Where the time comes from. Cheap to clone; all clones agree.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    wall: Wall,
    rate: u32,
}

#[derive(Clone, Copy, Debug)]
enum Wall {
    /// Ask the operating system.
    System,
    /// Start here and advance with the monotonic clock.
    From(Timestamp),
}

impl Clock {
    /// The operating system's clocks.
    pub fn system() -> Self {
        Self { origin: instant(), wall: Wall::System, rate: 1 }
    }

    /// A world that begins at `start` and runs `rate` times as fast as tokio's clock.
    ///
    /// Under tokio's paused clock and a rate of 1 this is virtual time. A rate of 0 counts as 1.
    pub fn simulated(start: Timestamp, rate: u32) -> Self {
        Self { origin: instant(), wall: Wall::From(start), rate: rate.max(1) }
    }

    /// A clock that begins at the present and runs `rate` times as fast as the world.
    pub fn accelerated(rate: u32) -> Self {
        Self::simulated(system_time(), rate)
    }

    /// The monotonic reading.
    pub fn tick(&self) -> Tick {
        Tick(self.origin.elapsed() * self.rate)
    }

    /// The wall clock's reading.
    pub fn wall(&self) -> Timestamp {
        match self.wall {
            Wall::System => system_time(),
            Wall::From(start) => start.saturating_add(self.tick().0).unwrap_or(Timestamp::MAX),
        }
    }

    /// Both readings.
    pub fn moment(&self) -> Moment {
        Moment { tick: self.tick(), wall: self.wall() }
    }

    /// Waits until `tick`; returns at once when it has passed.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub async fn sleep_until(&self, tick: Tick) {
        tokio::time::sleep_until(self.origin + tick.0 / self.rate).await;
    }

    /// Waits for `delay` of this clock's time.
    pub async fn sleep(&self, delay: Duration) {
        self.sleep_until(self.tick() + delay).await;
    }

    /// Runs `work` for at most `limit`, which is real time even on an accelerated clock: the
    /// network does not hurry because the demo does. `None` when it ran out.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub async fn timeout<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_accelerated_world_sleeps_less_and_ages_more() {
        let start: Timestamp = "2026-03-18T05:00:00Z".parse().unwrap();
        let clock = Clock::simulated(start, 60);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.tick(), Tick::at(Duration::from_secs(3600)));
        assert_eq!(clock.wall(), "2026-03-18T06:00:00Z".parse().unwrap());
        assert_eq!(clock.origin.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_real_time() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 60);
        let slow = clock.sleep(Duration::from_secs(3600));
        assert_eq!(clock.timeout(Duration::from_secs(30), slow).await, None);
    }

    #[test]
    fn an_earlier_tick_is_no_negative_age() {
        let early = Tick::at(Duration::from_secs(1));
        let late = Tick::at(Duration::from_secs(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early - Duration::from_secs(9), Tick::default());
    }
}
