//! What an answer changes: ledger, counters, schedule, figures and the account's state.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError};
use tracing::{debug, info, warn};

use super::vendor::{Flight, Payload, Update, Verdict, Wants};
use super::{Collector, Landed};
use crate::backoff;
use crate::clock::{Moment, Tick};
use crate::model::AccountState;
use crate::snapshot::{Good, stale_from};
use crate::telemetry::failed::Failed;
use crate::telemetry::{Anomaly, Outcome};
use crate::upstream::answer::Answer;
use crate::upstream::failure::Failure;

/// How soon to look again whether the API has reached the new day (trap T10).
const STALE_PERIOD_RETRY: Duration = Duration::from_secs(30);

/// How long the longest wait between tries for a token is; nothing else can be asked meanwhile.
const TOKEN_RETRY: Duration = Duration::from_secs(5 * 60);

impl Collector {
    /// Settles a request that came back, or whose task panicked.
    pub(super) fn land(&mut self, landed: Result<(Id, Landed), JoinError>) {
        let is_known = self.settle(landed);
        self.publish();
        if is_known {
            self.keep.note(self.part.clone(), self.now());
        }
        if let Some(hours) = self.vendor.hours(self.now(), false) {
            self.keep.note_hours(hours);
        }
    }

    /// Returns whether the request was one of this collector's.
    fn settle(&mut self, landed: Result<(Id, Landed), JoinError>) -> bool {
        let (id, (answer, spoken)) = match landed {
            Ok(landed) => landed,
            Err(panic) => (panic.id(), (Answer::lost(broken_task()), None)),
        };
        let Some(at) = self.on_the_way.iter().position(|(known, ..)| *known == id) else {
            return false;
        };
        let (_, flight, receipt) = self.on_the_way.swap_remove(at);
        if flight.wants == Wants::Past {
            self.past.landed();
        }
        self.hear(&flight, answer.date);
        let now = self.now();
        self.budget().settle(&receipt, self.answered_at(&answer, now), answer.advice);
        self.count(&flight, &answer, now);
        if self.asks_again(&flight, &answer, spoken, now) {
            debug!("asking again with another secret");
        } else if self.is_of_yesterday(&flight) {
            self.ask_anew(&flight, now);
        } else {
            let verdict = match answer.result {
                Ok(payload) => {
                    let room = self.room(&flight);
                    self.vendor.digest(&flight, payload, room, now)
                }
                Err(failure) => self.vendor.fail(&flight, failure),
            };
            self.apply(&flight, verdict, now);
        }
        true
    }

    /// When the answer arrived. A request that got none may still be on its way to the API, or wait
    /// there to be counted: it is taken to be answered a whole time limit after it was given up.
    fn answered_at(&self, answer: &Answer<Payload>, now: Moment) -> Tick {
        let lost =
            |failure: &Failure| matches!(failure.outcome, Outcome::Timeout | Outcome::Connect);
        let given_up = answer.result.as_ref().err().is_some_and(lost);
        if given_up { now.tick + self.around.fetch.limits.timeout } else { now.tick }
    }

    fn count(&self, flight: &Flight, answer: &Answer<Payload>, now: Moment) {
        let outcome = match &answer.result {
            Ok(payload) => payload.outcome(),
            Err(failure) => failure.outcome,
        };
        let telemetry = &self.around.telemetry;
        if let Err(failure) = &answer.result {
            let sentence = failure.to_string();
            let failed = Failed::new(now.wall, flight.endpoint, outcome, &sentence);
            telemetry.failed(&self.who, failed);
        }
        let took = now.tick.since(flight.asked);
        telemetry.request(&self.who, flight.endpoint, outcome, took);
        let slot = &self.part.slots[flight.job];
        debug!(
            api = self.who.api.as_str(),
            account = &*self.who.account,
            endpoint = flight.endpoint,
            view = &*slot.view,
            range = if flight.wants == Wants::Past { "past" } else { &*slot.range },
            outcome = outcome.as_str(),
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            budget_left = self.budget().reading(now.tick).remaining,
            "asked"
        );
        if flight.wants == Wants::Token {
            telemetry.token_refresh(&self.who, outcome);
        }
    }

    fn count_odd(&self, odd: &[(Anomaly, u64)]) {
        for (reason, times) in odd.iter().filter(|(_, times)| *times > 0) {
            self.around.telemetry.anomaly(&self.who, *reason, *times);
        }
    }

    /// An answer to a question about dates that have moved since answers nothing.
    fn is_of_yesterday(&self, flight: &Flight) -> bool {
        let mut served = std::iter::once(&flight.job).chain(&flight.also);
        flight.wants == Wants::Figures
            && flight.today != self.today
            && served.any(|job| self.jobs[*job].range.moves())
    }

    fn ask_anew(&mut self, flight: &Flight, now: Moment) {
        for job in std::iter::once(&flight.job).chain(&flight.also) {
            self.schedule.leave(*job);
            self.schedule.renew(*job, now.tick);
        }
    }

    fn apply(&mut self, flight: &Flight, verdict: Verdict, now: Moment) {
        match verdict {
            Verdict::Figures { updates, odd, go_on, days } => {
                self.is_served(now);
                self.count_odd(&odd);
                if flight.wants == Wants::Past {
                    self.past_came();
                }
                self.remember(flight, days, now);
                let room = self.room(flight);
                for mut update in updates {
                    if let Some(sheeted) = &mut update.sheeted {
                        let (job, today) = (update.job, flight.today);
                        self.vendor.complete(job, sheeted, room, &self.history, today);
                    }
                    self.update(update, flight, now);
                }
                if go_on {
                    self.schedule.go_on(flight.job, now.tick);
                }
            }
            Verdict::Token { life, odd } => {
                if !self.budget().is_closed(now.tick) {
                    self.account_is(AccountState::Ok, true);
                }
                self.count_odd(&odd);
                self.part.token_expiry = now.wall.saturating_add(life).ok();
            }
            Verdict::AskAgain => self.leave_due(flight, now),
            Verdict::StalePeriod => {
                self.is_served(now);
                self.count_odd(&[(Anomaly::StalePeriod, 1)]);
                self.part.slots[flight.job].up = Some(false);
                self.schedule.retry(flight.job, now.tick, STALE_PERIOD_RETRY);
            }
            Verdict::Failed(failure) => self.fail(flight, &failure, now),
        }
    }

    fn update(&mut self, update: Update, flight: &Flight, now: Moment) {
        self.schedule.done(update.job, flight.asked);
        let interval = self.schedule.interval(update.job);
        let (slot, job) = (&mut self.part.slots[update.job], &mut self.jobs[update.job]);
        job.kinds.clear();
        job.failures = 0;
        if std::mem::take(&mut job.logged) {
            info!(
                api = self.who.api.as_str(),
                account = &*self.who.account,
                view = &*slot.view,
                range = &*slot.range,
                "figures are coming in again"
            );
        }
        slot.up = Some(true);
        let Some(sheeted) = update.sheeted else { return };
        slot.last_success = Some(now.wall);
        slot.good = Some(Good {
            series: sheeted.sheet.series(),
            sheet: Arc::new(sheeted.sheet),
            arrived: now.tick,
            stale_from: stale_from(now.tick, interval),
            ends: job.range.moves().then_some(self.midnight),
        });
        self.count_odd(&sheeted.anomalies);
    }

    fn fail(&mut self, flight: &Flight, failure: &Failure, now: Moment) {
        if flight.wants == Wants::Past && !is_refusal(failure) {
            self.fail_past(failure, now);
            return;
        }
        let state = state_after(failure.outcome).unwrap_or(AccountState::Ok);
        self.account_is(state, false);
        let wait = match self.account_hold(flight, failure, now) {
            Some(hold) => {
                self.close(failure.outcome, now.tick + hold);
                self.schedule.spread_from(now.tick + hold, self.terms.per);
                self.leave_due(flight, now);
                hold
            }
            None => self.retry_later(flight, failure, now),
        };
        if flight.wants == Wants::Past {
            return;
        }
        self.part.slots[flight.job].up = Some(false);
        let is_news = self.is_news(flight, failure.outcome);
        self.log(flight, failure, wait, is_news);
    }

    /// Quiet after a refused secret ends with another secret, any other lasts.
    fn close(&self, outcome: Outcome, until: Tick) {
        let mut budget = self.budget();
        if outcome == Outcome::Unauthorized {
            budget.refuse_until(until);
        } else {
            budget.close_until(until);
        }
    }

    /// The first failure of a kind is news; that it lasts is not, nor that it meets the account's
    /// other views as well, unless it is of the view's own making.
    fn is_news(&mut self, flight: &Flight, outcome: Outcome) -> bool {
        let own = outcome == Outcome::BadRequest;
        let known = !own && self.outage.replace(outcome) == Some(outcome);
        let job = &mut self.jobs[flight.job];
        job.failures = job.failures.saturating_add(1);
        let first = !job.kinds.contains(&outcome);
        if first {
            job.kinds.push(outcome);
        }
        job.logged |= first && !known;
        first && !known
    }

    /// How long the whole account keeps quiet; `None` when the failure is the view's own.
    fn account_hold(
        &mut self,
        flight: &Flight,
        failure: &Failure,
        now: Moment,
    ) -> Option<Duration> {
        // Requests that were refused together are one refusal.
        let first = !self.budget().is_closed(now.tick);
        let tries = if first { self.refusals } else { self.refusals.saturating_sub(1) };
        let rng = &mut self.rng;
        let hold = match failure.outcome {
            Outcome::RateLimited => {
                backoff::throttled(self.who.api, tries, failure.retry_after, rng)
            }
            // A 503 may ask for quiet as well, and means the whole service.
            Outcome::ServerError if failure.retry_after.is_some() => {
                backoff::throttled(self.who.api, tries, failure.retry_after, rng)
            }
            Outcome::Unauthorized => backoff::unauthorized(tries, rng),
            Outcome::Forbidden => backoff::suspended(),
            _ if flight.wants == Wants::Token => backoff::retry(tries, TOKEN_RETRY, rng),
            _ => return None,
        };
        self.refusals = tries.saturating_add(1);
        Some(hold)
    }

    fn retry_later(&mut self, flight: &Flight, failure: &Failure, now: Moment) -> Duration {
        let interval = self.schedule.interval(flight.job);
        let tries = self.jobs[flight.job].failures;
        let wait = match failure.outcome {
            Outcome::BadRequest => backoff::correction(tries, interval, &mut self.rng),
            _ => backoff::retry(tries, interval, &mut self.rng),
        };
        self.schedule.retry(flight.job, now.tick, wait);
        for job in &flight.also {
            self.schedule.leave(*job);
        }
        wait
    }

    /// The jobs of `flight` are as due as they were.
    pub(super) fn leave_due(&mut self, flight: &Flight, now: Moment) {
        if flight.wants == Wants::Figures {
            self.schedule.go_on(flight.job, now.tick);
        }
        for job in &flight.also {
            self.schedule.leave(*job);
        }
    }

    /// A good answer while the account keeps quiet was asked for before it was refused, and says
    /// nothing of the account any more.
    fn is_served(&mut self, now: Moment) {
        if !self.budget().is_closed(now.tick) {
            self.account_is(AccountState::Ok, true);
            self.refusals = 0;
        }
    }

    fn account_is(&mut self, state: AccountState, up: bool) {
        self.part.state = Some(state);
        self.part.up = Some(up);
        self.part.broken = false;
        if up {
            self.outage = None;
        }
    }

    /// How many series the answer may bring before the page is too large.
    fn room(&self, flight: &Flight) -> usize {
        let shown = self.around.board.series();
        let slot = &self.part.slots[flight.job];
        let own = slot.good.as_ref().map_or(0, |good| good.series);
        self.around.fetch.limits.max_series.saturating_sub(shown.saturating_sub(own))
    }

    fn log(&self, flight: &Flight, failure: &Failure, wait: Duration, is_news: bool) {
        let slot = &self.part.slots[flight.job];
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        let (view, range) = (&*slot.view, &*slot.range);
        let (outcome, next_try) = (failure.outcome.as_str(), wait.as_secs());
        if is_news {
            warn!(
                api,
                account,
                view,
                range,
                outcome,
                next_try_seconds = next_try,
                "no new figures: {failure}"
            );
        } else {
            debug!(
                api,
                account,
                view,
                range,
                outcome,
                next_try_seconds = next_try,
                "still no new figures: {failure}"
            );
        }
    }
}

/// Whether the API refuses the account, whatever is asked.
fn is_refusal(failure: &Failure) -> bool {
    use Outcome::{Forbidden, RateLimited, ServerError, Unauthorized};
    let quiet = failure.outcome == ServerError && failure.retry_after.is_some();
    quiet || matches!(failure.outcome, RateLimited | Unauthorized | Forbidden)
}

/// What a failure says of the account; `None` where it says something of one view only.
fn state_after(outcome: Outcome) -> Option<AccountState> {
    match outcome {
        Outcome::Unauthorized => Some(AccountState::Unauthorized),
        Outcome::Forbidden => Some(AccountState::Forbidden),
        Outcome::RateLimited => Some(AccountState::RateLimited),
        Outcome::ServerError | Outcome::Timeout | Outcome::Connect => {
            Some(AccountState::Unreachable)
        }
        Outcome::NotJson | Outcome::ApiError | Outcome::TooLarge => Some(AccountState::Invalid),
        Outcome::Ok | Outcome::Empty | Outcome::BadRequest => None,
    }
}

fn broken_task() -> Failure {
    Failure::undocumented("reading the answer failed inside the exporter; please report it")
}
