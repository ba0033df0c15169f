//! Faults by a script, in virtual time, between the exporter and the simulators.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::wire::Wire;
use revenue_exporter::upstream::transport::{Body, Request, Response, Transport, TransportError};

use super::answer;
use super::recorder::Recorder;
use super::script::{Fault, Script};

/// A wire with a script, and a record of the answers that came through unharmed.
pub struct Faulty {
    slow: Slow,
    recorder: Arc<Recorder>,
}

/// The part of the script that only takes time.
#[derive(Clone)]
struct Slow {
    wire: Wire,
    clock: Clock,
    script: Arc<Script>,
}

impl Faulty {
    pub fn new(wire: Wire, clock: Clock, script: Script) -> Self {
        let slow = Slow { wire, clock: clock.clone(), script: Arc::new(script) };
        Self { recorder: Recorder::of_last(Arc::new(slow.clone()), clock), slow }
    }

    /// What the exporter has been told, each question's last answer.
    pub fn recorder(&self) -> Arc<Recorder> {
        Arc::clone(&self.recorder)
    }
}

impl Transport for Faulty {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        match self.slow.fault(&request) {
            None | Some(Fault::Held(_) | Fault::Late(_)) => self.recorder.send(request),
            Some(Fault::Unsent) => async { Err(TransportError::Connect("cut".into())) }.boxed(),
            Some(fault) => {
                let sent = self.slow.wire.send(request);
                async move { spoiled(fault, sent.await?).await }.boxed()
            }
        }
    }
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        let (fault, Self { wire, clock, .. }) = (self.fault(&request), self.clone());
        match fault {
            // A task of its own: who gives up does not call the request back.
            Some(Fault::Held(time)) => tokio::spawn(async move {
                clock.sleep(time).await;
                wire.send(request).await
            })
            .map(Result::unwrap)
            .boxed(),
            Some(Fault::Late(time)) => {
                let sent = wire.send(request);
                async move {
                    let answer = sent.await;
                    clock.sleep(time).await;
                    answer
                }
                .boxed()
            }
            _ => wire.send(request),
        }
    }
}

impl Slow {
    fn fault(&self, request: &Request) -> Option<Fault> {
        self.script.at(request.uri().host().unwrap_or(""), self.clock.tick())
    }
}

async fn spoiled(fault: Fault, good: Response) -> Result<Response, TransportError> {
    let broken = TransportError::Broken("cut".to_owned());
    match fault {
        Fault::Lost => Err(broken),
        Fault::BlackHole => std::future::pending().await,
        Fault::CutBody => {
            let half: Body = stream::iter([Ok(half(good).await), Err(broken)]).boxed();
            Ok(Response::new(half))
        }
        Fault::Truncated => Ok(answer(200, half(good).await)),
        Fault::Garbage => {
            let mut rng = fastrand::Rng::with_seed(7);
            let noise: Bytes = std::iter::repeat_with(|| rng.u8(..)).take(999).collect();
            Ok(answer(200, noise))
        }
        Fault::Page(status) => Ok(answer(status, "<!DOCTYPE html><p>We'll be right back")),
        Fault::Endless => {
            let piece = Bytes::from(vec![b' '; 64 * 1024]);
            Ok(Response::new(stream::repeat_with(move || Ok(piece.clone())).boxed()))
        }
        Fault::Throttled(advice) => {
            let mut refusal = answer(429, "Too Many Requests");
            if let Some(seconds) = advice {
                refusal.headers_mut().insert("retry-after", seconds.into());
            }
            Ok(refusal)
        }
        Fault::Unsent | Fault::Held(_) | Fault::Late(_) => Ok(good),
    }
}

async fn half(answer: Response) -> Bytes {
    let pieces: Vec<_> = answer.into_body().map(Result::unwrap).collect().await;
    let mut whole = Bytes::from(pieces.concat());
    whole.split_to(whole.len() / 2)
}
