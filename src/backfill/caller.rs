//! One account's loop: the next date, its answer, and what to do when there is none.

use std::time::Duration;

use super::Trouble;
use super::cost::readable;
use super::entry::{self, Entry};
use super::gather::Shared;
use super::plan::{Ask, Leg};
use super::purse::Purse;
use crate::backoff;
use crate::budget::Receipt;
use crate::clock::Tick;
use crate::fetch::KlarReport;
use crate::figures::klar::Tally;
use crate::figures::taprain::Report;
use crate::model::klar::{CHUNK_DAYS, token_serves};
use crate::model::range::{Days, Range, day_start};
use crate::model::settings::{KlarAccount, Subject, TapRainAccount};
use crate::secret::Secret;
use crate::telemetry::Outcome;
use crate::upstream::failure::Failure;
use crate::upstream::klar::{report_request, token_request};
use crate::upstream::taprain::request;

/// How often one question is asked before it is given up.
const MOST_TRIES: u32 = 6;

/// How many access tokens are asked for before one report: one that lives too short does not help.
const MOST_TOKENS: u32 = 2;

/// The longest wait between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);

/// How far a day's `period_start` may lie from its midnight and still mean it (trap T2).
const SAME_DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

/// What became of one try.
enum Try {
    Answered(Entry),
    /// Asks again at once, otherwise.
    Again,
    Failed(Failure),
}

/// One account's loop.
pub(super) struct Caller<'a> {
    index: usize,
    leg: &'a Leg,
    purse: Purse,
    shared: &'a Shared<'a>,
    rng: fastrand::Rng,
    token: Option<(Secret, Tick)>,
    /// A report was refused with a token that should serve (trap K9).
    refused: bool,
    /// Days per Klar request, halved once when the API refuses the documented number (trap K3).
    piece: u32,
}

impl<'a> Caller<'a> {
    pub(super) fn new(index: usize, leg: &'a Leg, purse: Purse, shared: &'a Shared<'a>) -> Self {
        let rng = fastrand::Rng::with_seed(shared.around.seed ^ (index as u64) << 32);
        let (token, refused, piece) = (None, false, CHUNK_DAYS);
        Self { index, leg, purse, shared, rng, token, refused, piece }
    }

    pub(super) async fn run(mut self) -> Result<(), Trouble> {
        let done = self.all().await;
        if let Err(Trouble::Failed(sentence)) = &done {
            self.shared.trouble(sentence);
        }
        done
    }

    async fn all(&mut self) -> Result<(), Trouble> {
        let mut failures = 0;
        while let Some(ask) = self.shared.next(self.index, self.leg, self.piece) {
            match self.attempt(ask).await {
                None => return Err(self.stopped()),
                Some(Try::Answered(entry)) => {
                    failures = 0;
                    // What cannot be kept need not be asked for, by nobody.
                    self.shared.note(&entry).inspect_err(|_| self.shared.end())?;
                }
                Some(Try::Again) => {}
                Some(Try::Failed(failure)) => {
                    self.after(ask, &failure, failures)?;
                    failures += 1;
                }
            }
            self.purse.save().await;
        }
        Ok(())
    }

    async fn attempt(&mut self, ask: Ask) -> Option<Try> {
        match &self.leg.subject {
            Subject::TapRain(account) => self.taprain(account, ask).await,
            Subject::Klar(account) => self.klar(account, ask).await,
        }
    }

    async fn taprain(&mut self, account: &TapRainAccount, ask: Ask) -> Option<Try> {
        let range = Range::Custom { name: "backfill".into(), days: ask.days };
        let view = &account.views[ask.view];
        let request = match request(&account.common, &view.filters, &range, ask.days) {
            Ok(request) => request,
            Err(failure) => return Some(Try::Failed(failure)),
        };
        let fetch = self.shared.around.fetch.clone();
        let receipt = self.purse.permit(false).await?;
        let answer = self.purse.spend(receipt, fetch.taprain(request)).await?;
        self.shared.sent(self.index, answer.result.is_ok());
        let (date, zone) = (ask.days.start, &account.common.timezone);
        Some(match answer.result {
            Ok(report) if is_of_another_day(&report, day_start(date, zone)) => {
                Try::Failed(Failure::undocumented("the answer speaks of another day"))
            }
            Ok(report) => {
                Try::Answered(entry::taprain(account, (self.index, ask.view), date, &report))
            }
            Err(failure) => Try::Failed(failure),
        })
    }

    async fn klar(&mut self, account: &KlarAccount, ask: Ask) -> Option<Try> {
        let receipt = match self.permit_with_token(account).await? {
            Ok(receipt) => receipt,
            Err(failure) => return Some(Try::Failed(failure)),
        };
        let (view, token) = (&account.views[ask.view], self.token.as_ref());
        let request = match token {
            Some((token, _)) => report_request(&account.common, view, ask.days, token),
            None => Err(Failure::undocumented("the API gives no access token that serves")),
        };
        let request = match request {
            Ok(request) => request,
            Err(failure) => return Some(self.unsent(&receipt, failure)),
        };
        let days = ask.days.chunks(1).into_iter();
        let tallies = days.map(|day| Tally::new(view.detail, day)).collect();
        let fetch = self.shared.around.fetch.clone();
        let work = fetch.klar(request, ask.days, tallies);
        let answer = self.purse.spend(receipt, work).await?;
        self.shared.sent(self.index, answer.result.is_ok());
        let refused = std::mem::take(&mut self.refused);
        Some(match answer.result {
            Ok(report) => Try::Answered(self.digest(account, ask, &report)),
            Err(failure) if failure.outcome == Outcome::Unauthorized && !refused => {
                // Another token may help, once (trap K9).
                (self.refused, self.token) = (true, None);
                Try::Again
            }
            Err(failure) => self.halve(ask, failure),
        })
    }

    /// Waits until a report may be sent, and gets an access token before it where there is none
    /// that serves: the report then follows at once, for the pace has let both through.
    async fn permit_with_token(
        &mut self,
        account: &KlarAccount,
    ) -> Option<Result<Receipt, Failure>> {
        let mut receipt = self.purse.permit(false).await?;
        for _ in 0..MOST_TOKENS {
            let now = self.shared.around.clock.tick();
            if self.token.as_ref().is_some_and(|(_, serves_until)| now < *serves_until) {
                break;
            }
            self.token = None;
            let request = match token_request(&account.common) {
                Ok(request) => request,
                Err(failure) => {
                    self.purse.cancel(&receipt);
                    return Some(Err(failure));
                }
            };
            let fetch = self.shared.around.fetch.clone();
            let answer = self.purse.spend(receipt, fetch.token(request)).await?;
            self.shared.sent(self.index, answer.result.is_ok());
            self.purse.save().await;
            match answer.result {
                Ok(token) => self.token = Some((token.secret, now + token_serves(token.life))),
                Err(failure) => return Some(Err(failure)),
            }
            receipt = self.purse.permit(true).await?;
        }
        Some(Ok(receipt))
    }

    /// What was permitted and not sent does not count.
    fn unsent(&self, receipt: &Receipt, failure: Failure) -> Try {
        self.purse.cancel(receipt);
        Try::Failed(failure)
    }

    fn digest(&self, account: &KlarAccount, ask: Ask, report: &KlarReport) -> Entry {
        let mut tallies: Vec<&Tally> = report.tallies.iter().collect();
        tallies.sort_by_key(|tally| tally.days().start);
        let mut entry = entry::klar(account, (self.index, ask.view), ask.days, &tallies);
        let odd = [
            ("bad_row", report.seen.bad_rows),
            ("bad_number", report.seen.bad_numbers),
            ("out_of_range_row", report.out_of_range),
        ];
        let odd = odd.into_iter().filter(|(_, times)| *times > 0);
        entry.odd.extend(odd.map(|(reason, times)| (reason.to_owned(), times)));
        entry
    }

    /// The API refuses the dates: half as many days may be fewer than it allows (trap K3).
    fn halve(&mut self, ask: Ask, failure: Failure) -> Try {
        let may_help = self.piece == CHUNK_DAYS && ask.days.count() > 1;
        if failure.outcome != Outcome::BadRequest || !may_help {
            return Try::Failed(failure);
        }
        self.piece = ask.days.count().div_ceil(2);
        Try::Again
    }

    /// Waits, or gives up, after the `tries`th failure in a row.
    fn after(&mut self, ask: Ask, failure: &Failure, tries: u32) -> Result<(), Trouble> {
        let again = matches!(
            failure.outcome,
            Outcome::RateLimited
                | Outcome::ServerError
                | Outcome::Timeout
                | Outcome::Connect
                | Outcome::NotJson
                | Outcome::ApiError
        );
        if !again || tries + 1 >= MOST_TRIES {
            return Err(self.given_up(ask.days, failure, tries + 1));
        }
        let api = self.leg.subject.api();
        let advised = failure.outcome == Outcome::RateLimited || failure.retry_after.is_some();
        let wait = if advised {
            let wait = backoff::throttled(api, tries, failure.retry_after, &mut self.rng);
            self.purse.close(wait);
            wait
        } else {
            let wait = backoff::retry(tries, LONGEST_RETRY, &mut self.rng);
            self.purse.hold(wait);
            wait
        };
        let (who, days) = (self.who(), span(ask.days));
        self.shared.trouble(&format!(
            "{who} gave no figures of {days}: {failure}; try {} of {MOST_TRIES} is in {}",
            tries + 2,
            readable(wait)
        ));
        Ok(())
    }

    fn given_up(&self, days: Days, failure: &Failure, tries: u32) -> Trouble {
        let who = self.who();
        let tries = if tries > 1 { format!(" after {tries} tries") } else { String::new() };
        let again = self.shared.again();
        let first = match failure.outcome {
            Outcome::Unauthorized => "put a key or refresh token there that serves; ",
            _ => "",
        };
        Trouble::Failed(format!(
            "{who} gave no figures of {}{tries}: {failure}; {first}{again}",
            span(days)
        ))
    }

    fn who(&self) -> String {
        format!("{} account {}", self.leg.subject.api().as_str(), self.leg.common().name)
    }

    fn stopped(&self) -> Trouble {
        Trouble::Stopped(format!("stopped before the end; {}", self.shared.again()))
    }
}

fn span(days: Days) -> String {
    if days.count() == 1 {
        days.start.to_string()
    } else {
        format!("{} to {}", days.start, days.last())
    }
}

/// Whether the API understood another date, or none: a `custom` range that left its end out would
/// be empty (trap T7).
fn is_of_another_day(report: &Report, midnight: jiff::Timestamp) -> bool {
    let meta = &report.meta;
    let starts_elsewhere =
        meta.period_start.is_some_and(|start| start.duration_since(midnight).abs() >= SAME_DAY);
    starts_elsewhere
        || meta.period_start.is_some_and(|start| meta.period_end.is_some_and(|end| end <= start))
}
