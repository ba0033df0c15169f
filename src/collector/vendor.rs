//! What differs between the two APIs, as a collector sees it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::civil::Date;

use super::kept::Held;
use crate::clock::{Moment, Tick};
use crate::fetch::KlarReport;
use crate::figures::Sheeted;
use crate::figures::closed::Daily;
use crate::figures::taprain::Report;
use crate::history::History;
use crate::hours::book::Book;
use crate::model::range::{Days, Range};
use crate::secret::Secret;
use crate::telemetry::{Anomaly, Outcome};
use crate::upstream::answer::Answer;
use crate::upstream::failure::Failure;
use crate::upstream::klar::Token;

/// One account's protocol: which request serves a job, and what its answer means.
pub(super) trait Vendor: Send + 'static {
    /// The request that `due` needs next. `jobs` tells which others may be served along.
    fn errand(&mut self, due: usize, jobs: &dyn Jobs, today: Date, now: Tick) -> Errand;

    /// Whether nothing can be sent before something has landed.
    fn waits(&self, _now: Tick) -> bool {
        false
    }

    /// What the answer to `flight` means. `room` is how many series its figures may add.
    fn digest(&mut self, flight: &Flight, payload: Payload, room: usize, now: Moment) -> Verdict;

    /// What a failed `flight` means: most often just that.
    fn fail(&mut self, _flight: &Flight, failure: Failure) -> Verdict {
        Verdict::Failed(failure)
    }

    /// How many requests [`Vendor::look_back`] has at most, access tokens left out.
    fn lacks(&self, _known: &History, _today: Date, _now: Moment) -> usize {
        0
    }

    /// The request for what is missing of the past, given the days that are known; `None` when
    /// nothing is.
    fn look_back(&mut self, _known: &History, _today: Date, _now: Moment) -> Option<Errand> {
        None
    }

    /// The range whose figures come with what the past makes one expect.
    fn expectant(&self) -> Range;

    /// Goes on from the hours that were kept.
    fn recall(&mut self, _hours: Book) {}

    /// The hours to keep: all of them at the `end`, before that when enough of them are new.
    fn hours(&mut self, _now: Moment, _end: bool) -> Option<Arc<Book>> {
        None
    }

    /// What each view asks, by the view's name: a text that is another when the figures of one day
    /// would be others.
    fn questions(&self) -> Vec<(Arc<str>, String)>;

    /// Asks with another secret from now on.
    fn renew(&mut self, secret: Secret);

    /// Adds to the figures of `job` what the days that are over make one expect of `today`; most
    /// jobs have nothing to add. `room` is how many series all of them may be.
    fn complete(
        &self,
        _job: usize,
        _sheeted: &mut Sheeted,
        _room: usize,
        _history: &History,
        _today: Date,
    ) {
    }

    /// The answer to `flight` is not used: what it was to bring is still wanted.
    fn give_up(&mut self, _flight: &Flight) {}

    /// What the next collector of the account may go on with.
    fn leave(&mut self) -> Option<Held> {
        None
    }

    /// Goes on with what the collector before left.
    fn resume(&mut self, _token: Held) {}

    /// The date has changed: what was half read speaks of other dates.
    fn turn_day(&mut self) {}
}

/// Which jobs may be asked.
pub(super) trait Jobs {
    /// Due now, and not being asked.
    fn is_due(&self, job: usize) -> bool;
    /// Not being asked.
    fn is_idle(&self, job: usize) -> bool;
}

/// What to do for a job.
pub(super) enum Errand {
    /// Send this.
    Send(Flight, BoxFuture<'static, Answer<Payload>>),
    /// What it needs is on its way.
    Wait,
}

/// What a request is to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// The figures of its job, and of those served along.
    Figures,
    /// An access token.
    Token,
    /// Days that are over and missing; its job only names the view.
    Past,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// The job that asked.
    pub(super) job: usize,
    /// Jobs served along.
    pub(super) also: Vec<usize>,
    /// The `endpoint` label.
    pub(super) endpoint: &'static str,
    /// What it is to bring.
    pub(super) wants: Wants,
    /// Whether it carries the account's own secret; a Klar report carries a token instead.
    pub(super) carries_secret: bool,
    /// The date its dates were reckoned from.
    pub(super) today: Date,
    /// The dates it asks for.
    pub(super) days: Days,
    /// Which access token it carries, where the API has them.
    pub(super) token: u64,
    /// When it was sent.
    pub(super) asked: Tick,
}

impl Flight {
    /// A request for the figures of `days`, reckoned from `today`, that serves `job`.
    pub(super) fn new(
        job: usize,
        endpoint: &'static str,
        today: Date,
        days: Days,
        now: Tick,
    ) -> Self {
        Self {
            job,
            also: Vec::new(),
            endpoint,
            wants: Wants::Figures,
            carries_secret: false,
            today,
            days,
            token: 0,
            asked: now,
        }
    }
}

/// What a successful answer holds.
pub(super) enum Payload {
    /// A TapRain report.
    TapRain(Box<Report>),
    /// A Klar access token.
    Token(Token),
    /// Klar rows, added up.
    Klar(KlarReport),
}

impl Payload {
    /// The outcome to count.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Klar(report) if report.seen.rows == 0 => Outcome::Empty,
            _ => Outcome::Ok,
        }
    }
}

/// What an answer means for the jobs it served.
pub(super) enum Verdict {
    /// Figures. `go_on` when the asking job needs another request for the rest of its own.
    Figures { updates: Vec<Update>, odd: Vec<(Anomaly, u64)>, go_on: bool, days: Vec<Read> },
    /// An access token; the job that wanted it is still due.
    Token { life: std::time::Duration, odd: Vec<(Anomaly, u64)> },
    /// Ask again at once, otherwise.
    AskAgain,
    /// A good answer that speaks of a day that has ended (trap T10).
    StalePeriod,
    /// No figures.
    Failed(Failure),
}

/// Single days as the answer for one job's range has them.
pub(super) struct Read {
    /// The job.
    pub(super) job: usize,
    /// When the figures were made, where the API says so (trap T19).
    pub(super) made: Option<Timestamp>,
    /// The days, today perhaps among them.
    pub(super) days: Vec<Daily>,
}

/// What one job got.
pub(super) struct Update {
    /// The job.
    pub(super) job: usize,
    /// Its figures; `None` when the answer had no row for it (trap K20).
    pub(super) sheeted: Option<Sheeted>,
}
