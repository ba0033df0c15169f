//! What a collector remembers of days that are over, and what it counts when they move.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Collector;
use super::vendor::{Flight, Read, Vendor, Wants};
use crate::clock::Moment;
use crate::history::{History, Times, reader};
use crate::hours::book::Book;
use crate::model::range::local_date;
use crate::telemetry::Restated;

/// A memory of the vendor's views, empty yet.
pub(super) fn of(vendor: &dyn Vendor) -> History {
    let questions = vendor.questions().into_iter();
    History::new(questions.map(|(view, question)| (view.to_string(), question)))
}

impl Collector {
    /// Goes on from what was kept of this account.
    pub(super) fn recalling(mut self, saved: History, hours: Option<Book>) -> Self {
        self.history.recall(saved);
        if let Some(hours) = hours {
            self.vendor.recall(hours);
        }
        for job in 0..self.jobs.len() {
            let of = self.restated(job);
            if self.history.days(&of.view).next().is_some() {
                self.around.telemetry.restated(&of, &[]);
            }
        }
        self
    }

    /// Takes note of the days an answer has, and counts what moved.
    pub(super) fn remember(&mut self, flight: &Flight, answers: Vec<Read>, now: Moment) {
        let asked = now.wall.saturating_sub(now.tick.since(flight.asked)).unwrap_or(now.wall);
        for Read { job, made, days } in answers {
            let times = self.times(flight, made.map_or(asked, |made| made.min(asked)), now);
            let of = self.restated(job);
            let (mut moves, mut is_read) = (Vec::new(), false);
            for daily in days {
                let is_wanted = match flight.wants {
                    // Fetched because it was not known; whoever reads it by now knows better.
                    Wants::Past => self.history.day(&of.view, daily.date).is_none(),
                    Wants::Figures | Wants::Token => self.reader(job, daily.date) == Some(job),
                };
                is_read |= is_wanted;
                if is_wanted {
                    moves.extend(self.history.note(&of.view, daily, &times));
                }
            }
            if self.history.days(&of.view).next().is_some() {
                self.around.telemetry.restated(&of, &moves);
            }
            if is_read {
                self.keep.note_days(&self.history, !moves.is_empty());
            }
        }
    }

    /// Figures that a cache made before midnight do not show a day that had closed.
    fn times(&self, flight: &Flight, made: Timestamp, now: Moment) -> Times {
        let today = flight.today.min(local_date(made, &self.zone));
        Times { today, made, now: now.wall }
    }

    /// Which job of the same view may say how `date` moved.
    fn reader(&self, job: usize, date: Date) -> Option<usize> {
        let view = &self.part.slots[job].view;
        let of_view = |(index, _): &(usize, _)| self.part.slots[*index].view == *view;
        let ranges = self.jobs.iter().map(|job| &job.range).enumerate().filter(of_view);
        reader(ranges, date, self.today)
    }

    fn restated(&self, job: usize) -> Restated {
        Restated {
            who: self.who.clone(),
            view: self.part.slots[job].view.clone(),
            currency: self.part.currency.clone(),
        }
    }
}
