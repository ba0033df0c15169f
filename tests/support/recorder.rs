//! What really came over the wire, to be compared with the page.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use revenue_exporter::clock::{Clock, Moment};
use revenue_exporter::upstream::transport::{Body, Request, Response, Transport, TransportError};

/// A transport that remembers successful GETs in the order of arrival.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    clock: Clock,
    keeps_all: bool,
    answers: Arc<Mutex<Vec<Heard>>>,
}

/// A question and its answer.
#[derive(Clone)]
pub struct Heard {
    pub host: String,
    pub query: String,
    pub body: Bytes,
    pub asked: Moment,
    pub answered: Moment,
}

impl Recorder {
    pub fn new(inner: Arc<dyn Transport>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { inner, clock, keeps_all: true, answers: Arc::default() })
    }

    /// One that keeps the last answer to each question only: for days of virtual time.
    pub fn of_last(inner: Arc<dyn Transport>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { inner, clock, keeps_all: false, answers: Arc::default() })
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.answers.lock().unwrap().clone()
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        let (host, query) = (
            request.uri().host().unwrap_or("").to_owned(),
            request.uri().query().unwrap_or("").to_owned(),
        );
        let (answers, get) = (Arc::clone(&self.answers), request.method() == http::Method::GET);
        let (clock, keeps_all, asked) = (self.clock.clone(), self.keeps_all, self.clock.moment());
        let sent = self.inner.send(request);
        async move {
            let (parts, body) = whole(sent.await?).await;
            if get && parts.status.is_success() {
                let mut answers = answers.lock().unwrap();
                answers.retain(|one| keeps_all || (&one.host, &one.query) != (&host, &query));
                let answered = clock.moment();
                answers.push(Heard { host, query, body: body.clone(), asked, answered });
            }
            Ok(Response::from_parts(parts, once(body)))
        }
        .boxed()
    }
}

/// An answer's head and its whole body.
pub async fn whole(answer: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    let pieces: Vec<Bytes> = body.map(|piece| piece.unwrap()).collect().await;
    (parts, Bytes::from(pieces.concat()))
}

/// A body in one piece.
pub fn once(body: Bytes) -> Body {
    futures_util::stream::once(async { Ok(body) }).boxed()
}
