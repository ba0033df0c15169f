//! Requests carried to the simulators in process: no sockets, so that virtual time is exact.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use http::Method;

use super::bounded::Bounded;
use super::{Answer, locked, query};
use crate::clock::Clock;
use crate::upstream::transport::{Body, Request, Response, Transport, TransportError};

/// The largest piece in which a body arrives.
const CHUNK: usize = 64 * 1024;

/// Bodies kept for comparison.
const BODIES_KEPT: usize = 256;

/// How the wire behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Milliseconds from sending a request to its answer; half of them pass before the simulator
    /// sees it.
    pub latency: RangeInclusive<u64>,
    /// The seed of the latencies.
    pub seed: u64,
    /// Whether successful bodies are kept for [`Wire::last_body`].
    pub keep_bodies: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { latency: 40..=400, seed: 0, keep_bodies: true }
    }
}

/// A [`Transport`] to simulators. Cheap to clone; all clones are one wire.
#[derive(Clone)]
pub struct Wire(Arc<Shared>);

struct Shared {
    hosts: Vec<(String, Arc<dyn Answer>)>,
    clock: Clock,
    latency: RangeInclusive<u64>,
    keep_bodies: bool,
    state: Mutex<State>,
}

struct State {
    rng: fastrand::Rng,
    cut: bool,
    bodies: Bounded<String, Bytes>,
}

impl Wire {
    /// A wire to `simulator`, whatever host a request names.
    pub fn new(simulator: Arc<dyn Answer>, clock: Clock, options: Options) -> Self {
        Self::to_hosts(vec![(String::new(), simulator)], clock, options)
    }

    /// A wire to several: each is reached under its host name, and the empty name takes the rest.
    pub fn to_hosts(hosts: Vec<(String, Arc<dyn Answer>)>, clock: Clock, options: Options) -> Self {
        let state = State {
            rng: fastrand::Rng::with_seed(options.seed),
            cut: false,
            bodies: Bounded::new(BODIES_KEPT),
        };
        Self(Arc::new(Shared {
            hosts,
            clock,
            latency: options.latency,
            keep_bodies: options.keep_bodies,
            state: Mutex::new(state),
        }))
    }

    /// Cuts the wire, so that nothing connects, or mends it.
    pub fn cut(&self, cut: bool) {
        locked(&self.0.state).cut = cut;
    }

    /// The last successful body of a GET for `path_and_query`, in whatever order its parameters
    /// stand.
    pub fn last_body(&self, path_and_query: &str) -> Option<Bytes> {
        locked(&self.0.state).bodies.get(&query::canonical(path_and_query)).cloned()
    }

    /// Every last successful body with its path and query, the parameters sorted.
    pub fn bodies(&self) -> Vec<(String, Bytes)> {
        let state = locked(&self.0.state);
        let mut bodies: Vec<_> =
            state.bodies.iter().map(|(asked, body)| (asked.clone(), body.clone())).collect();
        bodies.sort_by(|(one, _), (other, _)| one.cmp(other));
        bodies
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        // Drawn now, not when first polled: the order of the calls decides.
        let latency = locked(&self.0.state).rng.u64(self.0.latency.clone());
        let shared = Arc::clone(&self.0);
        async move {
            shared.wait(latency / 2).await;
            let answer = shared.answer(&request);
            shared.wait(latency - latency / 2).await;
            answer.map(|answer| answer.map(pieces))
        }
        .boxed()
    }
}

impl Shared {
    async fn wait(&self, millis: u64) {
        if millis > 0 {
            self.clock.sleep(Duration::from_millis(millis)).await;
        }
    }

    fn answer(&self, request: &Request) -> Result<http::Response<Bytes>, TransportError> {
        if locked(&self.state).cut {
            return Err(TransportError::Connect("the wire is cut".to_owned()));
        }
        let host = request.uri().host().unwrap_or("");
        let simulator = self.hosts.iter().find(|(name, _)| name.is_empty() || name == host);
        let Some((_, simulator)) = simulator else {
            return Err(TransportError::Connect(format!("no such host: {host}")));
        };
        let answer = simulator.answer(request);
        if self.keep_bodies && request.method() == Method::GET && answer.status().is_success() {
            self.keep(request, answer.body());
        }
        Ok(answer)
    }

    fn keep(&self, request: &Request, body: &Bytes) {
        let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str());
        locked(&self.state).bodies.insert(query::canonical(asked), body.clone());
    }
}

fn pieces(mut body: Bytes) -> Body {
    let next = move || (!body.is_empty()).then(|| Ok(body.split_to(CHUNK.min(body.len()))));
    stream::iter(std::iter::from_fn(next)).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Tick;
    use crate::demo::record::Record;
    use jiff::Timestamp;

    /// Answers with as many bytes as the path says.
    #[derive(Default)]
    struct Echo(Record);

    impl Answer for Echo {
        fn answer(&self, request: &Request) -> http::Response<Bytes> {
            let size = request.uri().path().trim_start_matches('/').parse().unwrap_or(0);
            http::Response::new(vec![b'x'; size].into())
        }

        fn record(&self) -> &Record {
            &self.0
        }
    }

    fn wire(clock: &Clock, latency: RangeInclusive<u64>) -> Wire {
        let options = Options { latency, ..Options::default() };
        let hosts: Vec<(String, Arc<dyn Answer>)> =
            vec![("echo".to_owned(), Arc::new(Echo::default()))];
        Wire::to_hosts(hosts, clock.clone(), options)
    }

    fn get(uri: &str) -> Request {
        http::Request::get(uri).body(()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_comes_in_pieces_after_the_latency() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let wire = wire(&clock, 100..=100);
        let answer = wire.send(get("http://echo/150000")).await.unwrap();
        assert_eq!(clock.tick(), Tick::at(Duration::from_millis(100)));
        let sizes: Vec<usize> =
            answer.into_body().map(|piece| piece.unwrap().len()).collect().await;
        assert_eq!(sizes, [CHUNK, CHUNK, 150_000 - 2 * CHUNK]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_seed_is_one_row_of_latencies() {
        let mut rows = Vec::new();
        for _ in 0..2 {
            let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
            let wire = wire(&clock, 1..=900);
            let mut row = Vec::new();
            for _ in 0..9 {
                wire.send(get("http://echo/1")).await.unwrap();
                row.push(clock.tick());
            }
            rows.push(row);
        }
        assert_eq!(rows[0], rows[1]);
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_are_kept_by_question() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let wire = wire(&clock, 0..=0);
        wire.send(get("http://echo/3?b=2&a=1")).await.unwrap();
        assert_eq!(wire.last_body("/3?a=1&b=2").unwrap(), "xxx");
        assert_eq!(wire.bodies().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_wire_and_a_strange_host_connect_to_nothing() {
        let clock = Clock::simulated(Timestamp::UNIX_EPOCH, 1);
        let wire = wire(&clock, 1..=9);
        assert!(matches!(wire.send(get("http://x/1")).await, Err(TransportError::Connect(_))));
        wire.cut(true);
        assert!(matches!(wire.send(get("http://echo/1")).await, Err(TransportError::Connect(_))));
        wire.cut(false);
        assert!(wire.send(get("http://echo/1")).await.is_ok());
    }
}
