//! What time it is: the one file that asks.
//!
//! Two readings, for two purposes. [`Tick`] is monotonic and decides budgets, intervals and
//! staleness, so a stepped wall clock can neither overspend nor freeze anything. [`Timestamp`] is
//! the wall clock and decides which calendar day it is. Both come from one [`Clock`], which can
//! run faster than the world (the demo) or only when everything else waits (tests under tokio's
//! paused clock).
//!
//! The system's ticks count since the machine started, its sleep included, and are the same in
//! every process: what one process noted the next one can still measure, whatever happened to the
//! wall clock in between.

use std::future::Future;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What was before the machine started has ticks as well, ten years of them.
const BEFORE_BOOT: Duration = Duration::from_secs(3650 * 24 * 3600);

/// Names this start of the machine; another name is another row of ticks.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A monotonic instant: the time since its [`Clock`] began, in that clock's own seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(Duration);

impl Tick {
    /// The tick that lies `since_start` after the clock began.
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time since the clock began.
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
    ticks: Ticks,
    wall: Wall,
    boot: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
enum Ticks {
    /// The machine's own, its sleep included.
    System,
    /// Tokio's clock, `rate` times as fast, and what was slept through beside it.
    Tokio { origin: tokio::time::Instant, rate: u32, slept: Arc<AtomicU64> },
}

#[derive(Clone, Debug)]
enum Wall {
    /// Ask the operating system.
    System,
    /// Start here and advance with the ticks; some milliseconds off.
    From { start: Timestamp, stepped: Arc<AtomicI64> },
}

impl Clock {
    /// The operating system's clocks.
    pub fn system() -> Self {
        let boot = std::fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().into());
        Self { ticks: Ticks::System, wall: Wall::System, boot }
    }

    /// A world that begins at `start` and runs `rate` times as fast as tokio's clock.
    ///
    /// Under tokio's paused clock and a rate of 1 this is virtual time. A rate of 0 counts as 1.
    pub fn simulated(start: Timestamp, rate: u32) -> Self {
        let slept = Arc::new(AtomicU64::new(0));
        Self {
            ticks: Ticks::Tokio { origin: instant(), rate: rate.max(1), slept },
            wall: Wall::From { start, stepped: Arc::default() },
            boot: Some("simulated".into()),
        }
    }

    /// A clock that begins at the present and runs `rate` times as fast as the world.
    pub fn accelerated(rate: u32) -> Self {
        Self::simulated(system_time(), rate)
    }

    /// The same ticks beside a wall clock that [`Clock::step`] sets for this one alone.
    #[must_use]
    pub fn with_own_wall(&self) -> Self {
        let wall = match &self.wall {
            Wall::System => Wall::System,
            Wall::From { start, stepped } => {
                let stepped = AtomicI64::new(stepped.load(Ordering::Relaxed));
                Wall::From { start: *start, stepped: Arc::new(stepped) }
            }
        };
        Self { wall, ..self.clone() }
    }

    /// The same clock on a machine that was started anew: ticks noted before cannot be compared.
    #[must_use]
    pub fn with_boot(&self, name: &str) -> Self {
        Self { boot: Some(name.into()), ..self.clone() }
    }

    /// Sets a simulated wall clock forward or back, as somebody might set the system's.
    pub fn step(&self, by: SignedDuration) {
        if let Wall::From { stepped, .. } = &self.wall {
            let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            stepped.fetch_add(millis, Ordering::Relaxed);
        }
    }

    /// A simulated machine sleeps: all its clocks go on, and nothing wakes up in time.
    pub fn sleep_through(&self, time: Duration) {
        if let Ticks::Tokio { slept, .. } = &self.ticks {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            slept.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    /// Names the row of ticks that this clock counts; `None` where that cannot be known.
    pub fn boot(&self) -> Option<&str> {
        self.boot.as_deref()
    }

    /// The monotonic reading.
    pub fn tick(&self) -> Tick {
        match &self.ticks {
            Ticks::System => Tick(BEFORE_BOOT.saturating_add(since_boot())),
            Ticks::Tokio { origin, rate, slept } => {
                let slept = Duration::from_nanos(slept.load(Ordering::Relaxed));
                Tick(origin.elapsed() * *rate + slept)
            }
        }
    }

    /// The wall clock's reading.
    pub fn wall(&self) -> Timestamp {
        match &self.wall {
            Wall::System => system_time(),
            Wall::From { start, stepped } => {
                let stepped = SignedDuration::from_millis(stepped.load(Ordering::Relaxed));
                let wall = start.saturating_add(self.tick().0);
                wall.and_then(|wall| wall.saturating_add(stepped)).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Both readings.
    pub fn moment(&self) -> Moment {
        Moment { tick: self.tick(), wall: self.wall() }
    }

    /// Waits until `tick`; returns at once when it has passed. Where the machine sleeps meanwhile,
    /// the rest of the wait begins again when it wakes.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub async fn sleep_until(&self, tick: Tick) {
        match &self.ticks {
            Ticks::System => tokio::time::sleep(tick.since(self.tick())).await,
            Ticks::Tokio { origin, rate, slept } => {
                let slept = Duration::from_nanos(slept.load(Ordering::Relaxed));
                let awake = tick.0.saturating_sub(slept);
                tokio::time::sleep_until(*origin + awake / *rate).await;
            }
        }
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

/// The time since the machine started. Where only Linux counts its sleep, others do without.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(target_os = "linux")]
    let id = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let id = ClockId::Monotonic;
    let time = clock_gettime(id);
    let seconds = Duration::from_secs(time.tv_sec.try_into().unwrap_or(0));
    seconds + Duration::from_nanos(time.tv_nsec.try_into().unwrap_or(0))
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

    #[tokio::test(start_paused = true)]
    async fn a_stepped_wall_clock_leaves_the_ticks_and_other_clocks_alone() {
        let world = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let mine = world.with_own_wall();
        mine.step(SignedDuration::from_hours(-1));
        assert_eq!(mine.tick(), world.tick());
        assert_eq!(world.wall().duration_since(mine.wall()), SignedDuration::from_hours(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_is_older_and_wakes_late() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let waiting = clock.sleep(Duration::from_secs(60));
        let asleep = async {
            clock.sleep(Duration::from_secs(1)).await;
            clock.sleep_through(Duration::from_secs(3600));
        };
        tokio::join!(waiting, asleep);
        assert_eq!(clock.tick(), Tick::at(Duration::from_secs(3660)));
        assert_eq!(clock.wall().as_second(), 3660);
    }

    #[tokio::test]
    async fn two_system_clocks_count_the_same_ticks() {
        let (one, other) = (Clock::system(), Clock::system());
        let first = one.tick();
        assert!(other.tick() >= first);
        assert_eq!(one.boot(), other.boot());
        one.sleep(Duration::from_millis(2)).await;
        assert!(other.tick().since(first) >= Duration::from_millis(2));
    }
}
