//! What looks like one request to us and might look like two to somebody in between.

use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Request, StatusCode, Version};
use http_body::Body;

use super::reply::{self, Reply};

/// What is wrong with a request, as the answer it gets; as Go's server, and before anything else is asked of it.
pub(super) fn fault<B>(request: &Request<B>) -> Option<Reply> {
    let headers = request.headers();
    if request.version() == Version::HTTP_2 {
        return None;
    }
    let sentence = match count(headers, &HOST) {
        0 if request.version() == Version::HTTP_11 => "Bad request: there is no Host header.\n",
        0 | 1 if is_one_coding(headers) => return None,
        0 | 1 => "Bad request: the only transfer coding here is chunked.\n",
        _ => "Bad request: there are several Host headers.\n",
    };
    let mut reply = reply::plain(StatusCode::BAD_REQUEST, sentence);
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Some(reply)
}

/// Ends the connection with the answer to a request that has a body: bodies are not read, and what followed
/// one would be anybody's guess.
pub(super) fn close_after<B: Body>(request: &Request<B>, reply: &mut Reply) {
    if request.version() < Version::HTTP_2 && !request.body().is_end_stream() {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn count(headers: &HeaderMap, name: &HeaderName) -> usize {
    headers.get_all(name).iter().count()
}

/// Chunks, or nothing said of it.
fn is_one_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    }
}
