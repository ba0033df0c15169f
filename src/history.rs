//! How days that are over move: each as it was first seen closed, and as it was last seen.
//!
//! Reversals (trap T9) and returns booked to the order's date (trap K16) change days for weeks. A
//! label for every date would be a series a day; so the day is kept here, and only how much it
//! moves is counted, by how old it was. A [`History`] is plain data that a file can hold.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::figures::closed::{Daily, Sums};
use crate::model::range::{Days, Range};
use crate::model::restated::{Age, Direction, KEPT_DAYS, Move};

/// The closed days of one account's views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    views: BTreeMap<String, View>,
}

/// A view's days, and what they answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct View {
    question: String,
    days: BTreeMap<Date, Day>,
}

/// One closed day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Each figure as it was when it was first seen after the day had closed.
    pub first: Sums,
    /// When the first of them was asked for; how long after the day's end says how mature it was.
    pub first_seen: Timestamp,
    /// Each figure as it was last seen.
    pub last: Sums,
    /// When that answer was made, as the vendor says, or asked for.
    pub last_seen: Timestamp,
    /// Klar's channels as first seen, folded; empty for TapRain.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, Sums>,
}

/// The times of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The account's date when its figures were made: days before it are closed.
    pub today: Date,
    /// When its figures were made: by its own word where it has one, else when it was asked for.
    pub made: Timestamp,
    /// The present.
    pub now: Timestamp,
}

impl History {
    /// No day yet, of views that each have a name and a question: whatever decides what its figures
    /// mean, as one text.
    pub fn new(questions: impl IntoIterator<Item = (String, String)>) -> Self {
        let view = |(name, question)| (name, View { question, days: BTreeMap::new() });
        Self { views: questions.into_iter().map(view).collect() }
    }

    /// Takes over what was saved of views that still ask the same: with another model or filter
    /// under an old name, every day would seem to have moved.
    pub fn recall(&mut self, saved: Self) {
        for (name, old) in saved.views {
            if let Some(view) = self.views.get_mut(&name)
                && view.question == old.question
            {
                view.days = old.days;
            }
        }
    }

    /// The view's closed days, oldest first.
    pub fn days(&self, view: &str) -> impl Iterator<Item = (Date, &Day)> {
        let days = self.views.get(view).into_iter().flat_map(|view| &view.days);
        days.map(|(date, day)| (*date, day))
    }

    /// One of the view's closed days.
    pub fn day(&self, view: &str, date: Date) -> Option<&Day> {
        self.views.get(view)?.days.get(&date)
    }

    /// The dates among the `days` before `today` of which the view knows nothing, oldest first; none
    /// that would be forgotten again, which are those more than [`KEPT_DAYS`] ago.
    pub fn missing(&self, view: &str, today: Date, days: u32) -> Vec<Date> {
        let known = self.views.get(view).map(|view| &view.days);
        let dates = (1..=i64::from(days.min(KEPT_DAYS))).rev();
        let dates = dates.filter_map(|ago| today.checked_sub(ago.days()).ok());
        dates.filter(|date| known.is_none_or(|days| !days.contains_key(date))).collect()
    }

    /// Takes note of a day as an answer has it; the move of its revenue since it was last seen.
    ///
    /// A figure that the answer leaves out has not moved, nor has a day that it leaves out: lists
    /// are cut (trap T11) and pipelines are late (trap K20), and neither is a day without revenue.
    pub fn note(&mut self, view: &str, daily: Daily, times: &Times) -> Option<Move> {
        let age = Age::of(Days { start: daily.date, end: times.today }.count())?;
        let view = self.views.entry(view.to_owned()).or_default();
        view.forget(times.today);
        let Some(day) = view.days.get_mut(&daily.date) else {
            view.days.insert(daily.date, Day::new(daily, times.made));
            return None;
        };
        // A cache may answer with what it knew before (trap T19). A day seen in the future was
        // seen by a wrong clock, which must not close it until then.
        if times.made < day.last_seen && day.last_seen <= times.now {
            return None;
        }
        let before = day.last.revenue;
        day.see(daily.all, times.made);
        let moved = day.last.revenue?.checked_sub(before?)?;
        let direction = if moved.is_sign_negative() { Direction::Down } else { Direction::Up };
        (!moved.is_zero()).then(|| Move { direction, age, amount: moved.abs() })
    }
}

impl View {
    fn forget(&mut self, today: Date) {
        let kept = |date: Date| Days { start: date, end: today }.count() <= KEPT_DAYS;
        while let Some(oldest) = self.days.first_entry().filter(|day| !kept(*day.key())) {
            oldest.remove();
        }
    }
}

impl Day {
    fn new(daily: Daily, seen: Timestamp) -> Self {
        let Daily { all, channels, .. } = daily;
        Self { first: all, first_seen: seen, last: all, last_seen: seen, channels }
    }

    fn see(&mut self, sums: Sums, at: Timestamp) {
        // What was unknown until now is first seen now.
        self.first = sums.updated(self.first);
        self.last = self.last.updated(sums);
        self.last_seen = at;
    }
}

/// Which of a view's ranges may say how `date` moved: the widest that moves and has it today, else
/// a custom one.
///
/// Two ranges may disagree about one day, by an offset, a cache or what a word means (traps T2, T6
/// and T19); believed in turn, each answer would count their difference again. So each day has one
/// reader at a time, and a wide one, which keeps it until the day is weeks old.
pub fn reader<'a>(
    ranges: impl Iterator<Item = (usize, &'a Range)>,
    date: Date,
    today: Date,
) -> Option<usize> {
    let reads = |range: &Range| range.days(today).contains(date);
    let ranked = ranges.filter_map(|(index, range)| Some((rank(range)?, index, range)));
    let reader = ranked.filter(|(.., range)| reads(range)).min_by_key(|(rank, ..)| *rank);
    reader.map(|(_, index, _)| index)
}

/// By kind and not by length, which would hand all days over when a month gets long.
const fn rank(range: &Range) -> Option<u8> {
    match range {
        Range::Hour | Range::Today => None,
        Range::ThirtyDays => Some(0),
        Range::MonthToDate => Some(1),
        Range::SevenDays => Some(2),
        Range::Yesterday => Some(3),
        Range::Custom { .. } => Some(4),
    }
}

#[cfg(test)]
mod tests;
