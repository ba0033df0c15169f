//! What every answer has in common.

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};

use super::body::Chunks;

/// An answer of this server.
pub type Reply = Response<Chunks>;

/// The type of texts for people.
const PLAIN: &str = "text/plain; charset=utf-8";

/// An answer of any type. Revenue is confidential, so no cache may keep it.
pub fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Chunks>) -> Reply {
    let body = body.into();
    let length = HeaderValue::from(body.length());
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// A plain text.
pub fn plain(status: StatusCode, text: impl Into<String>) -> Reply {
    reply(status, PLAIN, text.into())
}

/// 404, with a hint.
pub fn not_found(telemetry_path: &str) -> Reply {
    plain(StatusCode::NOT_FOUND, format!("Nothing is here. The metrics are at {telemetry_path}\n"))
}

/// 405; `allowed` as the `Allow` header lists methods.
pub fn wrong_method(allowed: &'static str) -> Reply {
    let text = format!("Answered here: {allowed}.\n");
    let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED, text);
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

/// 503, for whoever asks while as many as permitted are answered; promhttp's sentence.
pub fn busy(limit: usize) -> Reply {
    let text = format!(
        "Limit of concurrent requests reached ({limit}), try again later; it is set by \
         --web.max-requests.\n"
    );
    let mut reply = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

/// 500, for what should not happen; the log has the details.
pub fn broken() -> Reply {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be made; see the log.\n")
}

/// The answer as `method` wants it: HEAD has every header of GET and no body.
pub fn for_method(method: &Method, reply: Reply) -> Reply {
    if method == Method::HEAD { reply.map(|_| Chunks::default()) } else { reply }
}
