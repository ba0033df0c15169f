//! One account: how it stands, what it spends, and what it has earned today.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::attribution::{self, Attribution};
use super::sheet::shown;
use super::spending::{Budget, Planned, budget, next_fetch, plan};
use super::today::{self, Today};
use super::{Facts, seconds, span};
use crate::clock::Tick;
use crate::model::{AccountState, Api};
use crate::snapshot::AccountPart;
use crate::telemetry::Who;
use crate::telemetry::failed::Failed;

/// How something stands, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Good,
    /// Not known yet.
    Waiting,
    /// Somebody should look, and figures are still shown.
    Warning,
    /// Somebody must act.
    Bad,
}

impl Level {
    /// As it stands in the JSON, and in the page's classes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// One account.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The `api` label.
    pub api: &'static str,
    /// The `account` label.
    pub account: Arc<str>,
    /// ISO 4217, as configured.
    pub currency: Arc<str>,
    /// The zone that decides what `today` means, as configured.
    pub timezone: Arc<str>,
    /// The `state` label; absent until the first request was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// How it stands.
    pub level: Level,
    /// The same in words, and what to do.
    pub sentence: String,
    /// Seconds since the newest good answer arrived; absent until one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_age_seconds: Option<f64>,
    /// Seconds until the next request may go, 0 where one is due or on its way; absent before the
    /// account is collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_fetch_seconds: Option<f64>,
    /// Unix seconds: when the access token ends (Klar only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expiry_timestamp_seconds: Option<f64>,
    /// What the API allows, and what is spent.
    pub budget: Budget,
    /// Every (view, range); left out of a brief status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<Planned>,
    /// TapRain's figures of today, the view that stands for the account first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub today: Vec<Today>,
    /// Klar's figures, the view that stands for the account first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attribution: Vec<Attribution>,
    /// When this is of; for the ages of failures.
    #[serde(skip)]
    pub now_timestamp_seconds: f64,
    /// The newest first; left out of a brief status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Mishap>,
}

/// Requests that failed in the same way, one right after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Mishap {
    /// Unix seconds: when the first did.
    pub first_timestamp_seconds: f64,
    /// Unix seconds: when the last did.
    pub last_timestamp_seconds: f64,
    /// How many they are.
    pub times: u64,
    /// The `endpoint` label.
    pub endpoint: &'static str,
    /// The `outcome` label.
    pub outcome: &'static str,
    /// What happened, in one sentence without body or secret.
    pub sentence: Arc<str>,
}

impl Account {
    /// What is known of `part`; without `detail` only what fits on one line.
    pub(super) fn of(part: &AccountPart, facts: &Facts<'_>, detail: bool) -> Self {
        let now = facts.now.tick;
        let (level, sentence) = standing(part, now);
        let who = Who { api: part.api, account: Arc::clone(&part.account) };
        let failures = if detail { facts.telemetry.recent_failures(&who) } else { Vec::new() };
        Self {
            api: part.api.as_str(),
            account: Arc::clone(&part.account),
            currency: Arc::clone(&part.currency),
            timezone: Arc::clone(&part.timezone),
            state: part.state.map(AccountState::as_str),
            level,
            sentence,
            data_age_seconds: age(part, now).map(span),
            next_fetch_seconds: next_fetch(part, now).map(span),
            token_expiry_timestamp_seconds: part.token_expiry.map(seconds),
            budget: budget(part, now),
            plan: if detail { plan(part, now) } else { Vec::new() },
            today: match part.api {
                Api::TapRain => today::views(part, now, detail),
                Api::Klar => Vec::new(),
            },
            attribution: match part.api {
                Api::Klar => attribution::views(part, now, detail),
                Api::TapRain => Vec::new(),
            },
            now_timestamp_seconds: seconds(facts.now.wall),
            failures: failures.into_iter().map(Mishap::from).collect(),
        }
    }
}

impl From<Failed> for Mishap {
    fn from(failed: Failed) -> Self {
        let Failed { first, last, times, endpoint, outcome, sentence } = failed;
        let (first, last) = (seconds(first), seconds(last));
        Self {
            first_timestamp_seconds: first,
            last_timestamp_seconds: last,
            times,
            endpoint,
            outcome: outcome.as_str(),
            sentence,
        }
    }
}

/// How long ago the newest good answer arrived.
fn age(part: &AccountPart, now: Tick) -> Option<Duration> {
    let newest = part.slots.iter().filter_map(|slot| slot.good.as_ref()).map(|good| good.arrived);
    newest.max().map(|arrived| now.since(arrived))
}

/// How the account stands, in words that say what to do.
fn standing(part: &AccountPart, now: Tick) -> (Level, String) {
    if part.broken {
        let sentence = "A failure inside the exporter stopped it, and it is started again. Please \
                        report what the log says.";
        return (Level::Bad, sentence.to_owned());
    }
    let is_shown = part.slots.iter().any(|slot| shown(slot, now).is_some());
    let while_shown = if is_shown { Level::Warning } else { Level::Bad };
    let (level, sentence) = match part.state {
        None => (Level::Waiting, "Not asked yet."),
        Some(AccountState::Ok) => return answering(part, is_shown),
        Some(AccountState::Unauthorized) => (
            Level::Bad,
            "The API refuses the credential (401). Give the exporter a valid one; a changed file is \
             read by itself.",
        ),
        Some(AccountState::Forbidden) => {
            (Level::Bad, "The account is suspended (403). Only the vendor can lift that.")
        }
        Some(AccountState::RateLimited) => (
            while_shown,
            "The API says to wait (429). Another program may be using this credential.",
        ),
        Some(AccountState::Unreachable) => {
            (while_shown, "The API cannot be reached, or fails by itself. It is asked again.")
        }
        Some(AccountState::Invalid) => {
            (while_shown, "The API's answer was not understood. The log says what is odd about it.")
        }
    };
    (level, sentence.to_owned())
}

/// An account whose last request succeeded; a view of it may still get nothing.
fn answering(part: &AccountPart, is_shown: bool) -> (Level, String) {
    let failing = part.slots.iter().filter(|slot| slot.up == Some(false)).count();
    if failing > 0 {
        let (all, verb) = (part.slots.len(), if failing == 1 { "gets" } else { "get" });
        let sentence = format!("Answers, but {failing} of {all} ranges {verb} no new figures.");
        return (Level::Warning, sentence);
    }
    if is_shown {
        (Level::Good, "Answers.".to_owned())
    } else {
        (Level::Waiting, "Answers; there are no figures yet.".to_owned())
    }
}
