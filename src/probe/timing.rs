//! What answers of either API say of clocks, delays and limits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Fact, Heard};
use crate::model::settings::BudgetTerms;

/// A clock that is off by more makes days begin late or early.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// A `Date` has whole seconds, and was written at some moment of the exchange.
const COARSE: SignedDuration = SignedDuration::from_secs(2);

/// What any answer tells, whatever its body is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    sent: Timestamp,
    took: Duration,
    date: Option<Timestamp>,
    remaining: Option<u64>,
    limit: Option<u64>,
    reset: Option<Duration>,
}

impl<T> From<&Heard<T>> for Timing {
    fn from(heard: &Heard<T>) -> Self {
        let advice = heard.advice;
        Self {
            sent: heard.sent,
            took: heard.took,
            date: heard.date,
            remaining: advice.remaining,
            limit: advice.limit,
            reset: advice.reset,
        }
    }
}

/// The facts about `timings`, in the order of sending.
pub(super) fn facts(timings: &[Timing], terms: BudgetTerms) -> Vec<Fact> {
    let latency = latency(timings);
    latency.into_iter().chain([clock(timings), limit(timings, terms)]).collect()
}

fn latency(timings: &[Timing]) -> Option<Fact> {
    let fastest = timings.iter().map(|timing| timing.took).min()?;
    let slowest = timings.iter().map(|timing| timing.took).max()?;
    let count = timings.len();
    let text = if count == 1 {
        format!("{} for 1 request", span(fastest))
    } else {
        format!("{} to {}, {count} requests", span(fastest), span(slowest))
    };
    Some(Fact::new("latency", text))
}

fn clock(timings: &[Timing]) -> Fact {
    let name = "clock";
    let dated = timings.iter().filter_map(|timing| Some((timing, timing.date?)));
    // The quickest answer leaves the least doubt about when it was dated.
    let Some((timing, date)) = dated.min_by_key(|(timing, _)| timing.took) else {
        return Fact::new(name, "the answers have no `Date`");
    };
    let before = timing.sent.duration_since(date);
    let skew = if before.is_positive() {
        before
    } else {
        let took = SignedDuration::try_from(timing.took).unwrap_or(SignedDuration::ZERO);
        (before + took).min(SignedDuration::ZERO)
    };
    if skew.abs() <= COARSE {
        return Fact::new(name, "this host's and the API's agree");
    }
    let side = if skew.is_positive() { "ahead of" } else { "behind" };
    let fact =
        Fact::new(name, format!("this host's is {} {side} the API's", span(skew.unsigned_abs())));
    if skew.abs() > SKEW {
        return fact.but(
            "set this host's clock by NTP: it decides when a day begins until the first answer",
        );
    }
    fact
}

fn limit(timings: &[Timing], terms: BudgetTerms) -> Fact {
    let name = "requests left";
    let said: Vec<u64> = timings.iter().filter_map(|timing| timing.remaining).collect();
    let (Some(first), Some(last)) = (said.first(), said.last()) else {
        return Fact::new(name, "not said; the exporter counts by itself");
    };
    let mut text = format!("{last}");
    if said.len() > 1 {
        text = format!("{first} after the first request, {last} after {}", said.len());
    }
    let latest = timings.iter().rev().find(|timing| timing.limit.is_some());
    let limit = latest.and_then(|timing| timing.limit);
    if let Some(limit) = limit {
        text = format!("{text}, of {limit}");
    }
    if let Some(reset) = latest.and_then(|timing| timing.reset) {
        text = format!("{text}, anew in {}", span(reset));
    }
    let fact = Fact::new(name, text);
    match limit {
        Some(limit) if limit < u64::from(terms.requests.get()) => {
            fact.but(format!("the API allows {limit}: write budget: {{requests: {limit}, per: …}}"))
        }
        _ => fact,
    }
}

/// So long, in the unit that says most.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..3600 => with_rest(seconds / 60, "min", seconds % 60, "s"),
        _ => with_rest(seconds / 3600, "h", seconds % 3600 / 60, "min"),
    }
}

fn with_rest(count: u64, unit: &str, rest: u64, smaller: &str) -> String {
    if rest == 0 { format!("{count} {unit}") } else { format!("{count} {unit} {rest} {smaller}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::defaults;

    fn timing(offset: i64, remaining: Option<u64>) -> Timing {
        let sent = Timestamp::from_second(1_800_000_000).unwrap();
        let date = Timestamp::from_second(1_800_000_000 + offset).unwrap();
        let took = Duration::from_millis(300);
        Timing { sent, took, date: Some(date), remaining, limit: None, reset: None }
    }

    #[test]
    fn a_clock_that_is_off_is_told_which_way() {
        let of = |offset| clock(&[timing(offset, None)]);
        assert_eq!(of(1).answer, "this host's and the API's agree");
        assert_eq!(of(-20).answer, "this host's is 20 s ahead of the API's");
        assert!(of(-20).advice.is_none() && of(-60).advice.is_some());
        assert_eq!(of(7200).answer, "this host's is 1 h 59 min behind the API's");
    }

    #[test]
    fn t4_what_is_left_is_told_where_it_is_said_and_never_guessed() {
        let terms = defaults::TAPRAIN.budget;
        assert!(limit(&[timing(0, None)], terms).answer.starts_with("not said"));
        let two = [timing(0, Some(599)), timing(0, Some(598))];
        assert_eq!(limit(&two, terms).answer, "599 after the first request, 598 after 2");
        let mut less = two;
        (less[1].limit, less[1].reset) = (Some(300), Some(Duration::from_secs(90)));
        let fact = limit(&less, terms);
        assert!(fact.answer.ends_with("of 300, anew in 90 s"), "{fact:?}");
        assert!(fact.advice.unwrap().contains("requests: 300"));
    }

    #[test]
    fn spans_are_read_as_people_say_them() {
        let of = |millis| span(Duration::from_millis(millis));
        assert_eq!([of(250), of(1_200), of(60_000)], ["250 ms", "1.2 s", "60 s"]);
        assert_eq!(
            [of(180_000), of(5_400_000), of(9_000_000)],
            ["3 min", "1 h 30 min", "2 h 30 min"]
        );
    }
}
