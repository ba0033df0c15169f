//! A simulator for each account, all behind one socket: the first part of the path says whose.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::{Limit, LimiterKind};
use revenue_exporter::demo::record::Record;
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::upstream::transport::Request;

use crate::support::judge::Judge;
use crate::support::world;

/// What either API allows here: windows that a test can wait for.
pub(super) const STATS: Limit =
    Limit { requests: 6, per: Duration::from_secs(20), kind: LimiterKind::SlidingLog };
pub(super) const STORE: Limit =
    Limit { requests: 2, per: Duration::from_secs(10), kind: LimiterKind::SlidingLog };

/// Every account's simulator and judge, by `api/account`.
pub(super) struct Exchange {
    judges: BTreeMap<String, Arc<Judge>>,
    own: Record,
}

impl Exchange {
    /// `accounts` by `api/account`; the secret of each is its name.
    pub(super) fn new(accounts: &[String], clock: &Clock) -> Self {
        let world = world(3);
        let judge = |name: &String| {
            let secret = name.replace('/', "-");
            let (inner, limit): (Arc<dyn Answer>, _) = if name.starts_with("taprain/") {
                let options = taprain::Options { key: secret, limit: STATS, ..Default::default() };
                (Arc::new(taprain::TapRain::new(Arc::clone(&world), clock.clone(), options)), STATS)
            } else {
                let options =
                    klar::Options { refresh_token: secret, limit: STORE, ..Default::default() };
                (Arc::new(klar::Klar::new(Arc::clone(&world), clock.clone(), options)), STORE)
            };
            (name.clone(), Judge::new(inner, clock.clone(), limit))
        };
        Self { judges: accounts.iter().map(judge).collect(), own: Record::default() }
    }

    /// How often each account was asked.
    pub(super) fn asked(&self) -> BTreeMap<String, u64> {
        let total = |judge: &Arc<Judge>| judge.record().total().total;
        self.judges.iter().map(|(name, judge)| (name.clone(), total(judge))).collect()
    }

    /// Every rule that was broken.
    pub(super) fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, judge) in &self.judges {
            let violations = judge.record().violations();
            broken.extend(violations.iter().map(|violation| format!("{name}: {violation}")));
            let refused = judge.refused().into_iter().filter(|(_, refused)| *refused > 0);
            broken.extend(refused.map(|(kind, times)| format!("{name}: {kind:?} refuses {times}")));
        }
        broken
    }
}

impl Answer for Exchange {
    fn answer(&self, request: &Request) -> http::Response<Bytes> {
        let path = request.uri().path_and_query().unwrap().as_str();
        let mut parts = path.splitn(4, '/').skip(1);
        let name = format!("{}/{}", parts.next().unwrap(), parts.next().unwrap());
        let mut asked = request.clone();
        *asked.uri_mut() = format!("/{}", parts.next().unwrap()).parse().unwrap();
        self.judges[&name].answer(&asked)
    }

    fn record(&self) -> &Record {
        &self.own
    }
}
