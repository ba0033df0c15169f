//! What both simulated APIs do before they answer: count, limit, advise.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::limiter::{Limit, Limiter};
use super::locked;
use super::record::{Reason, Record};
use super::switches::{QuotaHeaders, RetryAfter, Setting, Switches};
use super::world;
use crate::clock::{Clock, Moment};

/// The entrance of one simulated API.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) clock: Clock,
    limit: Limit,
    limiter: Mutex<Limiter>,
    pub(super) switches: Switches,
    pub(super) record: Record,
}

/// What the limiter said to one request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// Come in; so many remain.
    Admitted(u32),
    /// Come back after so long.
    Refused(Duration),
}

impl Gate {
    pub(super) fn new(clock: Clock, limit: Limit, setting: Setting) -> Self {
        Self {
            clock,
            limit,
            limiter: Mutex::new(Limiter::new(limit)),
            switches: Switches::new(setting),
            record: Record::default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.moment()
    }

    /// The minute whose figures are ready at `now`.
    pub(super) fn minute(&self, now: Moment) -> i64 {
        world::minute(now.wall) - i64::from(self.switches.setting().lag_minutes)
    }

    /// `answer` with the time at which it was given.
    pub(super) fn dated(&self, mut answer: Response<Bytes>, now: Moment) -> Response<Bytes> {
        if self.switches.setting().date {
            put(&mut answer, header::DATE, &httpdate::fmt_http_date(now.wall.into()));
        }
        answer
    }

    /// Counts a request against the limit; a storm refuses what the limit would let through.
    pub(super) fn enter(&self, endpoint: &'static str, now: Moment) -> Entry {
        let verdict = locked(&self.limiter).admit(now.tick);
        match verdict {
            Ok(remaining) => {
                self.record.admit(endpoint);
                let storm = self.switches.setting().storm;
                storm.map_or(Entry::Admitted(remaining), Entry::Refused)
            }
            Err(wait) => {
                self.record.violate(now.tick, Reason::RateLimit, endpoint);
                Entry::Refused(wait)
            }
        }
    }

    /// Adds the headers that the switches ask for.
    pub(super) fn advise(&self, answer: &mut Response<Bytes>, entry: Entry, now: Moment) {
        let setting = self.switches.setting();
        if let Some(family) = setting.quota_headers {
            self.quota(answer, family, entry);
        }
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        if let (Some(form), Entry::Refused(wait)) = (setting.retry_after, entry) {
            let wait = whole_seconds(wait);
            let text = match form {
                RetryAfter::Seconds => wait.to_string(),
                RetryAfter::HttpDate => http_date(now, wait),
            };
            put(answer, header::RETRY_AFTER, &text);
        }
    }

    fn quota(&self, answer: &mut Response<Bytes>, family: QuotaHeaders, entry: Entry) {
        let (limit, remaining, reset) = match family {
            QuotaHeaders::RateLimit => {
                ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
            }
            QuotaHeaders::XRateLimit => {
                ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
            }
        };
        let (left, wait) = match entry {
            Entry::Admitted(left) => (left, self.limit.per),
            Entry::Refused(wait) => (0, wait),
        };
        put(answer, HeaderName::from_static(limit), &self.limit.requests.to_string());
        put(answer, HeaderName::from_static(remaining), &left.to_string());
        put(answer, HeaderName::from_static(reset), &whole_seconds(wait).to_string());
    }
}

fn put(answer: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Rounded up, or following the advice to the letter would come too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn http_date(now: Moment, wait: u64) -> String {
    // A date has no fractions: one more second covers the one `now` has begun.
    let until = now.wall.saturating_add(Duration::from_secs(wait + 1)).unwrap_or(now.wall);
    httpdate::fmt_http_date(until.into())
}
