//! TapRain's Stats API, from its page.

mod ask;
mod body;

use std::sync::{Arc, Mutex};

use ask::Ask;
use body::Page;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};

use super::bounded::Bounded;
use super::gate::{Entry, Gate};
use super::limiter::Limit;
use super::record::{Reason, Record};
use super::switches::{Fault, Setting, Switches};
use super::world::World;
use super::{Answer, locked, query, reply};
use crate::clock::{Clock, Moment};
use crate::upstream::transport::Request;

/// Where the figures are.
pub const PATH: &str = "/api/v1/stats";

/// Where the session's owner reads the key (trap T22).
pub const KEY_PATH: &str = "/api/v1/api-key";

/// Where the session's owner makes a new key.
pub const REGENERATE_PATH: &str = "/api/v1/api-key/regenerate";

/// The endpoint's name in the [`Record`].
pub const STATS: &str = "stats";

/// The key of the demo account.
pub const KEY: &str = "demo-taprain-key";

/// The session cookie of the demo account.
pub const SESSION: &str = "session=demo";

/// Pages kept for the rest of their minute.
const PAGES_KEPT: usize = 128;

/// How a simulated TapRain is set up; the default is what the page documents.
#[derive(Clone, Debug)]
pub struct Options {
    /// The account's key.
    pub key: String,
    /// The whole `Cookie` header of the account's owner.
    pub session: String,
    /// The rate limit.
    pub limit: Limit,
    /// The switches' first position.
    pub setting: Setting,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            key: KEY.to_owned(),
            session: SESSION.to_owned(),
            limit: Limit::TAPRAIN,
            setting: Setting::DOCUMENTED,
        }
    }
}

/// A simulated TapRain account.
#[derive(Debug)]
pub struct TapRain {
    world: Arc<World>,
    gate: Gate,
    key: Mutex<Option<String>>,
    session: String,
    pages: Mutex<Bounded<String, (Made, Arc<Page>)>>,
}

/// What a page holds for as long as it does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    minute: i64,
    in_days: bool,
    standard_time: bool,
}

impl TapRain {
    /// An account of `world`'s business that lives by `clock`.
    pub fn new(world: Arc<World>, clock: Clock, options: Options) -> Self {
        Self {
            world,
            gate: Gate::new(clock, options.limit, options.setting),
            key: Mutex::new(Some(options.key)),
            session: options.session,
            pages: Mutex::new(Bounded::new(PAGES_KEPT)),
        }
    }

    /// What can be changed while it runs.
    pub fn switches(&self) -> &Switches {
        &self.gate.switches
    }

    /// Makes `key` the only one that is accepted, at once (trap T16).
    pub fn set_key(&self, key: &str) {
        *locked(&self.key) = Some(key.to_owned());
    }

    /// Accepts no key any more.
    pub fn revoke(&self) {
        *locked(&self.key) = None;
    }

    /// Answers with a key, if the session cookie is there; the rate limit is the key's own.
    fn owner(&self, request: &Request, key: impl FnOnce() -> Option<String>) -> Response<Bytes> {
        let cookie = request.headers().get(header::COOKIE);
        if cookie.is_none_or(|cookie| cookie.as_bytes() != self.session.as_bytes()) {
            return error(StatusCode::UNAUTHORIZED, "Not signed in.");
        }
        let body = serde_json::json!({ "success": true, "api_key": key() });
        reply::json(StatusCode::OK, body.to_string())
    }

    fn regenerate(&self, now: Moment) -> String {
        let key = format!("demo-taprain-key-{}", now.tick.since_start().as_millis());
        self.set_key(&key);
        key
    }

    fn stats(&self, request: &Request, now: Moment) -> Response<Bytes> {
        self.gate.record.arrive(STATS, now.tick);
        let query = request.uri().query().unwrap_or("");
        if !self.authorized(request, query, now) {
            return error(StatusCode::UNAUTHORIZED, "Missing or invalid API key.");
        }
        let entry = self.gate.enter(STATS, now);
        let mut answer = match entry {
            Entry::Admitted(remaining) => self.admitted(query, remaining, now),
            Entry::Refused(_) => {
                error(StatusCode::TOO_MANY_REQUESTS, "600 requests/hour exceeded. Wait and retry.")
            }
        };
        self.gate.advise(&mut answer, entry, now);
        answer
    }

    fn authorized(&self, request: &Request, query: &str, now: Moment) -> bool {
        let header = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
        let in_query = query.contains("api_key=").then(|| query::pairs(query)).flatten();
        let in_query =
            in_query.and_then(|pairs| query::value(&pairs, "api_key").map(str::to_owned));
        if in_query.is_some() {
            self.gate.record.violate(now.tick, Reason::KeyInQuery, STATS);
        }
        let Some(sent) = header.or(in_query.as_deref()) else {
            self.gate.record.violate(now.tick, Reason::MissingCredential, STATS);
            return false;
        };
        locked(&self.key).as_deref() == Some(sent)
    }

    fn admitted(&self, query: &str, remaining: u32, now: Moment) -> Response<Bytes> {
        let setting = self.gate.switches.setting();
        if setting.suspended {
            return error(StatusCode::FORBIDDEN, "Account suspended.");
        }
        if let Some(fault) = setting.fault {
            return ill(fault);
        }
        match self.page(query, now) {
            Ok(page) => {
                let remaining = setting.requests_remaining.then_some(remaining);
                reply::json(StatusCode::OK, page.with(remaining))
            }
            Err(message) => error(StatusCode::BAD_REQUEST, &message),
        }
    }

    /// The page for `query`, made at most once a minute.
    fn page(&self, query: &str, now: Moment) -> Result<Arc<Page>, String> {
        let Setting { custom_in_days: in_days, standard_time, .. } = self.gate.switches.setting();
        let made = Made { minute: self.gate.minute(now), in_days, standard_time };
        if let Some((known, page)) = locked(&self.pages).get(query)
            && *known == made
        {
            return Ok(Arc::clone(page));
        }
        let (ask, clean) = self.ask(query, standard_time, now)?;
        let page = Arc::new(Page::new(&self.world.traffic, &ask, made.minute, in_days));
        if clean {
            locked(&self.pages).insert(query.to_owned(), (made, Arc::clone(&page)));
        }
        Ok(page)
    }

    /// What `query` asks, and whether nothing about it is to be recorded.
    fn ask(&self, query: &str, standard_time: bool, now: Moment) -> Result<(Ask, bool), String> {
        let refuse = |reason, message: String| {
            self.gate.record.violate(now.tick, reason, message.clone());
            message
        };
        let pairs = query::pairs(query)
            .ok_or_else(|| refuse(Reason::BadParameter, "Malformed query string.".to_owned()))?;
        let strange = ask::strange(&pairs);
        for name in &strange {
            self.gate.record.violate(now.tick, Reason::UnknownParameter, name.clone());
        }
        let clean = strange.is_empty() && query::value(&pairs, "api_key").is_none();
        let ask = Ask::parse(&pairs, standard_time)
            .map_err(|refusal| refuse(refusal.reason, refusal.message))?;
        Ok((ask, clean))
    }

    fn route(&self, request: &Request, now: Moment) -> Response<Bytes> {
        let violate = |detail: String| {
            self.gate.record.violate(now.tick, Reason::WrongEndpoint, detail);
        };
        match (request.uri().path(), request.method()) {
            (PATH, &Method::GET) => self.stats(request, now),
            (KEY_PATH, &Method::GET) => self.owner(request, || locked(&self.key).clone()),
            (REGENERATE_PATH, &Method::POST) => self.owner(request, || Some(self.regenerate(now))),
            (path @ (PATH | KEY_PATH | REGENERATE_PATH), method) => {
                violate(format!("{method} {path}"));
                let allow = if path == REGENERATE_PATH { "POST" } else { "GET" };
                reply::not_allowed(allow, error(StatusCode::OK, "Method not allowed."))
            }
            (path, _) => {
                violate(path.to_owned());
                error(StatusCode::NOT_FOUND, "Not found.")
            }
        }
    }
}

impl Answer for TapRain {
    fn answer(&self, request: &Request) -> Response<Bytes> {
        let now = self.gate.now();
        self.gate.dated(self.route(request, now), now)
    }

    fn record(&self) -> &Record {
        &self.gate.record
    }
}

fn error(status: StatusCode, message: &str) -> Response<Bytes> {
    reply::json(status, serde_json::json!({ "success": false, "error": message }).to_string())
}

fn ill(fault: Fault) -> Response<Bytes> {
    match fault {
        Fault::ServerError => {
            error(StatusCode::INTERNAL_SERVER_ERROR, "Internal error. Try again shortly.")
        }
        Fault::BadGateway => reply::html(StatusCode::BAD_GATEWAY),
        Fault::Html => reply::html(StatusCode::OK),
        Fault::ApiError => error(StatusCode::OK, "Internal error. Try again shortly."),
    }
}

#[cfg(test)]
mod tests;
