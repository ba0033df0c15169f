//! The three kinds of rate limiter a vendor may run; neither page says which (traps T5, K6).

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Tick;

/// How requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimiterKind {
    /// A counter that starts anew with every window, aligned to the clock's start.
    FixedWindow,
    /// A log of what was admitted: never more than the limit in any window, whose both ends
    /// count.
    SlidingLog,
    /// A bucket as large as the limit, refilled continuously.
    TokenBucket,
}

impl LimiterKind {
    /// All of them, for tests that run under each.
    pub const ALL: [Self; 3] = [Self::FixedWindow, Self::SlidingLog, Self::TokenBucket];
}

/// So many requests per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests per window.
    pub requests: u32,
    /// The window.
    pub per: Duration,
    /// How they are counted.
    pub kind: LimiterKind,
}

impl Limit {
    /// TapRain's documented limit: 600 requests an hour.
    pub const TAPRAIN: Self =
        Self { requests: 600, per: Duration::from_secs(3600), kind: LimiterKind::SlidingLog };

    /// Klar's documented limit: 2 requests per 30 seconds.
    pub const KLAR: Self =
        Self { requests: 2, per: Duration::from_secs(30), kind: LimiterKind::SlidingLog };
}

/// A limit and what has been used of it.
#[derive(Clone, Debug)]
pub struct Limiter {
    limit: Limit,
    used: Used,
}

#[derive(Clone, Debug)]
enum Used {
    Window { index: u128, count: u32 },
    Log(VecDeque<Tick>),
    // In request-nanoseconds, so that refilling is exact: a request costs one window of them.
    Bucket { level: u128, at: Tick },
}

impl Limiter {
    /// A limiter that nobody has used yet.
    pub fn new(limit: Limit) -> Self {
        let used = match limit.kind {
            LimiterKind::FixedWindow => Used::Window { index: 0, count: 0 },
            LimiterKind::SlidingLog => Used::Log(VecDeque::new()),
            LimiterKind::TokenBucket => {
                let level = u128::from(limit.requests) * limit.per.as_nanos();
                Used::Bucket { level, at: Tick::default() }
            }
        };
        Self { limit, used }
    }

    /// Takes one request at `now`, which must not go backwards.
    ///
    /// # Errors
    /// How long to wait until the next one would be admitted. What is refused is not counted.
    pub fn admit(&mut self, now: Tick) -> Result<u32, Duration> {
        let Limit { requests, per, .. } = self.limit;
        match &mut self.used {
            Used::Window { index, count } => admit_window(index, count, requests, per, now),
            Used::Log(log) => admit_log(log, requests, per, now),
            Used::Bucket { level, at } => admit_bucket(level, at, requests, per, now),
        }
    }
}

fn admit_window(
    index: &mut u128,
    count: &mut u32,
    requests: u32,
    per: Duration,
    now: Tick,
) -> Result<u32, Duration> {
    let elapsed = now.since_start().as_nanos();
    let window = per.as_nanos().max(1);
    if elapsed / window != *index {
        (*index, *count) = (elapsed / window, 0);
    }
    if *count >= requests {
        return Err(nanos(window - elapsed % window));
    }
    *count += 1;
    Ok(requests - *count)
}

fn admit_log(
    log: &mut VecDeque<Tick>,
    requests: u32,
    per: Duration,
    now: Tick,
) -> Result<u32, Duration> {
    // What is exactly one window old still counts: the strictest reading of "per window".
    while log.front().is_some_and(|oldest| now.since(*oldest) > per) {
        log.pop_front();
    }
    let used = u32::try_from(log.len()).unwrap_or(u32::MAX);
    if used >= requests {
        let age = log.front().map_or(Duration::ZERO, |oldest| now.since(*oldest));
        return Err(per.saturating_sub(age) + Duration::from_nanos(1));
    }
    log.push_back(now);
    Ok(requests - used - 1)
}

fn admit_bucket(
    level: &mut u128,
    at: &mut Tick,
    requests: u32,
    per: Duration,
    now: Tick,
) -> Result<u32, Duration> {
    let (rate, cost) = (u128::from(requests).max(1), per.as_nanos());
    let refilled = *level + now.since(*at).as_nanos() * rate;
    (*level, *at) = (refilled.min(rate * cost), now);
    if *level < cost {
        return Err(nanos((cost - *level).div_ceil(rate)));
    }
    *level -= cost;
    Ok(u32::try_from(*level / cost.max(1)).unwrap_or(u32::MAX))
}

fn nanos(count: u128) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PER: u64 = 30_000;

    fn limiter(kind: LimiterKind, requests: u32) -> Limiter {
        Limiter::new(Limit { requests, per: Duration::from_millis(PER), kind })
    }

    fn at(millis: u64) -> Tick {
        Tick::at(Duration::from_millis(millis))
    }

    fn admitted(kind: LimiterKind, requests: u32, gaps: &[u64]) -> Vec<u64> {
        let mut limiter = limiter(kind, requests);
        let mut now = 0;
        let mut times = Vec::new();
        for gap in gaps {
            now += gap;
            if limiter.admit(at(now)).is_ok() {
                times.push(now);
            }
        }
        times
    }

    fn most_within(times: &[u64], inside: impl Fn(u64, u64) -> bool) -> usize {
        let count = |first: &u64| times.iter().filter(|time| inside(*first, **time)).count();
        times.iter().map(count).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_kind_admits_more_than_it_says(
            requests in 1u32..6,
            gaps in proptest::collection::vec(0u64..9_000, 1..80),
        ) {
            let limit = requests as usize;
            let fixed = admitted(LimiterKind::FixedWindow, requests, &gaps);
            prop_assert!(most_within(&fixed, |a, b| a / PER == b / PER) <= limit);
            let sliding = admitted(LimiterKind::SlidingLog, requests, &gaps);
            prop_assert!(most_within(&sliding, |a, b| a <= b && b <= a + PER) <= limit);
            // A bucket holds the limit and gains it once more within a window.
            let bucket = admitted(LimiterKind::TokenBucket, requests, &gaps);
            prop_assert!(most_within(&bucket, |a, b| a <= b && b < a + PER) <= 2 * limit);
            prop_assert!(most_within(&bucket, |a, b| a == b) <= limit);
        }

        #[test]
        fn the_advice_is_exact(
            kind in proptest::sample::select(&LimiterKind::ALL[..]),
            requests in 1u32..6,
            gaps in proptest::collection::vec(0u64..9_000, 1..80),
        ) {
            let mut limiter = limiter(kind, requests);
            let mut now = 0;
            for gap in gaps {
                now += gap;
                if let Err(wait) = limiter.clone().admit(at(now)) {
                    let then = at(now) + wait;
                    let early = then - Duration::from_nanos(1);
                    prop_assert!(limiter.clone().admit(early).is_err());
                    prop_assert!(limiter.clone().admit(then).is_ok());
                }
                let _ = limiter.admit(at(now));
            }
        }
    }

    #[test]
    fn what_remains_is_counted_down() {
        for kind in LimiterKind::ALL {
            let mut limiter = limiter(kind, 3);
            let left: Vec<_> = (0..4).map(|_| limiter.admit(at(5)).ok()).collect();
            assert_eq!(left, [Some(2), Some(1), Some(0), None], "{kind:?}");
        }
    }
}
