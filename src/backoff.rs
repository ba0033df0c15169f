//! How long to leave an API alone after it refused, by the advice in its documentation's traps.

use std::time::Duration;

use crate::model::Api;

/// The longest wait between two tries (trap T5).
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A 403 is polled this often: a suspended account is an event, not a glitch (trap T17).
const SUSPENDED: Duration = Duration::from_secs(15 * 60);

/// The longest `Retry-After` that is obeyed to the letter; what asks for more is asked daily.
const LONGEST_ADVICE: Duration = Duration::from_secs(24 * 3600);

/// The first wait after a failure that concerns one view.
const FIRST_RETRY: Duration = Duration::from_secs(15);

/// The first wait after a request that the API called wrong: asking again helps only once its
/// owner changed something.
const FIRST_CORRECTION: Duration = Duration::from_secs(60);

/// The longest wait before a collector that failed is started again.
const LONGEST_RESTART: Duration = Duration::from_secs(5 * 60);

/// How long a whole account keeps quiet after a 429: the API's own advice, else 60 s for TapRain
/// (trap T5) and 30 s for Klar (trap K7), doubling to 15 min. `tries` counts earlier ones in a row.
///
/// Advice to return at once (0, or a date that has passed) is no advice, and who was refused again
/// after obeying waits as long as without it: a vendor's wrong clock must not cause a storm.
pub fn throttled(
    api: Api,
    tries: u32,
    advice: Option<Duration>,
    rng: &mut fastrand::Rng,
) -> Duration {
    let first = match api {
        Api::TapRain => Duration::from_secs(60),
        Api::Klar => Duration::from_secs(30),
    };
    match advice.map(|wait| wait.min(LONGEST_ADVICE)) {
        Some(wait) if tries == 0 && !wait.is_zero() => wait,
        Some(wait) => wait.max(jittered(doubled(first, tries.saturating_sub(1), LONGEST), rng)),
        None => jittered(doubled(first, tries, LONGEST), rng),
    }
}

/// How long a whole account keeps quiet after a refused credential: 60 s, doubling to 15 min.
pub fn unauthorized(tries: u32, rng: &mut fastrand::Rng) -> Duration {
    jittered(doubled(Duration::from_secs(60), tries, LONGEST), rng)
}

/// How long a whole account keeps quiet after a 403.
pub const fn suspended() -> Duration {
    SUSPENDED
}

/// How long after its failure a collector is started again: 1 s, doubling to 5 min.
pub fn restart(tries: u32, rng: &mut fastrand::Rng) -> Duration {
    jittered(doubled(Duration::from_secs(1), tries, LONGEST_RESTART), rng)
}

/// When to ask again for a view that failed by itself: 15 s, doubling to its own interval, so that
/// a rare range recovers soon and a frequent one is never asked more often than it should be.
pub fn retry(tries: u32, interval: Duration, rng: &mut fastrand::Rng) -> Duration {
    jittered(doubled(FIRST_RETRY, tries, interval), rng).min(interval)
}

/// When to ask again for a view that the API called wrong (400): 60 s, doubling to an hour or its
/// own interval.
pub fn correction(tries: u32, interval: Duration, rng: &mut fastrand::Rng) -> Duration {
    let longest = interval.max(Duration::from_secs(3600));
    jittered(doubled(FIRST_CORRECTION.max(interval), tries, longest), rng)
}

fn doubled(first: Duration, tries: u32, longest: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(tries)).min(longest)
}

/// Adds up to a tenth, so that exporters that failed together do not return together.
fn jittered(wait: Duration, rng: &mut fastrand::Rng) -> Duration {
    wait + wait.mul_f64(rng.f64() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(wait: Duration) -> u64 {
        wait.as_secs()
    }

    #[test]
    fn t5_taprain_waits_60_seconds_doubling_to_15_minutes() {
        let mut rng = fastrand::Rng::with_seed(7);
        let waits: Vec<_> = (0..6).map(|n| throttled(Api::TapRain, n, None, &mut rng)).collect();
        for (wait, least) in waits.iter().zip([60, 120, 240, 480, 900, 900]) {
            assert!((least..=least * 11 / 10).contains(&seconds(*wait)), "{wait:?}");
        }
    }

    #[test]
    fn k7_klar_waits_30_seconds_then_doubles_unless_it_says_otherwise() {
        let mut rng = fastrand::Rng::with_seed(7);
        assert!((30..=33).contains(&seconds(throttled(Api::Klar, 0, None, &mut rng))));
        assert!((60..=66).contains(&seconds(throttled(Api::Klar, 1, None, &mut rng))));
        let advice = Some(Duration::from_secs(7));
        assert_eq!(throttled(Api::Klar, 0, advice, &mut rng), Duration::from_secs(7));
    }

    #[test]
    fn advice_that_has_passed_or_did_not_help_causes_no_storm() {
        let mut rng = fastrand::Rng::with_seed(7);
        let at_once = throttled(Api::TapRain, 0, Some(Duration::ZERO), &mut rng);
        assert!(at_once >= Duration::from_secs(60), "{at_once:?}");
        let again = throttled(Api::TapRain, 3, Some(Duration::from_secs(1)), &mut rng);
        assert!(again >= Duration::from_secs(240), "{again:?}");
        let longer = throttled(Api::Klar, 1, Some(Duration::from_secs(600)), &mut rng);
        assert_eq!(longer, Duration::from_secs(600));
    }

    #[test]
    fn a_failed_collector_is_started_after_a_second_doubling_to_five_minutes() {
        let mut rng = fastrand::Rng::with_seed(7);
        let waits: Vec<_> = (0..11).map(|n| seconds(restart(n, &mut rng))).collect();
        assert_eq!(waits[..3], [1, 2, 4]);
        assert!(waits[9..].iter().all(|wait| (300..=330).contains(wait)), "{waits:?}");
    }

    #[test]
    fn t17_a_suspended_account_is_asked_every_15_minutes() {
        assert_eq!(suspended(), Duration::from_secs(900));
    }

    #[test]
    fn a_view_never_retries_more_rarely_than_its_interval() {
        let mut rng = fastrand::Rng::with_seed(1);
        for tries in 0..40 {
            assert!(retry(tries, Duration::from_secs(30), &mut rng) <= Duration::from_secs(30));
            assert!(retry(tries, Duration::from_secs(3600), &mut rng) >= Duration::from_secs(15));
        }
    }
}
