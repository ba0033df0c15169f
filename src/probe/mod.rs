//! What an API answers to a handful of requests, and which of the questions that its page leaves open
//! that settles.
//!
//! [`ask`] sends, through the ledger that a running exporter shares; [`taprain`] and [`klar`] are pure,
//! from answers to [`Fact`]s; [`words`] writes them for people.

pub mod ask;
pub mod klar;
mod klar_shape;
pub mod taprain;
mod taprain_shape;
mod timing;
pub mod words;

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use crate::backfill::gather::Around;
use crate::budget::Advice;
use crate::model::settings::{BudgetTerms, Subject};
use crate::upstream::failure::Failure;
use ask::Asker;

/// An answer, and when it came.
#[derive(Debug)]
pub struct Heard<T> {
    /// When the request was sent, by this host's clock.
    pub sent: Timestamp,
    /// How long it took, from sending to the last byte.
    pub took: Duration,
    /// What its headers, or its `meta`, say of the limit.
    pub advice: Advice,
    /// What time it was where it was written, if it says so.
    pub date: Option<Timestamp>,
    /// What it gave.
    pub result: Result<T, Failure>,
}

/// The answer to one question about an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, in a word or three.
    pub name: &'static str,
    /// What is so.
    pub answer: String,
    /// What to change, where something does not fit.
    pub advice: Option<String>,
}

impl Fact {
    /// A fact that asks for nothing.
    pub fn new(name: &'static str, answer: impl Into<String>) -> Self {
        Self { name, answer: answer.into(), advice: None }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn but(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// What one account's API is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The API's and the account's name.
    pub title: String,
    /// The facts, in the order in which people want them.
    pub facts: Vec<Fact>,
    /// Why the API could not be asked at all, if it could not.
    pub failed: Option<String>,
}

/// Asks the APIs of all `subjects`, side by side, and `tell`s of each request before it is sent.
pub async fn probe(subjects: &[Subject], around: &Around, tell: &dyn Fn(&str)) -> Vec<Sheet> {
    join_all(subjects.iter().map(|subject| one(subject, around, tell))).await
}

async fn one(subject: &Subject, around: &Around, tell: &dyn Fn(&str)) -> Sheet {
    let title = title(subject);
    let mut asker = Asker::new(subject, around, title.clone(), tell);
    let found = match subject {
        Subject::TapRain(account) => taprain::probe(account, &mut asker).await,
        Subject::Klar(account) => klar::probe(account, &mut asker).await,
    };
    match found {
        Ok(facts) => Sheet { title, facts, failed: None },
        Err(failure) => Sheet { title, facts: Vec::new(), failed: Some(failure.to_string()) },
    }
}

fn title(subject: &Subject) -> String {
    format!("{} {}", subject.api().as_str(), subject.common().name)
}

/// What asking `subject` will cost, in a sentence.
pub fn announcement(subject: &Subject) -> String {
    let requests = match subject {
        Subject::TapRain(_) => taprain::REQUESTS,
        Subject::Klar(account) => klar::requests(account),
    };
    let wait = wait(subject.common().budget, requests);
    let wait = if wait.is_zero() {
        "at once, if nobody has spent the budget".to_owned()
    } else {
        format!("which its budget spreads over {}", timing::span(wait))
    };
    format!("{}: asks up to {requests} requests, {wait}", title(subject))
}

/// How long a budget that nobody else spends takes for so many requests.
fn wait(terms: BudgetTerms, requests: u32) -> Duration {
    terms.per * (requests.div_ceil(terms.allowance()).saturating_sub(1))
}
