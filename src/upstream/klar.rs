//! Klar Attribution on the wire: the token, and the report. The protocol lives here and in
//! `klar_rows`, because a second API generation exists (trap K22).

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::answer::sniff;
use super::failure::Failure;
use super::json::{Json, malformed};
use super::transport::Request;
use crate::model::range::Days;
use crate::model::settings::{Account, KlarView};
use crate::number::{Figure, to_f64};
use crate::secret::Secret;
use crate::telemetry::Outcome;

/// The `endpoint` label of token requests.
pub const TOKEN: &str = "token";

/// The `endpoint` label of reports.
pub const ATTRIBUTION: &str = "attribution";

/// The life assumed of a token that does not say (trap K8).
const UNSAID_LIFE: Duration = Duration::from_secs(240);

/// Lives below this many milliseconds are probably seconds (trap K8).
const LEAST_MILLIS: f64 = 10_000.0;

/// The longest life that is believed, so that a nonsense figure cannot freeze a token.
const MOST_MILLIS: f64 = 86_400_000.0;

/// An access token as it came.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// How long it lives from the moment it was asked for.
    pub life: Duration,
    /// Whether `expiresIn` was missing or implausible (trap K8).
    pub odd_life: bool,
}

/// The request for an access token: the refresh token in a header called `token`, no body (trap
/// K10).
///
/// # Errors
/// `bad_request` when the base URL makes no valid request; nothing was sent then.
pub fn token_request(account: &Account) -> Result<Request, Failure> {
    http::Request::builder()
        .method(Method::POST)
        .uri(format!("{}/public/auth/token", account.base_url))
        .header("token", account.credential.secret.header())
        .header(http::header::ACCEPT, "application/json")
        .header(http::header::CONTENT_LENGTH, "0")
        .body(())
        .map_err(|_| Failure::new(Outcome::BadRequest, "base_url makes no valid request"))
}

/// The request for `days`, whose end the API leaves out just as [`Days`] does (trap K1). Model,
/// window and date basis are always sent, because their defaults are undocumented (trap K11).
///
/// # Errors
/// `bad_request` when the base URL makes no valid request; nothing was sent then.
pub fn report_request(
    account: &Account,
    view: &KlarView,
    days: Days,
    token: &Secret,
) -> Result<Request, Failure> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("startDate", &days.start.to_string())
        .append_pair("endDate", &days.end.to_string())
        .append_pair("metric", view.model.as_str())
        .append_pair("window", view.window.as_str())
        .append_pair("date_breakdown", view.basis.as_str())
        .finish();
    http::Request::builder()
        .method(Method::GET)
        .uri(format!("{}/public/attribution?{query}", account.base_url))
        .header(http::header::AUTHORIZATION, token.header_after("Bearer "))
        .header(http::header::ACCEPT, "application/json")
        .body(())
        .map_err(|_| Failure::new(Outcome::BadRequest, "base_url makes no valid request"))
}

/// Reads the answer to a token request that arrived at `now`.
///
/// # Errors
/// `not_json` or `api_error`; never quotes the body.
pub fn read_token(body: &[u8], now: Timestamp) -> Result<Token, Failure> {
    sniff(body)?;
    let raw: RawToken<'_> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let token =
        raw.access_token.ok_or_else(|| Failure::undocumented("the answer has no accessToken"))?;
    let secret = Secret::parse(&token)
        .map_err(|_| Failure::undocumented("the accessToken cannot stand in a header"))?;
    let said = match Figure::read(raw.expires_in.0) {
        Figure::Known(millis) => Some(to_f64(millis)),
        Figure::Absent | Figure::Bad => None,
    };
    let said = said.filter(|millis| (LEAST_MILLIS..=MOST_MILLIS).contains(millis));
    let life = said.map(|millis| Duration::from_secs_f64(millis / 1000.0));
    let life_or_guess = life.or_else(|| life_of_jwt(&token, now)).unwrap_or(UNSAID_LIFE);
    Ok(Token { secret, life: life_or_guess, odd_life: life.is_none() })
}

#[derive(Deserialize)]
struct RawToken<'a> {
    #[serde(rename = "accessToken")]
    access_token: Option<String>,
    #[serde(rename = "expiresIn", borrow, default)]
    expires_in: Json<'a>,
}

/// The time until a JWT's `exp`, where the token is one.
fn life_of_jwt(token: &str, now: Timestamp) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = base64_url(token.split('.').nth(1)?)?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let left = u64::try_from(claims.exp.checked_sub(now.as_second())?).ok()?;
    let left = Duration::from_secs(left);
    (left <= Duration::from_secs_f64(MOST_MILLIS / 1000.0)).then_some(left)
}

fn base64_url(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::klar::{TOKEN_LIFE, token_serves};

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn read(body: &str) -> Token {
        read_token(body.as_bytes(), now()).unwrap()
    }

    #[test]
    fn k8_the_life_of_a_token_is_in_milliseconds() {
        let token = read(r#"{"accessToken": "abc.def.ghi", "expiresIn": 300000}"#);
        assert_eq!((token.life, token.odd_life), (TOKEN_LIFE, false));
        assert_eq!(token_serves(token.life), Duration::from_secs(240));
    }

    #[test]
    fn k8_an_implausible_life_falls_back_to_the_jwt_then_to_four_minutes() {
        let odd = read(r#"{"accessToken": "abc", "expiresIn": 300}"#);
        assert_eq!((odd.life, odd.odd_life), (UNSAID_LIFE, true));
        // {"exp":1700000120}
        let jwt = read(r#"{"accessToken": "e30.eyJleHAiOjE3MDAwMDAxMjB9.sig"}"#);
        assert_eq!((jwt.life, jwt.odd_life), (Duration::from_secs(120), true));
        let text = read(r#"{"accessToken": "abc", "expiresIn": "300000"}"#);
        assert_eq!((text.life, text.odd_life), (TOKEN_LIFE, false));
    }

    #[test]
    fn an_answer_without_a_token_is_an_api_error() {
        for body in [r#"{"expiresIn": 1}"#, r#"{"accessToken": "a\nb"}"#, r#"{"accessToken": 5}"#] {
            let failure = read_token(body.as_bytes(), now()).unwrap_err();
            assert_eq!(failure.outcome, Outcome::ApiError, "{body}");
        }
        assert_eq!(read_token(b"<html>", now()).unwrap_err().outcome, Outcome::NotJson);
    }
}
