//! What an order means for every account: which dates are asked, and which instants are written.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Trouble;
use super::order::{Order, Until};
use crate::model::klar::{CHUNK_DAYS, Detail};
use crate::model::meaning;
use crate::model::range::{Days, Range, day_start, local_date};
use crate::model::settings::{Account, Settings, Subject};

/// Nothing newer than this is written: Prometheus may still be writing the blocks of that time.
const FRESH: SignedDuration = SignedDuration::from_hours(3);

/// Days of one Klar request down to single ads: a large shop has thousands of rows a day (trap K17),
/// and each day of an answer is added up by itself.
const AD_DAYS: u32 = 14;

/// The form of the journal and of what it says; another form is another plan.
const FORM: u32 = 1;

/// All that decides which figures the file holds. A journal serves the plan that began it, and no
/// other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// When it was begun, which an interrupted one remembers: what is newer than three hours then
    /// is not written.
    pub begun: Timestamp,
    /// What was wanted.
    pub wants: Wants,
}

/// What must be the same for a journal to be of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    form: u32,
    from: Date,
    to: Option<String>,
    step: u32,
    labels: Vec<(String, String)>,
    accounts: Vec<PinnedAccount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PinnedAccount {
    api: String,
    account: String,
    /// Names and what their figures mean, in one line each.
    views: Vec<(String, String)>,
}

/// An order as it was understood.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the journal begins with.
    pub pin: Pin,
    /// Seconds between samples.
    pub step: u32,
    /// What every sample's labels begin with, a comma behind it.
    pub labels: String,
    /// The accounts that have something to write.
    pub legs: Vec<Leg>,
}

/// One account's share of a plan.
#[derive(Clone, Debug)]
pub struct Leg {
    /// As it is configured, for its share of the budget.
    pub whole: Subject,
    /// The same with the views that were asked for.
    pub subject: Subject,
    /// The dates that are written.
    pub days: Days,
    /// The first instant that is written.
    pub begins: Timestamp,
    /// The first that is not written any more.
    pub ends: Timestamp,
}

/// One request: these days of this view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The view's place in its account.
    pub view: usize,
    /// The dates.
    pub days: Days,
}

impl Plan {
    /// What `order` means for `settings`, begun at `begun`.
    ///
    /// # Errors
    /// A sentence when a name matches nothing, or when no account has anything to write.
    pub fn new(settings: &Settings, order: &Order, begun: Timestamp) -> Result<Self, Trouble> {
        let subjects = selected(settings, order)?;
        let accounts = subjects.iter().map(|(_, subject)| pinned(subject)).collect();
        let to = order.to.map(|to| match to {
            Until::Date(date) => date.to_string(),
            Until::Instant(instant) => instant.to_string(),
        });
        let (step, labels) = (order.step, order.labels.clone());
        let wants = Wants { form: FORM, from: order.from, to, step, labels, accounts };
        let legs: Vec<_> = subjects
            .into_iter()
            .filter_map(|(whole, subject)| Leg::new(whole, subject, order, begun))
            .collect();
        if legs.is_empty() {
            return Err(Trouble::usage(format!(
                "there is nothing to write from {} on: a backfill ends three hours before its \
                 start; choose an earlier --from",
                order.from
            )));
        }
        let pin = Pin { begun, wants };
        Ok(Self { pin, step, labels: order.label_text(), legs })
    }
}

impl Leg {
    /// `None` when it has not one instant.
    fn new(whole: Subject, subject: Subject, order: &Order, begun: Timestamp) -> Option<Self> {
        let zone = &subject.common().timezone;
        let newest = begun.saturating_sub(FRESH).unwrap_or(Timestamp::MIN);
        let ends = order.to.map_or(newest, |to| to.end(zone).min(newest));
        let begins = day_start(order.from, zone);
        if ends <= begins {
            return None;
        }
        let last = ends.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(ends);
        let end = local_date(last, zone).saturating_add(1.day());
        let days = Days { start: order.from, end };
        Some(Self { whole, subject, days, begins, ends })
    }

    /// What both APIs have.
    pub fn common(&self) -> &Account {
        self.subject.common()
    }

    /// How many views are asked.
    pub fn views(&self) -> usize {
        match &self.subject {
            Subject::TapRain(account) => account.views.len(),
            Subject::Klar(account) => account.views.len(),
        }
    }

    /// The dates to ask for: the one before the first is its `yesterday`, and Klar's days are shown
    /// when they are over only.
    pub fn wanted(&self) -> Days {
        let start = self.days.start.saturating_sub(1.day());
        match self.subject {
            Subject::TapRain(_) => Days { start, ..self.days },
            Subject::Klar(_) => Days { start, end: self.days.last() },
        }
    }

    /// Days of one request at most.
    fn most(&self, view: usize) -> u32 {
        match &self.subject {
            Subject::TapRain(_) => 1,
            Subject::Klar(account) => match account.views.get(view).map(|view| view.detail) {
                Some(Detail::Ad) => AD_DAYS,
                _ => CHUNK_DAYS,
            },
        }
    }

    /// What remains to be asked when the (view, date)s of `done` are known, newest first and view
    /// after view; Klar in pieces of at most `piece` days.
    pub fn asks(&self, done: &BTreeSet<(usize, Date)>, piece: u32) -> Vec<Ask> {
        let mut asks = Vec::new();
        for view in 0..self.views() {
            for run in unknown(self.wanted(), |date| done.contains(&(view, date))) {
                asks.extend(
                    run.chunks(piece.min(self.most(view)))
                        .into_iter()
                        .map(|days| Ask { view, days }),
                );
            }
        }
        asks
    }

    /// The instants of `date` that are written: multiples of `step` seconds since 1970, as seconds.
    pub fn instants(&self, date: Date, step: u32) -> impl Iterator<Item = i64> + use<> {
        let (zone, step) = (&self.common().timezone, i64::from(step));
        let begins = day_start(date, zone).max(self.begins);
        let tomorrow = date.saturating_add(1.day());
        let ends = day_start(tomorrow, zone).min(self.ends);
        let first = multiple(begins, step);
        let count = (multiple(ends, step) - first).max(0) / step;
        (0..count).map(move |index| first + index * step)
    }
}

/// The first multiple of `step` seconds at or after `instant`.
fn multiple(instant: Timestamp, step: i64) -> i64 {
    let part = i64::from(instant.subsec_nanosecond() > 0);
    let seconds = instant.as_second() + part;
    seconds + (-seconds).rem_euclid(step)
}

/// Stretches of dates that are not `known`, newest first.
fn unknown(days: Days, known: impl Fn(Date) -> bool) -> Vec<Days> {
    let mut runs: Vec<Days> = Vec::new();
    for day in days.chunks(1).into_iter().filter(|day| !known(day.start)) {
        match runs.last_mut().filter(|run| run.start == day.end) {
            Some(run) => run.start = day.start,
            None => runs.push(day),
        }
    }
    runs
}

/// The accounts that `order` names, whole and with the views that it names.
fn selected(settings: &Settings, order: &Order) -> Result<Vec<(Subject, Subject)>, Trouble> {
    let subjects = settings.subjects();
    let names: Vec<_> = subjects.iter().map(|subject| &*subject.common().name).collect();
    known("--account", &order.accounts, &names)?;
    let mut selected = subjects;
    selected.retain(|subject| among(&order.accounts, &subject.common().name));
    let views: Vec<_> = selected.iter().flat_map(view_names).collect();
    known("--view", &order.views, &views)?;
    let narrowed = selected.iter().map(|whole| (whole.clone(), narrowed(whole, &order.views)));
    Ok(narrowed.filter(|(_, subject)| !view_names(subject).is_empty()).collect())
}

fn among(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)
}

fn known(flag: &str, wanted: &[String], names: &[&str]) -> Result<(), Trouble> {
    let Some(stranger) = wanted.iter().find(|wanted| !names.contains(&wanted.as_str())) else {
        return Ok(());
    };
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    Err(Trouble::usage(format!("{flag}={stranger} matches nothing; there are: {names}")))
}

fn view_names(subject: &Subject) -> Vec<&str> {
    match subject {
        Subject::TapRain(account) => account.views.iter().map(|view| &*view.name).collect(),
        Subject::Klar(account) => account.views.iter().map(|view| &*view.name).collect(),
    }
}

fn narrowed(whole: &Subject, views: &[String]) -> Subject {
    let mut subject = whole.clone();
    match &mut subject {
        Subject::TapRain(account) => account.views.retain(|view| among(views, &view.name)),
        Subject::Klar(account) => account.views.retain(|view| among(views, &view.name)),
    }
    subject
}

fn pinned(subject: &Subject) -> PinnedAccount {
    let range = &Range::Yesterday;
    let views = match subject {
        Subject::TapRain(account) => account
            .views
            .iter()
            .map(|view| (view.name.to_string(), meaning::taprain(account, view, range)))
            .collect(),
        Subject::Klar(account) => account
            .views
            .iter()
            .map(|view| (view.name.to_string(), meaning::klar(account, view, range)))
            .collect(),
    };
    let account = subject.common().name.to_string();
    PinnedAccount { api: subject.api().as_str().to_owned(), account, views }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_unknown_date_is_in_one_run_and_no_known_one_is(
            known in prop::collection::btree_set(0_i64..60, 0..40), count in 0_i64..60,
        ) {
            let start = date(2026, 3, 1);
            let days = Days { start, end: start.saturating_add(count.days()) };
            let known: BTreeSet<Date> =
                known.into_iter().map(|day| start.saturating_add(day.days())).collect();
            let runs = unknown(days, |date| known.contains(&date));
            for day in days.chunks(1) {
                let times = runs.iter().filter(|run| run.contains(day.start)).count();
                prop_assert_eq!(times, usize::from(!known.contains(&day.start)));
            }
            prop_assert!(runs.windows(2).all(|pair| pair[1].end < pair[0].start));
        }

        #[test]
        fn instants_are_multiples_of_the_step(second in -9_000_i64..9_000, nano in 0_i32..2) {
            let instant = Timestamp::new(second, nano).unwrap();
            let first = multiple(instant, 300);
            prop_assert!(first % 300 == 0 && first >= second + i64::from(nano));
            prop_assert!(first - 300 < second + i64::from(nano));
        }
    }
}
