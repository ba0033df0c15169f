//! Answers, put together.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    typed(status, "application/json; charset=utf-8", body)
}

/// A plain text answer.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    typed(status, "text/plain; charset=utf-8", body)
}

/// A proxy's page.
pub(super) fn html(status: StatusCode) -> Response<Bytes> {
    let page = "<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>";
    typed(status, "text/html; charset=utf-8", page)
}

/// A wrong method, with the right one.
pub(super) fn not_allowed(allow: &'static str, mut answer: Response<Bytes>) -> Response<Bytes> {
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    answer
}

fn typed(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
