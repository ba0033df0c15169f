//! When the judge looks: again and again, and closely around everything that happens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::plan::{Plan, Watched};
use super::script::Event;

/// Milliseconds after an event at which the judge looks.
const AFTER: [i64; 7] = [0, 1, 400, 1_000, 7_000, 31_000, 59_000];

/// Seconds between two looks while nothing happens: shorter than the shortest interval in the
/// year, so that no sheet is missed.
const REGULAR: i64 = 150;

/// Regular looks from one reading of the whole page to the next.
const PAGE_EACH: usize = 144;

/// Every instant of a look, and whether the whole page is read then.
pub fn looks(plan: &Plan, accounts: &[Watched], events: &[Event]) -> BTreeMap<Timestamp, bool> {
    let mut looks = BTreeMap::new();
    let mut at = plan.start;
    for number in 0.. {
        if at >= plan.end {
            break;
        }
        looks.insert(at, number % PAGE_EACH == 1);
        at += SignedDuration::from_secs(REGULAR);
    }
    for event in events {
        around(&mut looks, event.at);
    }
    for account in accounts {
        for midnight in midnights(plan, account) {
            looks.insert(midnight - SignedDuration::from_millis(1), false);
            around(&mut looks, midnight);
            looks.insert(midnight, true);
        }
        let shifts = account.zone.following(plan.start).map(|shift| shift.timestamp());
        for shift in shifts.take_while(|shift| *shift < plan.end) {
            around(&mut looks, shift);
        }
    }
    looks.retain(|at, _| *at < plan.end);
    looks
}

fn around(looks: &mut BTreeMap<Timestamp, bool>, at: Timestamp) {
    for millis in AFTER {
        let page = looks.entry(at + SignedDuration::from_millis(millis)).or_default();
        *page |= millis == 7_000;
    }
}

/// Every instant at which a date begins.
pub fn midnights(plan: &Plan, account: &Watched) -> Vec<Timestamp> {
    let first = plan.start.to_zoned(account.zone.clone()).start_of_day().unwrap();
    let days = std::iter::successors(Some(first), |day| {
        day.tomorrow().and_then(|day| day.start_of_day()).ok()
    });
    let instants = days.map(|day| day.timestamp());
    instants.take_while(|at| *at < plan.end).collect()
}
