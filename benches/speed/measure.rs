//! Time of the processor, and the least of many rounds.
//!
//! Whatever else the machine does can only add to a round. So rivals take turns, round after round,
//! and each is judged by its best.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// One that runs: does its work once, and says how long the part took that counts.
pub type Runner<'a> = Box<dyn FnMut() -> Duration + 'a>;

/// How long a race goes on, at least.
const LENGTH: Duration = Duration::from_secs(4);

/// Fewer rounds prove nothing, however long they take ...
const FEWEST: usize = 5;

/// ... and more add nothing.
const MOST: usize = 400;

/// The time this thread has had a processor.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap(), nanos.unwrap())
}

/// What `work` took, and made.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = cpu();
    let made = work();
    (cpu().saturating_sub(begun), made)
}

/// The best of each, after a round that only warms.
pub fn race(mut runners: Vec<Runner<'_>>) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; runners.len()];
    for run in &mut runners {
        run();
    }
    let begun = cpu();
    for round in 0..MOST {
        for (run, best) in runners.iter_mut().zip(&mut best) {
            *best = run().min(*best);
        }
        if round + 1 >= FEWEST && cpu() > begun + LENGTH {
            break;
        }
    }
    best
}

/// Nanoseconds for each of `count`.
pub fn each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// Millions of bytes a second.
pub fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
