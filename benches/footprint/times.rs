//! How long each of many took, and within what time a share of them was done.

use std::hint::black_box;
use std::time::{Duration, Instant};

#[derive(Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Does `work` so often.
    pub fn of<T>(count: usize, mut work: impl FnMut() -> T) -> Self {
        let mut times = Self::default();
        (0..count).for_each(|_| times.take(&mut work));
        times
    }

    /// Does `work` once more.
    pub fn take<T>(&mut self, work: impl FnOnce() -> T) {
        let begun = Instant::now();
        black_box(work());
        self.push(begun.elapsed());
    }

    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time within which this share, of 0 to 1, was done.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place within the list"
    )]
    pub fn within(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        let place = (self.0.len() as f64 * share).ceil() as usize;
        self.0[place.max(1) - 1]
    }
}
