//! Klar's Attribution API, from its page.

mod ask;
mod report;
mod token;

use std::sync::{Arc, Mutex};

use ask::Ask;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use jiff::tz::TimeZone;
use report::Reports;
use token::{Standing, Tokens};

use super::bounded::Bounded;
use super::gate::{Entry, Gate};
use super::limiter::Limit;
use super::record::{Reason, Record};
use super::switches::{Fault, Setting, Switches};
use super::world::World;
use super::{Answer, locked, query, reply};
use crate::clock::{Clock, Moment};
use crate::upstream::transport::Request;

/// Where access tokens come from.
pub const TOKEN_PATH: &str = "/public/auth/token";

/// Where the report is.
pub const ATTRIBUTION_PATH: &str = "/public/attribution";

/// The token endpoint's name in the [`Record`].
pub const TOKEN: &str = "token";

/// The report's name in the [`Record`].
pub const ATTRIBUTION: &str = "attribution";

/// The refresh token of the demo store.
pub const REFRESH_TOKEN: &str = "demo-klar-refresh-token";

/// The zone whose dates the store means.
pub const ZONE: &str = "Europe/Berlin";

/// Reports kept for the rest of their minute; a month is half a megabyte.
const REPORTS_KEPT: usize = 16;

/// How a simulated Klar is set up; the default is what the page documents.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store's refresh token.
    pub refresh_token: String,
    /// The rate limit, token requests included (trap K6).
    pub limit: Limit,
    /// The switches' first position; TapRain's own are ignored.
    pub setting: Setting,
    /// The store's zone.
    pub zone: TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            refresh_token: REFRESH_TOKEN.to_owned(),
            limit: Limit::KLAR,
            setting: Setting::DOCUMENTED,
            zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC),
        }
    }
}

/// A simulated Klar store.
#[derive(Debug)]
pub struct Klar {
    reports: Reports,
    gate: Gate,
    tokens: Mutex<Tokens>,
    made: Mutex<Bounded<String, (i64, Bytes)>>,
}

impl Klar {
    /// A store of `world`'s business that lives by `clock`.
    pub fn new(world: Arc<World>, clock: Clock, options: Options) -> Self {
        Self {
            reports: Reports::new(world, options.zone),
            gate: Gate::new(clock, options.limit, options.setting),
            tokens: Mutex::new(Tokens::new(options.refresh_token)),
            made: Mutex::new(Bounded::new(REPORTS_KEPT)),
        }
    }

    /// What can be changed while it runs.
    pub fn switches(&self) -> &Switches {
        &self.gate.switches
    }

    /// Makes `key` the only refresh token; access tokens given before live on.
    pub fn set_key(&self, key: &str) {
        locked(&self.tokens).set_key(key);
    }

    /// Accepts no refresh token any more, and no access token (trap K9).
    pub fn revoke(&self) {
        locked(&self.tokens).revoke();
    }

    /// Forgets the access tokens, as if they had died early (trap K9).
    pub fn forget_tokens(&self) {
        locked(&self.tokens).forget();
    }

    fn limited(
        &self,
        endpoint: &'static str,
        now: Moment,
        work: impl FnOnce() -> Response<Bytes>,
    ) -> Response<Bytes> {
        self.gate.record.arrive(endpoint, now.tick);
        let entry = self.gate.enter(endpoint, now);
        let setting = self.gate.switches.setting();
        let mut answer = match (entry, setting.fault) {
            (Entry::Refused(_), _) => {
                reply::text(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
            }
            (Entry::Admitted(_), Some(fault)) => ill(fault),
            (Entry::Admitted(_), None) if setting.suspended => {
                error(StatusCode::FORBIDDEN, "Forbidden")
            }
            (Entry::Admitted(_), None) => work(),
        };
        self.gate.advise(&mut answer, entry, now);
        answer
    }

    fn token(&self, request: &Request, now: Moment) -> Response<Bytes> {
        let sent = request.headers().get("token").and_then(|token| token.to_str().ok());
        if sent.is_none() {
            self.gate.record.violate(now.tick, Reason::MissingCredential, TOKEN);
        }
        match sent.and_then(|sent| locked(&self.tokens).issue(sent, now)) {
            Some(body) => reply::json(StatusCode::CREATED, body),
            None => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
        }
    }

    fn attribution(&self, request: &Request, now: Moment) -> Response<Bytes> {
        if !self.authorized(request, now) {
            return error(StatusCode::UNAUTHORIZED, "Unauthorized");
        }
        match self.report(request.uri().query().unwrap_or(""), now) {
            Ok(body) => reply::json(StatusCode::OK, body),
            Err(message) => error(StatusCode::BAD_REQUEST, &message),
        }
    }

    fn authorized(&self, request: &Request, now: Moment) -> bool {
        let header = request.headers().get(header::AUTHORIZATION);
        let bearer =
            header.and_then(|value| value.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
        let Some(bearer) = bearer else {
            self.gate.record.violate(now.tick, Reason::MissingCredential, ATTRIBUTION);
            return false;
        };
        let standing = locked(&self.tokens).standing(bearer, now.tick);
        if standing == Standing::Expired {
            self.gate.record.violate(now.tick, Reason::ExpiredToken, ATTRIBUTION);
        }
        standing == Standing::Valid
    }

    /// The report for `query`, made at most once a minute.
    fn report(&self, query: &str, now: Moment) -> Result<Bytes, String> {
        let minute = self.gate.minute(now);
        if let Some((made, body)) = locked(&self.made).get(query)
            && *made == minute
        {
            return Ok(body.clone());
        }
        let refuse = |reason, message: String| {
            self.gate.record.violate(now.tick, reason, message.clone());
            message
        };
        let pairs = query::pairs(query)
            .ok_or_else(|| refuse(Reason::BadParameter, "malformed query string".to_owned()))?;
        let strange = ask::strange(&pairs);
        for name in &strange {
            self.gate.record.violate(now.tick, Reason::UnknownParameter, name.clone());
        }
        let ask = Ask::parse(&pairs).map_err(|refusal| refuse(refusal.reason, refusal.message))?;
        let body = self.reports.body(&ask, minute);
        if strange.is_empty() {
            locked(&self.made).insert(query.to_owned(), (minute, body.clone()));
        }
        Ok(body)
    }

    fn elsewhere(&self, request: &Request, now: Moment) -> Response<Bytes> {
        let path = request.uri().path();
        let detail = format!("{} {path}", request.method());
        self.gate.record.violate(now.tick, Reason::WrongEndpoint, detail);
        match path {
            TOKEN_PATH => reply::not_allowed("POST", error(StatusCode::OK, "Method Not Allowed")),
            ATTRIBUTION_PATH => {
                reply::not_allowed("GET", error(StatusCode::OK, "Method Not Allowed"))
            }
            _ => error(StatusCode::NOT_FOUND, "Not Found"),
        }
    }
}

impl Answer for Klar {
    fn answer(&self, request: &Request) -> Response<Bytes> {
        let now = self.gate.now();
        let answer = match (request.uri().path(), request.method()) {
            (TOKEN_PATH, &Method::POST) => self.limited(TOKEN, now, || self.token(request, now)),
            (ATTRIBUTION_PATH, &Method::GET) => {
                self.limited(ATTRIBUTION, now, || self.attribution(request, now))
            }
            _ => self.elsewhere(request, now),
        };
        self.gate.dated(answer, now)
    }

    fn record(&self) -> &Record {
        &self.gate.record
    }
}

fn error(status: StatusCode, message: &str) -> Response<Bytes> {
    reply::json(status, serde_json::json!({ "message": message }).to_string())
}

fn ill(fault: Fault) -> Response<Bytes> {
    match fault {
        Fault::ServerError => error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        Fault::BadGateway => reply::html(StatusCode::BAD_GATEWAY),
        Fault::Html => reply::html(StatusCode::OK),
        Fault::ApiError => error(StatusCode::OK, "Internal Server Error"),
    }
}

#[cfg(test)]
mod tests;
