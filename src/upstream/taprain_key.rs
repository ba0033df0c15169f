//! TapRain's key endpoints on the wire: `GET /api/v1/api-key` and `POST /api/v1/api-key/regenerate`,
//! which want the session of somebody who is signed in, not the key (trap T22).

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use super::advice;
use super::answer::sniff;
use super::failure::Failure;
use super::json::malformed;
use super::transport::{Body, Request, Response};
use crate::secret::{Secret, SecretError};
use crate::telemetry::Outcome;

/// An answer that is longer holds no key: it is a page.
pub const LONGEST_ANSWER: u64 = 64 * 1024;

/// How to come by a cookie.
const HOW: &str = "sign in to TapRain in a browser, open its developer tools, and copy the `Cookie` header of any \
                   request to TapRain from the Network tab";

/// A text that is no `Cookie` header. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CookieError {
    /// Nothing but white space, or a header without a value.
    #[error("is empty; {HOW}")]
    Empty,
    /// A line break, control character or non-ASCII character inside.
    #[error("holds a line break or another character no header can carry; {HOW}, as one line")]
    Unprintable,
    /// What a server sends, not what a browser sends back.
    #[error("holds a `Set-Cookie` header, which is the server's; {HOW}")]
    SetCookie,
    /// No `name=value` in it: perhaps a key.
    #[error("holds no cookie, which looks like name=value; {HOW}")]
    NoPair,
}

/// Takes the value of a `Cookie` header, or the whole line.
///
/// # Errors
/// [`CookieError`] when it can be none, or when it cannot stand in a header.
pub fn cookie(text: &str) -> Result<Secret, CookieError> {
    let text = text.trim();
    let value = match text.split_once(':') {
        Some((name, _)) if name.trim_end().eq_ignore_ascii_case("set-cookie") => {
            return Err(CookieError::SetCookie);
        }
        Some((name, value)) if name.trim_end().eq_ignore_ascii_case("cookie") => value,
        _ => text,
    };
    let secret = Secret::parse(value).map_err(|error| match error {
        SecretError::Empty => CookieError::Empty,
        SecretError::Unprintable => CookieError::Unprintable,
    })?;
    let pair = secret.reveal().split_once('=');
    pair.filter(|(name, _)| !name.trim().is_empty()).ok_or(CookieError::NoPair)?;
    Ok(secret)
}

/// The request for the present key.
///
/// # Errors
/// `bad_request` when the base URL makes no valid request; nothing was sent then.
pub fn show_request(base_url: &str, cookie: &Secret) -> Result<Request, Failure> {
    request(Method::GET, format!("{base_url}/api/v1/api-key"), cookie)
}

/// The request for a new key, which kills the old one at once (trap T16).
///
/// # Errors
/// `bad_request` when the base URL makes no valid request; nothing was sent then.
pub fn regenerate_request(base_url: &str, cookie: &Secret) -> Result<Request, Failure> {
    request(Method::POST, format!("{base_url}/api/v1/api-key/regenerate"), cookie)
}

fn request(method: Method, url: String, cookie: &Secret) -> Result<Request, Failure> {
    let posts = method == Method::POST;
    let mut request = http::Request::builder()
        .method(method)
        .uri(url)
        .header(http::header::COOKIE, cookie.header())
        .header(http::header::ACCEPT, "application/json");
    if posts {
        request = request.header(http::header::CONTENT_LENGTH, "0");
    }
    request
        .body(())
        .map_err(|_| Failure::new(Outcome::BadRequest, "base_url makes no valid request"))
}

/// The body of a successful answer, or what its status means where a cookie was sent.
///
/// # Errors
/// A [`Failure`] by the status; the body of an unsuccessful answer is never read.
pub fn accept(response: Response, now: Timestamp) -> Result<Body, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response.into_body());
    }
    let wait = advice::retry_after(response.headers(), now);
    let failure = |outcome, what: String| {
        let what = format!("HTTP {}: {what}", status.as_u16());
        Err(Failure { retry_after: wait, ..Failure::new(outcome, what) })
    };
    match status {
        StatusCode::UNAUTHORIZED => {
            failure(Outcome::Unauthorized, format!("the session has ended; {HOW}"))
        }
        StatusCode::FORBIDDEN => failure(
            Outcome::Forbidden,
            format!("the session may not do this, or the account is suspended; {HOW}"),
        ),
        // A page to sign in at is as good as a 401, and no cookie follows to another host (trap T18).
        status if status.is_redirection() => failure(
            Outcome::ApiError,
            format!(
                "a redirect, which is not followed; the session has ended, or base_url is wrong; {HOW}"
            ),
        ),
        StatusCode::TOO_MANY_REQUESTS => {
            let advised = wait.map_or_else(
                || "wait some minutes".to_owned(),
                |wait| format!("wait {} s", wait.as_secs()),
            );
            failure(Outcome::RateLimited, format!("too many requests; {advised} and try again"))
        }
        _ => Err(Failure::of_status(status, wait)),
    }
}

/// Reads the answer of either endpoint. That the second one answers as the first does, its page
/// does not say.
///
/// # Errors
/// `not_json` for what no JSON parser reads, `api_error` for `success: false`, for JSON of another
/// shape and for a key that no header can carry. Never quotes the body.
pub fn read(body: &[u8]) -> Result<Secret, Failure> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
        let what = format!(
            "the answer is a web page, perhaps one to sign in at: the session has ended; {HOW}"
        );
        return Err(Failure::not_json(what));
    }
    sniff(body)?;
    let raw: Raw = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    if raw.success != Some(true) {
        return Err(Failure::undocumented(
            "the API reports a failure (success is not true); try again later",
        ));
    }
    let key = raw.api_key.ok_or_else(|| Failure::undocumented("the answer has no api_key"))?;
    Secret::parse(&key)
        .map_err(|_| Failure::undocumented("the api_key is empty or cannot stand in a header"))
}

#[derive(Deserialize)]
struct Raw {
    success: Option<bool>,
    api_key: Option<String>,
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn t22_a_cookie_is_a_value_or_a_whole_line() {
        for text in ["session=a; b=c", " Cookie: session=a; b=c\r\n", "cookie:session=a; b=c\n"] {
            assert_eq!(cookie(text).unwrap().reveal(), "session=a; b=c", "{text}");
        }
        let cases = [
            ("", CookieError::Empty),
            ("Cookie: \n", CookieError::Empty),
            ("a=b\nc=d", CookieError::Unprintable),
            ("a=b\u{1b}", CookieError::Unprintable),
            ("Cookie: a=b\r\nHost: x", CookieError::Unprintable),
            ("a=ü", CookieError::Unprintable),
            ("Set-Cookie: a=b; Path=/", CookieError::SetCookie),
            ("tr_live_hunter2", CookieError::NoPair),
            ("=b", CookieError::NoPair),
        ];
        for (text, expected) in cases {
            assert_eq!(cookie(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn t18_the_cookie_travels_in_its_header_and_no_key_goes_with_it() {
        let cookie = cookie("session=a").unwrap();
        let show = show_request("https://a.example", &cookie).unwrap();
        assert_eq!(show.uri(), "https://a.example/api/v1/api-key");
        let rotate = regenerate_request("https://a.example/x", &cookie).unwrap();
        assert_eq!(rotate.uri(), "https://a.example/x/api/v1/api-key/regenerate");
        assert_eq!((show.method(), rotate.method()), (&Method::GET, &Method::POST));
        for request in [show, rotate] {
            let header = &request.headers()[http::header::COOKIE];
            assert!(header.is_sensitive() && header == "session=a");
            assert!(!request.headers().contains_key("x-api-key"));
        }
    }

    #[test]
    fn every_status_says_whether_the_session_or_the_service_is_to_blame() {
        let cases = [
            (401, Outcome::Unauthorized, "the session has ended"),
            (403, Outcome::Forbidden, "suspended"),
            (302, Outcome::ApiError, "not followed"),
            (429, Outcome::RateLimited, "wait some minutes"),
            (500, Outcome::ServerError, "failed by itself"),
            (404, Outcome::ApiError, "base_url"),
        ];
        for (status, outcome, words) in cases {
            let body: Body = stream::empty().boxed();
            let response = http::Response::builder().status(status).body(body).unwrap();
            let Err(failure) = accept(response, Timestamp::UNIX_EPOCH) else { panic!("{status}") };
            assert_eq!(failure.outcome, outcome, "{status}");
            assert!(failure.what.contains(words), "{failure}");
        }
    }

    #[test]
    fn a_key_is_read_only_from_a_success_that_has_one() {
        let key = read(br#"{"success": true, "api_key": "tr_1", "more": []}"#).unwrap();
        assert_eq!(key.reveal(), "tr_1");
        let cases: [(&[u8], Outcome, &str); 8] = [
            (br#"{"success": false, "api_key": "tr_1"}"#, Outcome::ApiError, "success"),
            (br#"{"api_key": "tr_1"}"#, Outcome::ApiError, "success"),
            (br#"{"success": true}"#, Outcome::ApiError, "no api_key"),
            (br#"{"success": true, "api_key": null}"#, Outcome::ApiError, "no api_key"),
            (br#"{"success": true, "api_key": " "}"#, Outcome::ApiError, "cannot stand"),
            (br#"{"success": true, "api_key": "a\nb"}"#, Outcome::ApiError, "cannot stand"),
            (b"<!DOCTYPE html>", Outcome::NotJson, "sign in"),
            (b"{\"success\": true", Outcome::NotJson, "breaks off"),
        ];
        for (body, outcome, words) in cases {
            let failure = read(body).unwrap_err();
            assert_eq!(failure.outcome, outcome, "{failure}");
            assert!(failure.what.contains(words) && !failure.what.contains("tr_1"), "{failure}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_body_panics_and_no_cookie_breaks_a_header(text in "\\PC{0,30}|[\\s\\S]{0,30}") {
            let _ = read(text.as_bytes());
            if let Ok(cookie) = cookie(&text) {
                prop_assert!(show_request("https://a.example", &cookie).is_ok());
                prop_assert!(!cookie.reveal().contains(char::is_control));
            }
        }
    }
}
