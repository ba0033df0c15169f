//! How much of what the views ask for a budget allows.

use std::time::Duration;

use jiff::civil::date;

use crate::model::klar::{CHUNK_DAYS, TOKEN_LIFE, token_serves};
use crate::model::range::Range;
use crate::model::settings::{BudgetTerms, KlarAccount, RangeEvery, Subject, TapRainAccount};

/// What one (view, range) asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The interval asked for.
    pub every: Duration,
    /// Requests one refresh takes.
    pub requests: u32,
}

/// How an account's asks fit its budget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plan {
    /// Requests an hour that the views ask for, token requests included.
    pub asked_per_hour: f64,
    /// Requests an hour that go into access tokens (Klar only).
    pub tokens_per_hour: f64,
    /// Requests an hour that the budget allows, its reserve left out.
    pub allowed_per_hour: f64,
    /// The factor by which every interval is stretched; 1 when the budget suffices.
    pub stretch: f64,
}

impl Ask {
    /// A TapRain range: one request.
    pub fn taprain(range: &RangeEvery) -> Self {
        Self { every: range.every, requests: 1 }
    }

    /// A Klar range: a request for each 28 days, at most.
    pub fn klar(range: &RangeEvery) -> Self {
        Self { every: range.every, requests: klar_requests(&range.range) }
    }
}

impl Plan {
    /// How an account's views share its budget.
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::TapRain(account) => Self::taprain(account),
            Subject::Klar(account) => Self::klar(account),
        }
    }

    /// How a TapRain account's views share its budget.
    pub fn taprain(account: &TapRainAccount) -> Self {
        let ranges = account.views.iter().flat_map(|view| &view.ranges);
        let asks: Vec<Ask> = ranges.map(Ask::taprain).collect();
        Self::new(&asks, account.common.budget, None)
    }

    /// How a Klar account's views share its budget; access tokens take their part. That one
    /// answer may serve several ranges is left out, so this asks for a little more than is needed.
    pub fn klar(account: &KlarAccount) -> Self {
        let ranges = account.views.iter().flat_map(|view| &view.ranges);
        let asks: Vec<Ask> = ranges.map(Ask::klar).collect();
        Self::new(&asks, account.common.budget, Some(token_serves(TOKEN_LIFE)))
    }

    /// Shares `terms` among `asks`. `token_life` is how long an access token serves, where the
    /// API wants one: a token is asked for at most that often, and only when a report needs it.
    pub fn new(asks: &[Ask], terms: BudgetTerms, token_life: Option<Duration>) -> Self {
        let reports: f64 = asks.iter().map(|ask| f64::from(ask.requests) * hourly(ask.every)).sum();
        let refreshes: f64 = asks.iter().map(|ask| hourly(ask.every)).sum();
        let most_tokens = token_life.map_or(0.0, hourly);
        let allowed_per_hour = f64::from(terms.allowance()) * hourly(terms.per);
        let tokens_per_hour = refreshes.min(most_tokens);
        let asked_per_hour = reports + tokens_per_hour;
        let stretch = stretch(reports, refreshes, most_tokens, allowed_per_hour);
        Self { asked_per_hour, tokens_per_hour, allowed_per_hour, stretch }
    }

    /// The interval `every` becomes.
    pub fn stretched(&self, every: Duration) -> Duration {
        every.mul_f64(self.stretch)
    }
}

/// The factor `s >= 1` at which `reports / s + min(refreshes / s, most_tokens)` fits `allowed`:
/// stretching spares reports at once, but tokens only when refreshes are rarer than token lives.
fn stretch(reports: f64, refreshes: f64, most_tokens: f64, allowed: f64) -> f64 {
    if reports + refreshes.min(most_tokens) <= allowed {
        return 1.0;
    }
    let with_full_tokens = reports / (allowed - most_tokens);
    if allowed > most_tokens && refreshes / with_full_tokens >= most_tokens {
        with_full_tokens.max(1.0)
    } else {
        ((reports + refreshes) / allowed).max(1.0)
    }
}

/// How many requests one refresh of `range` takes at most.
fn klar_requests(range: &Range) -> u32 {
    // The last day of a long month is a month to date at its longest; other ranges do not care.
    range.days(date(2026, 1, 31)).count().div_ceil(CHUNK_DAYS).max(1)
}

/// How often an hour something happens `every` so often.
fn hourly(every: Duration) -> f64 {
    3600.0 / every.as_secs_f64().max(1e-3)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn terms(requests: u32, seconds: u64, reserve: f64) -> BudgetTerms {
        let requests = NonZeroU32::new(requests).unwrap();
        BudgetTerms { requests, per: Duration::from_secs(seconds), reserve }
    }

    fn ask(seconds: u64, requests: u32) -> Ask {
        Ask { every: Duration::from_secs(seconds), requests }
    }

    #[test]
    fn what_fits_is_not_stretched() {
        let plan = Plan::new(&[ask(30, 1), ask(300, 1)], terms(600, 3600, 0.1), None);
        assert_eq!((plan.asked_per_hour, plan.allowed_per_hour, plan.stretch), (132.0, 540.0, 1.0));
    }

    #[test]
    fn three_times_the_budget_is_stretched_threefold() {
        let plan = Plan::new(&[ask(10, 1), ask(10, 1), ask(4, 1)], terms(600, 3600, 0.1), None);
        assert_eq!(plan.asked_per_hour, 1620.0);
        assert_eq!(plan.stretched(Duration::from_secs(10)), Duration::from_secs(30));
    }

    #[test]
    fn stretched_reports_and_their_tokens_fill_the_budget_exactly() {
        for every in [5, 30, 100, 200] {
            let asks = [ask(every, 1), ask(every, 2)];
            let plan = Plan::new(&asks, terms(2, 30, 0.0), Some(Duration::from_secs(240)));
            let stretched = 3600.0 / plan.stretched(asks[0].every).as_secs_f64();
            let used = 3.0 * stretched + (2.0 * stretched).min(15.0);
            assert!(used <= 240.0 + 1e-6, "{every}: {used}");
            assert!(plan.stretch == 1.0 || used > 240.0 - 1e-6, "{every}: {used}");
        }
    }
}
