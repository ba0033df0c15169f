//! What a failure means for the rest: a wait, or the end.

use std::time::Duration;

use super::Caller;
use crate::backfill::Trouble;
use crate::backfill::plan::Ask;
use crate::backoff;
use crate::model::range::Days;
use crate::telemetry::Outcome;
use crate::upstream::failure::Failure;

/// How often one question is asked before it is given up.
const MOST_TRIES: u32 = 6;

/// The longest wait between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);

impl Caller<'_> {
    /// Waits, or gives up, after the `tries`th failure in a row.
    pub(super) fn after(&mut self, ask: Ask, failure: &Failure, tries: u32) -> Result<(), Trouble> {
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
        if advised {
            self.purse.close(backoff::throttled(api, tries, failure.retry_after, &mut self.rng));
        } else {
            self.purse.hold(backoff::retry(tries, LONGEST_RETRY, &mut self.rng));
        }
        Ok(())
    }

    pub(super) fn given_up(&self, days: Days, failure: &Failure, tries: u32) -> Trouble {
        let (api, name) = (self.leg.subject.api().as_str(), &self.leg.common().name);
        let tries = if tries > 1 { format!(" after {tries} tries") } else { String::new() };
        let again = self.shared.again();
        Trouble::Failed(format!(
            "{api} account {name} gave no figures of {}{tries}: {failure}; {again}",
            span(days)
        ))
    }

    pub(super) fn stopped(&self) -> Trouble {
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
