//! Klar's side of collecting: a token first, reports in pieces of days, and one report for every
//! range whose dates it covers.

mod past;
mod reading;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::civil::Date;

use past::Past;
use reading::{is_round, oddities};

use super::expected::{expected, join};
use super::kept::Held;
use super::vendor::{Errand, Flight, Jobs, Payload, Read, Update, Vendor, Verdict, Wants};
use crate::clock::{Moment, Tick};
use crate::fetch::{Fetch, KlarReport};
use crate::figures::Sheeted;
use crate::figures::klar::Tally;
use crate::figures::klar_sheet::{labels, sheet};
use crate::history::History;
use crate::label::Labels;
use crate::model::klar::{CHUNK_DAYS, Detail, token_serves};
use crate::model::range::{Days, Range};
use crate::model::settings::{KlarAccount, KlarLimits, KlarView};
use crate::secret::Secret;
use crate::telemetry::{Anomaly, Outcome};
use crate::upstream::answer::Answer;
use crate::upstream::failure::Failure;
use crate::upstream::klar::{ATTRIBUTION, TOKEN, Token, report_request, token_request};

/// A Klar account's protocol.
pub(super) struct Klar {
    account: KlarAccount,
    fetch: Fetch,
    jobs: Vec<Job>,
    token: Option<Held>,
    token_on_the_way: bool,
    /// Numbers the tokens; 0 is none.
    tokens: u64,
    /// A report was refused with a token that was new; once more and the credential is at fault.
    refused: bool,
    past: Past,
}

struct Job {
    view: usize,
    range: Range,
    labels: Labels,
    /// Days per request, halved once when the API refuses the documented number (trap K3).
    piece: u32,
    progress: Option<Progress>,
}

/// A report that takes several requests.
struct Progress {
    days: Days,
    left: VecDeque<Days>,
    tally: Tally,
}

impl Klar {
    /// Jobs in the configuration's order.
    pub(super) fn new(account: KlarAccount, fetch: Fetch) -> Self {
        let mut jobs = Vec::new();
        for (index, view) in account.views.iter().enumerate() {
            for wanted in &view.ranges {
                let range = wanted.range.clone();
                let labels = labels(&account.common.name, view, range.label());
                jobs.push(Job { view: index, range, labels, piece: CHUNK_DAYS, progress: None });
            }
        }
        let (token, token_on_the_way, tokens, refused) = (None, false, 0, false);
        let past = Past::default();
        Self { account, fetch, jobs, token, token_on_the_way, tokens, refused, past }
    }

    fn serving(&self, now: Tick) -> Option<&Held> {
        self.token.as_ref().filter(|held| now < held.serves_until)
    }

    fn token_errand(&mut self, due: usize, today: Date, now: Tick) -> Errand {
        if self.token_on_the_way {
            return Errand::Wait;
        }
        self.token_on_the_way = true;
        let (fetch, request) = (self.fetch.clone(), token_request(&self.account.common));
        let work = async move {
            match request {
                Ok(request) => fetch.token(request).await.map(Payload::Token),
                Err(failure) => Answer::lost(failure),
            }
        };
        let days = self.jobs[due].range.days(today);
        let flight = Flight::new(due, TOKEN, today, days, now);
        Errand::Send(Flight { wants: Wants::Token, carries_secret: true, ..flight }, work.boxed())
    }

    /// The days that `job`'s next request asks for.
    fn next_piece(&self, job: usize, today: Date) -> Days {
        let job = &self.jobs[job];
        let days = job.range.days(today);
        let resumed = job.progress.as_ref().filter(|progress| progress.days == days);
        let next = resumed.and_then(|progress| progress.left.front().copied());
        next.or_else(|| days.chunks(job.piece).first().copied()).unwrap_or(days)
    }

    /// The widest due job of the same view whose next request brings `due` its figures as well.
    fn leader(&self, due: usize, jobs: &dyn Jobs, today: Date) -> usize {
        let wanted = self.jobs[due].range.days(today);
        let same_view = |job: &usize| self.jobs[*job].view == self.jobs[due].view;
        (0..self.jobs.len())
            .filter(|job| same_view(job) && jobs.is_due(*job))
            .filter(|job| self.next_piece(*job, today).covers(wanted))
            .max_by_key(|job| self.jobs[*job].range.days(today).count())
            .unwrap_or(due)
    }

    /// Jobs that an answer for `piece` serves beside `lead`.
    fn followers(&self, lead: usize, piece: Days, jobs: &dyn Jobs, today: Date) -> Vec<usize> {
        let follows = |job: &usize| {
            let other = &self.jobs[*job];
            *job != lead
                && other.view == self.jobs[lead].view
                && other.progress.is_none()
                && jobs.is_idle(*job)
                && piece.covers(other.range.days(today))
        };
        (0..self.jobs.len()).filter(follows).collect()
    }

    fn report_work(
        &self,
        lead: usize,
        also: &[usize],
        piece: Days,
        today: Date,
        token: &Secret,
    ) -> BoxFuture<'static, Answer<Payload>> {
        let detail = self.account.views[self.jobs[lead].view].detail;
        let tally = |job: &usize| Tally::new(detail, self.jobs[*job].range.days(today));
        let tallies = std::iter::once(&lead).chain(also).map(tally).collect();
        self.ask(lead, piece, tallies, token)
    }

    /// Asks for `piece` of the view of `job`, added up as `tallies` want it.
    fn ask(
        &self,
        job: usize,
        piece: Days,
        tallies: Vec<Tally>,
        token: &Secret,
    ) -> BoxFuture<'static, Answer<Payload>> {
        let view = &self.account.views[self.jobs[job].view];
        let request = report_request(&self.account.common, view, piece, token);
        let fetch = self.fetch.clone();
        let work = async move {
            match request {
                Ok(request) => fetch.klar(request, piece, tallies).await.map(Payload::Klar),
                Err(failure) => Answer::lost(failure),
            }
        };
        work.boxed()
    }

    fn keep_token(&mut self, flight: &Flight, token: Token) -> Verdict {
        self.token_on_the_way = false;
        self.tokens += 1;
        let serves_until = flight.asked + token_serves(token.life);
        self.token = Some(Held { secret: token.secret, number: self.tokens, serves_until });
        let odd = vec![(Anomaly::OddTokenLife, u64::from(token.odd_life))];
        Verdict::Token { life: token.life, odd }
    }

    fn digest_report(&mut self, flight: &Flight, report: KlarReport, room: usize) -> Verdict {
        self.refused = false;
        let mut odd = oddities(&report);
        if flight.wants == Wants::Past {
            self.past.answered(self.jobs[flight.job].view, flight.days);
            let days = self.days(flight, &report);
            return Verdict::Figures { updates: Vec::new(), odd, go_on: false, days };
        }
        let days = self.days(flight, &report);
        let mut tallies = report.tallies.into_iter();
        let mut updates = Vec::new();
        let own = tallies.next().and_then(|tally| self.advance(flight, tally));
        let go_on = own.is_none();
        let finished = own.map(|tally| (flight.job, tally)).into_iter();
        for (job, tally) in finished.chain(flight.also.iter().copied().zip(tallies)) {
            let sheeted = (tally.rows() > 0).then(|| self.sheet(job, &tally, room, &mut odd));
            updates.push(Update { job, sheeted });
        }
        Verdict::Figures { updates, odd, go_on, days }
    }

    /// The days of this piece, before it is added to others; none of an answer that was cut, for
    /// what is missing at its end would seem to have been taken back.
    fn days(&self, flight: &Flight, report: &KlarReport) -> Vec<Read> {
        if is_round(report) {
            return Vec::new();
        }
        let most = self.account.limits.channel;
        let jobs = std::iter::once(flight.job).chain(flight.also.iter().copied());
        let read =
            |(job, tally): (usize, &Tally)| Read { job, made: None, days: tally.daily(most) };
        jobs.zip(&report.tallies).map(read).collect()
    }

    /// Adds a piece to the asking job's report; the whole of it when it was the last.
    fn advance(&mut self, flight: &Flight, tally: Tally) -> Option<Tally> {
        let job = &mut self.jobs[flight.job];
        let days = tally.days();
        let progress = job.progress.take().filter(|progress| progress.days == days);
        let mut progress = match progress {
            Some(mut progress) => {
                progress.tally.merge(tally);
                progress
            }
            None => Progress { days, left: days.chunks(job.piece).into(), tally },
        };
        progress.left.retain(|piece| *piece != flight.days);
        if progress.left.is_empty() {
            return Some(progress.tally);
        }
        job.progress = Some(progress);
        None
    }

    fn sheet(
        &self,
        job: usize,
        tally: &Tally,
        room: usize,
        odd: &mut Vec<(Anomaly, u64)>,
    ) -> Sheeted {
        let (job, zone) = (&self.jobs[job], &self.account.common.timezone);
        let full = sheet(tally, &job.labels, self.account.limits, zone);
        if full.sheet.series() <= room {
            return full;
        }
        odd.push((Anomaly::SeriesLimit, 1));
        let none = KlarLimits { channel: 0, campaign: 0, ad_group: 0, ad: 0 };
        sheet(tally, &job.labels, none, zone)
    }

    /// The API refuses a token that should be good: once, another one may help (trap K9).
    fn refuse(&mut self, flight: &Flight, failure: Failure) -> Verdict {
        let current = self.token.as_ref().is_some_and(|held| held.number == flight.token);
        if !current {
            return Verdict::AskAgain;
        }
        self.token = None;
        if std::mem::replace(&mut self.refused, true) {
            self.refused = false;
            return Verdict::Failed(failure);
        }
        Verdict::AskAgain
    }

    /// The API refuses the dates: half as many days may be fewer than it allows (trap K3).
    fn halve(&mut self, flight: &Flight, failure: Failure) -> Verdict {
        let job = &mut self.jobs[flight.job];
        if job.piece < CHUNK_DAYS || flight.days.count() < 2 {
            return Verdict::Failed(failure);
        }
        job.piece = flight.days.count().div_ceil(2);
        if let Some(progress) = &mut job.progress {
            let unread = Days { start: progress.days.start, end: flight.days.end };
            progress.left = unread.chunks(job.piece).into();
        }
        Verdict::AskAgain
    }
}

impl Vendor for Klar {
    fn expectant(&self) -> Range {
        Range::Yesterday
    }

    fn errand(&mut self, due: usize, jobs: &dyn Jobs, today: Date, now: Tick) -> Errand {
        let Some(held) = self.serving(now) else {
            return self.token_errand(due, today, now);
        };
        let (secret, number) = (held.secret.clone(), held.number);
        let lead = self.leader(due, jobs, today);
        let piece = self.next_piece(lead, today);
        let also = self.followers(lead, piece, jobs, today);
        let work = self.report_work(lead, &also, piece, today, &secret);
        let flight = Flight::new(lead, ATTRIBUTION, today, piece, now);
        Errand::Send(Flight { also, token: number, ..flight }, work)
    }

    fn waits(&self, now: Tick) -> bool {
        self.token_on_the_way && self.serving(now).is_none()
    }

    fn digest(&mut self, flight: &Flight, payload: Payload, room: usize, _now: Moment) -> Verdict {
        match payload {
            Payload::Token(token) => self.keep_token(flight, token),
            Payload::Klar(report) => self.digest_report(flight, report, room),
            Payload::TapRain(_) => Verdict::AskAgain,
        }
    }

    fn fail(&mut self, flight: &Flight, failure: Failure) -> Verdict {
        if flight.wants == Wants::Token {
            self.token_on_the_way = false;
            return Verdict::Failed(failure);
        }
        match failure.outcome {
            Outcome::Unauthorized => self.refuse(flight, failure),
            Outcome::BadRequest if flight.wants == Wants::Past => {
                self.past.refused(self.jobs[flight.job].view, flight.days);
                Verdict::Failed(failure)
            }
            Outcome::BadRequest => self.halve(flight, failure),
            _ => Verdict::Failed(failure),
        }
    }

    fn lacks(&self, known: &History, today: Date, _now: Moment) -> usize {
        let pieces = |view: &usize| self.missing(*view, known, today).div_ceil(CHUNK_DAYS as usize);
        (0..self.account.views.len()).map(|view| pieces(&view)).sum()
    }

    fn look_back(&mut self, known: &History, today: Date, now: Moment) -> Option<Errand> {
        let (job, piece) = self.next_past(known, today)?;
        let Some(held) = self.serving(now.tick) else {
            return Some(self.token_errand(job, today, now.tick));
        };
        let number = held.number;
        let tallies = vec![Tally::new(Detail::Channel, piece)];
        let work = self.ask(job, piece, tallies, &held.secret);
        let flight = Flight::new(job, ATTRIBUTION, today, piece, now.tick);
        Some(Errand::Send(Flight { wants: Wants::Past, token: number, ..flight }, work))
    }

    fn questions(&self) -> Vec<(Arc<str>, String)> {
        let zone = &self.account.common.timezone_name;
        let ask = |view: &KlarView| {
            let words = [view.model.as_str(), view.window.as_str(), view.basis.as_str()];
            format!("{zone}; {}", words.join("; "))
        };
        self.account.views.iter().map(|view| (Arc::clone(&view.name), ask(view))).collect()
    }

    fn complete(
        &self,
        job: usize,
        sheeted: &mut Sheeted,
        room: usize,
        history: &History,
        today: Date,
    ) {
        let job = &self.jobs[job];
        if job.range == Range::Yesterday {
            let (view, date) = (&self.account.views[job.view], job.range.days(today).start);
            let expected = expected(&self.account, view, history, date);
            join(sheeted, expected, room);
        }
    }

    fn renew(&mut self, secret: Secret) {
        self.account.common.credential.secret = secret;
    }

    fn give_up(&mut self, flight: &Flight) {
        if flight.wants == Wants::Token {
            self.token_on_the_way = false;
        }
    }

    fn leave(&mut self) -> Option<Held> {
        self.token.take()
    }

    fn resume(&mut self, token: Held) {
        self.tokens = token.number;
        self.token = Some(token);
    }

    fn turn_day(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| job.range.moves()) {
            job.progress = None;
        }
    }
}
