//! Judges between the wire and a simulator: every limiter kind at once, and what was used.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::Answer;
use revenue_exporter::demo::limiter::{Limit, Limiter, LimiterKind};
use revenue_exporter::demo::record::Record;
use revenue_exporter::upstream::transport::Request;

/// Counts every arrival by all three limiter kinds, whichever the simulator itself applies.
pub struct Judge {
    inner: Arc<dyn Answer>,
    clock: Clock,
    limiters: Mutex<Vec<(LimiterKind, Limiter, u64)>>,
}

impl Judge {
    pub fn new(inner: Arc<dyn Answer>, clock: Clock, limit: Limit) -> Arc<Self> {
        let limiter = |kind| (kind, Limiter::new(Limit { kind, ..limit }), 0);
        let kinds = [LimiterKind::FixedWindow, LimiterKind::SlidingLog, LimiterKind::TokenBucket];
        let limiters = Mutex::new(kinds.map(limiter).into());
        Arc::new(Self { inner, clock, limiters })
    }

    /// Requests that each kind would have refused.
    pub fn refused(&self) -> Vec<(LimiterKind, u64)> {
        let limiters = self.limiters.lock().unwrap();
        limiters.iter().map(|(kind, _, refused)| (*kind, *refused)).collect()
    }
}

impl Answer for Judge {
    fn answer(&self, request: &Request) -> http::Response<Bytes> {
        let now = self.clock.tick();
        for (_, limiter, refused) in self.limiters.lock().unwrap().iter_mut() {
            *refused += u64::from(limiter.admit(now).is_err());
        }
        self.inner.answer(request)
    }

    fn record(&self) -> &Record {
        self.inner.record()
    }
}
