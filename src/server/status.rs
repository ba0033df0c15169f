//! `/api/v1/status`: what the page shows, for programs.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use super::exposure::Exposure;
use super::face::{self, Coded, Show};
use super::reply::{self, Reply};
use super::site::Site;
use crate::exposition::negotiate;
use crate::status::{Status, Warning};

const JSON: &str = "application/json; charset=utf-8";

/// The JSON; `query` says of whom and in how much detail.
pub async fn answer(site: &Arc<Site>, query: Option<&str>, headers: &HeaderMap) -> Reply {
    let Some(show) = Show::read(query) else { return refused() };
    let face = face::look(site, show, |face, _| face.json(write)).await;
    face.map_or_else(|| unknown(&site.telemetry_path), |text| coded(&text, JSON, headers))
}

/// What the server itself has to warn of: how carelessly it is reached.
pub(super) fn warnings(site: &Site) -> Vec<Warning> {
    let warning = |exposure: Exposure| {
        let mut text = format!("{}.", exposure.sentence());
        // The log begins its sentences small.
        text.get_mut(..1).map(str::make_ascii_uppercase);
        Warning { id: exposure.id(), text }
    };
    site.exposure().map(warning).into_iter().collect()
}

/// A text in the coding that the client wants.
pub(super) fn coded(text: &Coded, content_type: &'static str, headers: &HeaderMap) -> Reply {
    let gzip = negotiate::gzip(headers);
    let body = if gzip { text.packed() } else { text.plain() };
    let mut reply = reply::reply(StatusCode::OK, content_type, vec![body]);
    let headers = reply.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    reply
}

/// 404, for an account that is not there.
pub(super) fn unknown(telemetry_path: &str) -> Reply {
    let text = format!("There is no such account. The metrics are at {telemetry_path}\n");
    reply::plain(StatusCode::NOT_FOUND, text)
}

/// 400, for a question that is not understood.
pub(super) fn refused() -> Reply {
    let text =
        "Ask with api=taprain|klar&account=NAME, or with detail=none|full, or with nothing.\n";
    reply::plain(StatusCode::BAD_REQUEST, text)
}

fn write(status: &Status) -> String {
    // Texts, numbers and lists: none of them can fail.
    serde_json::to_string(status).unwrap_or_default()
}
