//! Which answer belongs to which method and path.

use std::sync::Arc;

use http::Request;

use super::reply::{self, Reply};
use super::site::Site;
use super::{config, health, landing, metrics, reload, status};

/// What a page is asked with.
const READ: &str = "GET, HEAD";

impl Site {
    /// Answers `request`, whoever it comes from.
    pub(super) async fn page<B>(self: &Arc<Self>, request: &Request<B>) -> Reply {
        let telemetry = self.telemetry_path.as_str();
        let reply = match (request.method().as_str(), request.uri().path()) {
            ("GET" | "HEAD", path) if path == telemetry => match self.gate.enter() {
                Some(pass) => {
                    let reply = metrics::answer(self, request.headers()).await;
                    reply.map(|page| page.under(pass))
                }
                None => reply::busy(self.gate.limit()),
            },
            ("GET" | "HEAD", "/-/healthy") => health::healthy(),
            ("GET" | "HEAD", "/-/ready") => health::ready(&self.board.current().snapshot),
            ("GET" | "HEAD", "/config") => config::answer(self),
            ("GET" | "HEAD", "/") => {
                landing::answer(self, request.uri().query(), request.headers()).await
            }
            ("GET" | "HEAD", "/api/v1/status") => {
                status::answer(self, request.uri().query(), request.headers()).await
            }
            ("POST", "/-/reload") => reload::answer(self.reloads.as_ref()).await,
            (_, "/-/reload") => reply::wrong_method("POST"),
            (_, "/-/healthy" | "/-/ready" | "/config" | "/" | "/api/v1/status") => {
                reply::wrong_method(READ)
            }
            (_, path) if path == telemetry => reply::wrong_method(READ),
            _ => reply::not_found(telemetry),
        };
        reply::for_method(request.method(), reply)
    }
}
