//! How many requests at most: a token bucket, shared by all clients.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::clock::Tick;

/// The terms of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time after which one more request is allowed; above zero.
    pub interval: Duration,
    /// How many requests may come at once.
    pub burst: NonZeroU32,
}

/// Tokens, counted by the instant at which the bucket is full again.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    rate: Rate,
    full: Tick,
}

impl Bucket {
    /// A bucket that is full.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full: Tick::default() }
    }

    /// The terms.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a token, if there is one.
    pub fn admits(&mut self, now: Tick) -> bool {
        let Rate { interval, burst } = self.rate;
        let full = self.full.max(now);
        if full.since(now) > interval.saturating_mul(burst.get() - 1) {
            return false;
        }
        self.full = full + interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(millis: u64, burst: u32) -> Bucket {
        let interval = Duration::from_millis(millis);
        Bucket::new(Rate { interval, burst: burst.try_into().unwrap() })
    }

    fn at(millis: u64) -> Tick {
        Tick::at(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_passes_and_then_one_an_interval() {
        let mut bucket = bucket(1000, 3);
        let passed: Vec<bool> = [0, 0, 0, 0, 999, 1000, 1000, 5000, 5000, 5000, 5000]
            .map(|t| bucket.admits(at(t)))
            .into();
        let (yes, no) = (true, false);
        assert_eq!(passed, [yes, yes, yes, no, no, yes, no, yes, yes, yes, no]);
    }

    proptest! {
        #[test]
        fn no_span_admits_more_than_the_burst_and_its_intervals(
            burst in 1_u32..6,
            gaps in prop::collection::vec(0_u64..40, 1..200),
        ) {
            let mut bucket = bucket(10, burst);
            let mut now = 0;
            let mut passed = Vec::new();
            for gap in gaps {
                now += gap;
                if bucket.admits(at(now)) {
                    passed.push(now);
                }
            }
            for (first, begin) in passed.iter().enumerate() {
                for (last, end) in passed.iter().enumerate().skip(first) {
                    let admitted = (last - first + 1) as u64;
                    prop_assert!(admitted <= u64::from(burst) + (end - begin) / 10);
                }
            }
        }
    }
}
