//! One request, from sending it to reading its whole answer: in time, in bounded size, named.
//!
//! The caller has taken the request from the budget before; whatever happens here is its answer.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::figures::klar::Tally;
use crate::figures::taprain::Report;
use crate::model::range::Days;
use crate::model::settings::Collection;
use crate::secret::Secret;
use crate::upstream::answer::{Answer, Pieces, accept, collect};
use crate::upstream::failure::Failure;
use crate::upstream::klar::{self, Token};
use crate::upstream::klar_rows::{Rows, Seen};
use crate::upstream::transport::{Body, Request, Response, Transport};
use crate::upstream::{advice, taprain, taprain_key};

/// What every request of an account shares.
#[derive(Clone)]
pub struct Fetch {
    /// The network, or a simulator.
    pub transport: Arc<dyn Transport>,
    /// Measures the time limit.
    pub clock: Clock,
    /// The limits.
    pub limits: Collection,
}

/// What one Klar answer added up to.
#[derive(Debug)]
pub struct KlarReport {
    /// The tallies that were to be filled.
    pub tallies: Vec<Tally>,
    /// Rows, bad rows and bad numbers.
    pub seen: Seen,
    /// Rows outside the dates that were asked for (trap K2); they are in no tally.
    pub out_of_range: u64,
}

impl Fetch {
    /// Asks TapRain for a report.
    pub async fn taprain(&self, request: Request) -> Answer<Report> {
        let mut answer = self
            .exchange(request, |body| async move {
                let body = collect(body, self.limits.max_response).await?;
                taprain::read(&body)
            })
            .await;
        let said = answer.result.as_ref().ok().and_then(|report| report.meta.requests_remaining);
        answer.advice.remaining = said.or(answer.advice.remaining);
        answer
    }

    /// Asks Klar for an access token.
    pub async fn token(&self, request: Request) -> Answer<Token> {
        self.exchange(request, |body| async move {
            let body = collect(body, self.limits.max_response).await?;
            klar::read_token(&body, self.clock.wall())
        })
        .await
    }

    /// Asks Klar for the report of `asked` and adds its rows to `tallies` as they arrive.
    pub async fn klar(
        &self,
        request: Request,
        asked: Days,
        tallies: Vec<Tally>,
    ) -> Answer<KlarReport> {
        self.exchange(request, |body| async move {
            read_rows(Pieces::new(body, self.limits.max_response), asked, tallies).await
        })
        .await
    }

    /// Asks one of TapRain's key endpoints, whose answers mean something else (trap T22).
    pub async fn key(&self, request: Request) -> Answer<Secret> {
        self.exchange_by(taprain_key::accept, request, |body| async move {
            let body = collect(body, taprain_key::LONGEST_ANSWER).await?;
            taprain_key::read(&body)
        })
        .await
    }

    /// Asks for a whole body, to be looked at as it came.
    pub async fn whole(&self, request: Request) -> Answer<Bytes> {
        self.exchange(request, |body| collect(body, self.limits.max_response)).await
    }

    async fn exchange<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        request: Request,
        read: impl FnOnce(Body) -> F,
    ) -> Answer<T> {
        self.exchange_by(accept, request, read).await
    }

    /// Sends, waits no longer than the limit, and hands a body that `accept` lets through to `read`.
    async fn exchange_by<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        accept: fn(Response, Timestamp) -> Result<Body, Failure>,
        request: Request,
        read: impl FnOnce(Body) -> F,
    ) -> Answer<T> {
        let whole = async {
            let response = match self.transport.send(request).await {
                Ok(response) => response,
                Err(error) => return Answer::lost(error.into()),
            };
            let now = self.clock.wall();
            let advice = advice::rate_limit(response.headers(), now);
            let date = advice::date(response.headers());
            let result = match accept(response, now) {
                Ok(body) => read(body).await,
                Err(failure) => Err(failure),
            };
            Answer { result, advice, date }
        };
        let limit = self.limits.timeout;
        let answer = self.clock.timeout(limit, whole).await;
        answer.unwrap_or_else(|| Answer::lost(Failure::timeout(limit)))
    }
}

async fn read_rows(
    mut pieces: Pieces,
    asked: Days,
    mut tallies: Vec<Tally>,
) -> Result<KlarReport, Failure> {
    let mut rows = Rows::default();
    let mut out_of_range = 0;
    while let Some(piece) = pieces.next().await {
        rows.feed(&piece?, &mut |line| {
            if asked.contains(line.date) {
                for tally in &mut tallies {
                    tally.add(line);
                }
            } else {
                out_of_range += 1;
            }
        })?;
    }
    Ok(KlarReport { tallies, seen: rows.finish()?, out_of_range })
}
