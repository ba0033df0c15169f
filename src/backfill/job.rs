//! A backfill from its plan to its file.

use jiff::Timestamp;

use super::Trouble;
use super::cost::Cost;
use super::gather::{Around, Listener, gather};
use super::harvest::Harvest;
use super::journal::Journal;
use super::order::Order;
use super::place::Place;
use super::plan::Plan;
use super::write::{Written, write};
use crate::model::settings::Settings;
use crate::shutdown::Shutdown;

/// A backfill that may begin, or go on.
#[derive(Debug)]
pub struct Job {
    /// What it writes.
    pub plan: Plan,
    /// What is still to be paid.
    pub cost: Cost,
    place: Place,
    harvest: Harvest,
    journal: Option<Journal>,
}

/// A backfill that has all its figures.
#[derive(Debug)]
pub struct Gathered {
    plan: Plan,
    place: Place,
    /// The figures.
    pub harvest: Harvest,
    journal: Option<Journal>,
}

impl Job {
    /// What `order` means for `settings` at `now`, and what an earlier run in the same place has
    /// brought in already.
    ///
    /// # Errors
    /// A sentence when it cannot be done; nothing was begun then.
    pub fn prepare(
        settings: &Settings,
        order: &Order,
        place: Place,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let journal = place.open()?;
        let begun = journal.as_ref().and_then(Journal::pin).map_or(now, |pin| pin.begun);
        let possible = Plan::new(settings, order, begun).and_then(|plan| {
            // A journal is begun only for what the budget allows.
            Cost::of(&plan, &Harvest::default(), order.share).map(|_| plan)
        });
        let (plan, mut journal) = match (possible, journal) {
            (Ok(plan), journal) => (plan, journal),
            (Err(trouble), journal) => {
                if let Some(journal) = journal.filter(|journal| journal.pin().is_none()) {
                    journal.remove()?;
                }
                return Err(trouble);
            }
        };
        let harvest = match &mut journal {
            Some(journal) => journal.resume(&plan.pin)?,
            None => Harvest::default(),
        };
        let cost = Cost::of(&plan, &harvest, order.share)?;
        Ok(Self { plan, cost, place, harvest, journal })
    }

    /// Whether an interruption loses nothing.
    pub fn can_resume(&self) -> bool {
        self.journal.is_some()
    }

    /// Asks for all that is not known yet.
    ///
    /// # Errors
    /// A sentence when an API refuses, or when it was told to stop.
    pub async fn gather(
        self,
        around: &Around,
        listener: &dyn Listener,
        shutdown: Shutdown,
    ) -> Result<Gathered, Trouble> {
        let known = (self.harvest, self.journal);
        let (harvest, journal) =
            gather(&self.plan, &self.cost, known, around, listener, shutdown).await?;
        Ok(Gathered { plan: self.plan, place: self.place, harvest, journal })
    }
}

impl Gathered {
    /// Writes the file as long as `goes_on` says so, and forgets the progress, which is done with.
    ///
    /// # Errors
    /// A sentence when the system refuses; the progress is kept then.
    pub fn write(self, goes_on: &dyn Fn() -> bool) -> Result<Written, Trouble> {
        let (plan, harvest) = (&self.plan, &self.harvest);
        let written = self.place.fill(|out| write(plan, harvest, out, goes_on))?;
        self.journal.map_or(Ok(()), Journal::remove)?;
        Ok(written)
    }
}
