//! How fast a backfill asks: what a running exporter leaves over, spread evenly.

use std::time::Duration;

use super::Trouble;
use crate::clock::Tick;
use crate::model::klar::{TOKEN_LIFE, token_serves};
use crate::model::settings::Subject;
use crate::plan::Plan;

/// Less than this share of the allowance is nothing to live on.
const LEAST_SHARE: f64 = 0.01;

/// Requests an hour that a backfill of `subject` may send: `share` of the allowance, or what its
/// views do not ask for.
///
/// # Errors
/// A sentence when nothing is left over.
pub fn per_hour(subject: &Subject, share: Option<f64>) -> Result<f64, Trouble> {
    let plan = Plan::of(subject);
    let allowed = plan.allowed_per_hour;
    if let Some(share) = share {
        return Ok(allowed * share);
    }
    let left = allowed - plan.asked_per_hour;
    if left < allowed * LEAST_SHARE {
        let (api, name) = (subject.api().as_str(), &subject.common().name);
        return Err(Trouble::usage(format!(
            "the views of {api} account {name} ask for all of its budget ({:.0} of {allowed:.0} \
             requests an hour) and leave nothing for a backfill; say with --budget-share=0.5 which \
             share of it to take, or ask less often",
            plan.asked_per_hour
        )));
    }
    Ok(left)
}

/// Spreads requests evenly: the next is due one gap after the last.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    gap: Duration,
    due: Tick,
}

impl Pace {
    /// So many requests an hour; the first is due at once.
    pub fn new(per_hour: f64, now: Tick) -> Self {
        Self { gap: gap(per_hour), due: now }
    }

    /// When the next request is due.
    pub fn due(&self) -> Tick {
        self.due
    }

    /// A request was sent at `now`: perhaps late, which is not made up for, or before it was due,
    /// which is.
    pub fn sent(&mut self, now: Tick) {
        self.due = self.due.max(now) + self.gap;
    }

    /// Nothing is due for so long.
    pub fn hold(&mut self, now: Tick, wait: Duration) {
        self.due = self.due.max(now + wait);
    }
}

/// The time between two requests.
pub fn gap(per_hour: f64) -> Duration {
    Duration::from_secs_f64(3600.0 / per_hour.max(1e-3))
}

/// How many access tokens so many Klar reports take. A token is asked for when a report is due, and
/// the report follows it at once; the next one then waits two gaps.
pub fn tokens(reports: u32, gap: Duration) -> u32 {
    let (mut pace, mut tokens) = (Pace { gap, due: Tick::default() }, 0);
    let mut serves_until = Tick::default();
    for _ in 0..reports {
        let now = pace.due();
        if tokens == 0 || serves_until <= now {
            tokens += 1;
            serves_until = now + token_serves(TOKEN_LIFE);
            pace.sent(now);
        }
        pace.sent(now);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tick(seconds: u64) -> Tick {
        Tick::at(Duration::from_secs(seconds))
    }

    #[test]
    fn what_was_late_is_not_made_up_for() {
        let mut pace = Pace::new(60.0, tick(0));
        pace.sent(tick(0));
        assert_eq!(pace.due(), tick(60));
        pace.sent(tick(600));
        assert_eq!(pace.due(), tick(660));
    }

    #[test]
    fn a_report_after_its_token_is_paid_for_later() {
        let mut pace = Pace::new(60.0, tick(0));
        pace.sent(tick(0));
        pace.sent(tick(1));
        assert_eq!(pace.due(), tick(120));
    }

    #[test]
    fn a_slow_pace_takes_a_token_for_every_report() {
        assert_eq!(tokens(15, Duration::from_secs(3600)), 15);
        assert_eq!(tokens(15, Duration::from_secs(15)), 1);
        assert_eq!(tokens(16, Duration::from_secs(15)), 2);
        assert_eq!(tokens(0, Duration::from_secs(15)), 0);
    }

    proptest! {
        #[test]
        fn no_more_than_the_pace_is_sent(
            per_hour in 1.0_f64..600.0, delays in prop::collection::vec(0_u64..50, 2..40),
        ) {
            let (mut pace, mut now) = (Pace::new(per_hour, tick(0)), tick(0));
            for delay in &delays {
                now = now.max(pace.due()) + Duration::from_secs(*delay);
                pace.sent(now);
            }
            let least = gap(per_hour).mul_f64((delays.len() - 1) as f64);
            prop_assert!(now.since(tick(delays[0])) + Duration::from_micros(1) >= least);
        }
    }
}
