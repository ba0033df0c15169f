//! Faults by a script, in virtual time, between the exporter and the simulators.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use revenue_exporter::clock::{Clock, Tick};
use revenue_exporter::demo::wire::Wire;
use revenue_exporter::upstream::transport::{Body, Request, Response, Transport, TransportError};

use super::answer;
use super::recorder::Recorder;

/// What happens to a request. Where it reaches the API it is counted there, whatever comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection.
    Unsent,
    /// The connection breaks once the API has the request.
    Lost,
    /// The connection breaks in the middle of the body.
    CutBody,
    /// Nothing ever comes back.
    BlackHole,
    /// The request is so long on its way, and arrives though nobody waits for it any more.
    Held(Duration),
    /// The answer is so long on its way.
    Late(Duration),
    /// Random bytes for a body.
    Garbage,
    /// A proxy's page, with this status.
    Page(u16),
    /// The body ends in the middle, in good order.
    Truncated,
    /// The body never ends.
    Endless,
    /// 429, with so many seconds of `Retry-After` or without.
    Throttled(Option<u64>),
}

/// A fault and the time in which requests meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spell {
    pub from: Tick,
    pub until: Tick,
    pub host: String,
    pub fault: Fault,
}

/// Which requests meet which faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script(pub Vec<Spell>);

impl Script {
    /// Spells of up to 20 minutes for each host, every kind as often as every other, and 25 to 50
    /// minutes of peace before each.
    pub fn random(seed: u64, hosts: &[&str], end: Duration) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut spells = Vec::new();
        for host in hosts {
            let (mut at, mut kinds) = (Tick::default(), Vec::new());
            loop {
                let from = at + Duration::from_secs(rng.u64(25 * 60..50 * 60));
                let until = from + Duration::from_secs(rng.u64(30..20 * 60));
                if until.since_start() > end {
                    break;
                }
                if kinds.is_empty() {
                    kinds = each_kind(&mut rng);
                    rng.shuffle(&mut kinds);
                }
                let fault = kinds.pop().unwrap();
                spells.push(Spell { from, until, host: (*host).to_owned(), fault });
                at = until;
            }
        }
        Self(spells)
    }

    fn at(&self, host: &str, now: Tick) -> Option<Fault> {
        let met = |spell: &&Spell| spell.host == host && spell.from <= now && now < spell.until;
        self.0.iter().find(met).map(|spell| spell.fault)
    }
}

/// Times around the exporter's limit of 30 s. What it gives up may still reach the API as much
/// later again, not more: that is what its ledger allows for.
fn each_kind(rng: &mut fastrand::Rng) -> Vec<Fault> {
    vec![
        Fault::Unsent,
        Fault::Lost,
        Fault::CutBody,
        Fault::BlackHole,
        Fault::Held(Duration::from_secs(rng.u64(5..30))),
        Fault::Held(Duration::from_secs(rng.u64(30..59))),
        Fault::Late(Duration::from_secs(rng.u64(5..30))),
        Fault::Late(Duration::from_secs(rng.u64(30..90))),
        Fault::Garbage,
        Fault::Page(200),
        Fault::Page(403),
        Fault::Page(502),
        Fault::Truncated,
        Fault::Endless,
        Fault::Throttled(None),
        Fault::Throttled(Some(rng.u64(1..600))),
    ]
}

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
