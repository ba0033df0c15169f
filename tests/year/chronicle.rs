//! What the APIs really answered and when, remembered for as long as a figure may live.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use revenue_exporter::clock::{Clock, Moment, Tick};
use revenue_exporter::demo::wire::Wire;
use revenue_exporter::upstream::transport::{Request, Response, Transport, TransportError};

use crate::support::recorder::{once, whole};

/// Longer than three times the rarest interval: no figure outlives its answer here.
const KEPT: Duration = Duration::from_secs(30 * 3600);

/// A question and its successful answer.
pub struct Heard {
    pub host: String,
    params: BTreeMap<String, String>,
    /// When it arrived, in truth.
    pub at: Moment,
    pub body: Bytes,
}

impl Heard {
    /// A parameter of the question; empty when it was not sent.
    pub fn asked(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
}

/// A transport over one wire per host that remembers every successful GET.
pub struct Chronicle {
    wires: Vec<(&'static str, Wire)>,
    truth: Clock,
    memory: Arc<Mutex<VecDeque<Arc<Heard>>>>,
}

impl Chronicle {
    pub fn new(wires: Vec<(&'static str, Wire)>, truth: Clock) -> Arc<Self> {
        Arc::new(Self { wires, truth, memory: Arc::default() })
    }

    /// The answers of `host` that arrived within `tolerance` of `told`.
    pub fn around(
        &self,
        host: &str,
        told: Timestamp,
        tolerance: SignedDuration,
    ) -> Vec<Arc<Heard>> {
        let near = |heard: &&Arc<Heard>| {
            heard.host == host && heard.at.wall.duration_since(told).abs() <= tolerance
        };
        self.memory.lock().unwrap().iter().filter(near).cloned().collect()
    }

    /// The last answer up to `until` that `wanted` picks.
    pub fn last(&self, until: Tick, wanted: impl Fn(&Heard) -> bool) -> Option<Arc<Heard>> {
        let memory = self.memory.lock().unwrap();
        memory.iter().rfind(|heard| heard.at.tick <= until && wanted(heard)).cloned()
    }
}

impl Transport for Chronicle {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        let host = request.uri().host().unwrap_or("").to_owned();
        let query = request.uri().query().unwrap_or("").as_bytes();
        let params: BTreeMap<_, _> = form_urlencoded::parse(query).into_owned().collect();
        let get = request.method() == http::Method::GET;
        let wire = self.wires.iter().find(|(name, _)| *name == host).map(|(_, wire)| wire);
        let sent = wire.expect("only known hosts are asked").send(request);
        let (truth, memory) = (self.truth.clone(), Arc::clone(&self.memory));
        async move {
            let (parts, body) = whole(sent.await?).await;
            if get && parts.status.is_success() {
                let heard = Heard { host, params, at: truth.moment(), body: body.clone() };
                remember(&mut memory.lock().unwrap(), heard);
            }
            Ok(Response::from_parts(parts, once(body)))
        }
        .boxed()
    }
}

fn remember(memory: &mut VecDeque<Arc<Heard>>, heard: Heard) {
    let now = heard.at.tick;
    while memory.front().is_some_and(|oldest| now.since(oldest.at.tick) > KEPT) {
        memory.pop_front();
    }
    memory.push_back(Arc::new(heard));
}
