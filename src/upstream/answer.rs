//! What both APIs' answers have in common: status, headers, and a body that ends in time and size.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use jiff::Timestamp;

use super::advice;
use super::failure::Failure;
use super::transport::{Body, Response};
use crate::budget::Advice;

/// The answer to one request, read to its end.
#[derive(Debug)]
pub struct Answer<T> {
    /// What it gave.
    pub result: Result<T, Failure>,
    /// What its headers say of the limit.
    pub advice: Advice,
    /// What time it was where it was written, if it says so.
    pub date: Option<Timestamp>,
}

impl<T> Answer<T> {
    /// An answer that never came.
    pub fn lost(failure: Failure) -> Self {
        Self { result: Err(failure), advice: Advice::default(), date: None }
    }

    /// The same answer, its result made into something else.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { result: self.result.map(into), advice: self.advice, date: self.date }
    }
}

/// The body of a successful answer, or what its status means.
///
/// # Errors
/// A [`Failure`] by the status; the body of an unsuccessful answer is never read.
pub fn accept(response: Response, now: Timestamp) -> Result<Body, Failure> {
    let status = response.status();
    if status.is_success() {
        Ok(response.into_body())
    } else {
        Err(Failure::of_status(status, advice::retry_after(response.headers(), now)))
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// `too_large` beyond `limit`, `connect` when the connection breaks.
pub async fn collect(body: Body, limit: u64) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    let mut pieces = Pieces::new(body, limit);
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece?);
    }
    Ok(whole.freeze())
}

/// A body whose pieces together stay within a limit.
pub struct Pieces {
    body: Body,
    limit: u64,
    read: u64,
}

impl Pieces {
    /// A body of at most `limit` bytes.
    pub fn new(body: Body, limit: u64) -> Self {
        Self { body, limit, read: 0 }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Inside: `too_large` beyond the limit, `connect` when the connection breaks.
    pub async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        let piece = match self.body.next().await? {
            Ok(piece) => piece,
            Err(error) => return Some(Err(error.into())),
        };
        self.read = self.read.saturating_add(piece.len() as u64);
        if self.read > self.limit {
            return Some(Err(Failure::too_large(self.limit)));
        }
        Some(Ok(piece))
    }
}

/// Refuses what is plainly no JSON before a parser sees it (trap T15). Looks at the first bytes
/// only, and never quotes them.
///
/// # Errors
/// `not_json`, saying what it seems to be.
pub fn sniff(body: &[u8]) -> Result<(), Failure> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Failure::not_json("the answer is empty")),
        Some(b'<') => Err(Failure::not_json("the answer is a web page, not JSON")),
        Some(b'{' | b'[') => Ok(()),
        Some(_) => Err(Failure::not_json("the answer is neither a JSON object nor an array")),
    }
}
