//! Which of Klar's days are missing, and in which pieces they are asked for.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::Klar;
use crate::history::History;
use crate::model::klar::CHUNK_DAYS;
use crate::model::range::Days;

/// What was asked of the past.
#[derive(Default)]
pub(super) struct Past {
    /// Views by their number and days that were answered, and may have had no row, or that the API
    /// refuses one by one: asking again brings nothing.
    settled: BTreeSet<(usize, Date)>,
    /// The API refuses as many days as it documents (trap K3).
    halved: bool,
}

impl Past {
    pub(super) fn answered(&mut self, view: usize, days: Days) {
        self.settled.extend(dates(days).map(|date| (view, date)));
    }

    /// The API refuses these dates: half as many may be fewer than it allows.
    pub(super) fn refused(&mut self, view: usize, days: Days) {
        if std::mem::replace(&mut self.halved, true) {
            self.answered(view, days);
        }
    }

    fn most_days(&self) -> u32 {
        if self.halved { CHUNK_DAYS / 2 } else { CHUNK_DAYS }
    }
}

impl Klar {
    /// The days of `view` that are missing, newest first.
    fn missing_days(&self, view: usize, known: &History, today: Date) -> Vec<Date> {
        let Some(name) = self.account.views.get(view).map(|view| &view.name) else {
            return Vec::new();
        };
        let days = self.account.common.history_days;
        let mut missing = known.missing(name, today, days);
        missing.retain(|date| !self.past.settled.contains(&(view, *date)));
        missing.reverse();
        missing
    }

    /// How many days of `view` are missing.
    pub(super) fn missing(&self, view: usize, known: &History, today: Date) -> usize {
        self.missing_days(view, known, today).len()
    }

    /// A job of the first view that misses something, and the newest piece of what it misses.
    pub(super) fn next_past(&self, known: &History, today: Date) -> Option<(usize, Days)> {
        (0..self.account.views.len()).find_map(|view| {
            let missing = self.missing_days(view, known, today);
            let end = missing.first()?.saturating_add(1.day());
            let start = end.saturating_sub(i64::from(self.past.most_days()).days());
            let start = missing.iter().rev().copied().find(|date| *date >= start)?;
            let job = self.jobs.iter().position(|job| job.view == view)?;
            Some((job, Days { start, end }))
        })
    }
}

fn dates(days: Days) -> impl Iterator<Item = Date> {
    days.start.series(1.day()).take_while(move |date| *date < days.end)
}
