//! TapRain's hours: what each answer teaches of them, what is missing, and what they say is normal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::warn;

use crate::clock::Tick;
use crate::expect::tables::tables;
use crate::expect::{Stretch, Terms, outlook};
use crate::figures::taprain::Report;
use crate::hours::book::Book;
use crate::hours::{Learned, Observation};
use crate::label::Labels;
use crate::model::range::{Days, Range, day_start};
use crate::model::settings::{TapRainAccount, TapRainView};
use crate::snapshot::Sheet;

/// What came from the past is saved at most so often; a crash costs as many requests again.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// How long after a day's end it is asked for once more, where nothing else reads it: late leads.
const RIPE: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

/// The account's memory of hours.
pub(super) struct Memory {
    book: Arc<Book>,
    /// Days by view that were asked for, and when: asking again brings nothing new.
    asked: BTreeMap<(usize, Date), Timestamp>,
    /// Views whose days do not come in hours.
    daily: BTreeSet<usize>,
    /// What is not saved yet: hours of today, and days of the past.
    new_hours: bool,
    new_past: bool,
    saved: Option<(Tick, Timestamp)>,
}

/// An answer, as far as hours are concerned.
pub(super) struct Heard<'a> {
    pub(super) report: &'a Report,
    pub(super) view: usize,
    pub(super) range: &'a Range,
    pub(super) days: Days,
    /// When it was asked for.
    pub(super) asked: Timestamp,
    /// Whether it was asked for to fill the past.
    pub(super) past: bool,
}

impl Heard<'_> {
    /// When its figures were made: a cache's are older than the question (trap T19).
    pub(super) fn made(&self) -> Timestamp {
        self.report.meta.generated_at.map_or(self.asked, |made| made.min(self.asked))
    }
}

impl Memory {
    pub(super) fn new(questions: Vec<(Arc<str>, String)>) -> Self {
        let questions = questions.into_iter().map(|(view, ask)| (view.to_string(), ask));
        Self {
            book: Arc::new(Book::new(questions)),
            asked: BTreeMap::new(),
            daily: BTreeSet::new(),
            new_hours: false,
            new_past: false,
            saved: None,
        }
    }

    pub(super) fn recall(&mut self, saved: Book) {
        Arc::make_mut(&mut self.book).recall(saved);
    }

    /// Learns from an answer about one day.
    pub(super) fn hear(&mut self, account: &TapRainAccount, heard: &Heard<'_>) {
        let Some(view) = account.views.get(heard.view) else { return };
        let made = heard.made();
        if heard.past {
            self.asked.insert((heard.view, heard.days.start), made);
        }
        let Some(hours) = Arc::make_mut(&mut self.book).hours_mut(&view.name) else { return };
        let learned = hours.observe(&Observation {
            report: heard.report,
            zone: &account.common.timezone,
            days: heard.days,
            made,
            live: *heard.range == Range::Today,
            limits: account.limits,
        });
        match learned {
            Learned::Hours(_) if heard.past => self.new_past = true,
            Learned::Hours(_) => self.new_hours = true,
            Learned::NotHourly if heard.past => self.give_up(account, heard.view),
            Learned::NotHourly | Learned::Nothing => {}
        }
    }

    /// The API has no hours of the past: what is observed live has to suffice, some day.
    fn give_up(&mut self, account: &TapRainAccount, view: usize) {
        if self.daily.insert(view) {
            let name = account.views.get(view).map_or("", |view| &view.name);
            warn!(
                api = "taprain",
                account = &*account.common.name,
                view = name,
                "days of the past do not come in hours: what is normal will be known after three \
                 weeks of observation"
            );
        }
    }

    /// The API refuses this day of the view.
    pub(super) fn refused(&mut self, view: usize, day: Date, at: Timestamp) {
        self.asked.insert((view, day), at);
    }

    /// The days of `view` to ask for, newest first.
    pub(super) fn missing(
        &self,
        account: &TapRainAccount,
        view: usize,
        today: Date,
        now: Timestamp,
    ) -> Vec<Date> {
        let zone = &account.common.timezone;
        let Some(of) = account.views.get(view).filter(|_| !self.daily.contains(&view)) else {
            return Vec::new();
        };
        let Some(hours) = self.book.hours(&of.name) else { return Vec::new() };
        let days = i64::from(account.common.history_days);
        let mut missing = hours.missing(today, days, now, zone);
        missing.retain(|date| {
            let end = day_start(date.saturating_add(jiff::Span::new().days(1)), zone);
            let ripe = end.saturating_add(RIPE).unwrap_or(end);
            let asked = self.asked.get(&(view, *date));
            let may_ask = asked.is_none_or(|asked| *asked < ripe && ripe <= now);
            let has_reader = end == day_start(today, zone) && reads_yesterday(of);
            may_ask && !has_reader
        });
        missing
    }

    /// Adds to the sheet of `today` what is normal by now, as far as there is `room` for series.
    pub(super) fn complete(
        &self,
        account: &TapRainAccount,
        heard: &Heard<'_>,
        sheet: &mut Sheet,
        room: usize,
    ) {
        let Some(view) = account.views.get(heard.view) else { return };
        let Some(hours) = self.book.hours(&view.name) else { return };
        let expectations = account.expectations;
        let terms = Terms { settle: expectations.settle, quantile: expectations.quantile };
        let stretch = Stretch { since: heard.report.meta.period_start, at: heard.made() };
        let outlook = outlook(hours, stretch, &account.common.timezone, terms);
        let labels = Labels::new().with("account", &account.common.name).with("view", &view.name);
        let settled = hours.maturity().settle_observed();
        let mut left = room.saturating_sub(sheet.series());
        for table in tables(&outlook, terms, settled, &labels) {
            let own = Sheet { tables: vec![table], folded: Vec::new() };
            let series = own.series();
            if series <= left {
                left -= series;
                sheet.tables.extend(own.tables);
            }
        }
    }

    /// The hours, when they are worth a save: an hour has ended, or the past has grown.
    pub(super) fn worth_saving(&mut self, now: Tick, wall: Timestamp) -> Option<Arc<Book>> {
        let Some((saved, at)) = self.saved else {
            self.saved = Some((now, wall));
            return None;
        };
        let hour = |time: Timestamp| time.as_second().div_euclid(3600);
        let past = self.new_past && now.since(saved) >= SAVE_EVERY;
        let ended = self.new_hours && hour(wall) != hour(at);
        (past || ended).then(|| {
            self.saved = Some((now, wall));
            self.all()
        })
    }

    /// The hours as they are.
    pub(super) fn all(&mut self) -> Arc<Book> {
        (self.new_hours, self.new_past) = (false, false);
        Arc::clone(&self.book)
    }
}

fn reads_yesterday(view: &TapRainView) -> bool {
    view.ranges.iter().any(|each| each.range == Range::Yesterday)
}
