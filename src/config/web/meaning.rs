//! From what was typed to the rules that guard the server.

use std::num::NonZeroU32;

use http::HeaderMap;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};

use super::{file, span, words};
use crate::config::error::Fault;
use crate::config::file::Text;
use crate::config::nearest::instead;
use crate::config::scalars::{self, meant, of_key, read};
use crate::server::lock::bucket::Rate;
use crate::server::lock::users::{Hash, Users};

/// A hash with fewer rounds is cheap to guess at, and with more a request waits for seconds.
const COSTS: std::ops::RangeInclusive<u32> = 10..=14;

/// Whether HTTP/2 is offered.
pub(super) fn http2(typed: Option<&file::Http>) -> Result<bool, Fault> {
    let typed = typed.and_then(|http| http.http2.as_ref());
    meant(typed, true, of_key("http2", words::truth))
}

/// The headers of every answer; those that are blank are none.
pub(super) fn headers(typed: Option<&file::Http>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let Some(typed) = typed.and_then(|http| http.headers.as_ref()) else { return Ok(headers) };
    let any: &[&str] = &[];
    let entries: [(HeaderName, &str, &Option<Text>, &[&str]); 5] = [
        (CONTENT_SECURITY_POLICY, "Content-Security-Policy", &typed.content_security_policy, any),
        (
            STRICT_TRANSPORT_SECURITY,
            "Strict-Transport-Security",
            &typed.strict_transport_security,
            any,
        ),
        (
            X_CONTENT_TYPE_OPTIONS,
            "X-Content-Type-Options",
            &typed.x_content_type_options,
            &["nosniff"],
        ),
        (X_FRAME_OPTIONS, "X-Frame-Options", &typed.x_frame_options, &["deny", "sameorigin"]),
        (X_XSS_PROTECTION, "X-XSS-Protection", &typed.x_xss_protection, any),
    ];
    for (name, shown, text, values) in entries {
        if let Some(text) = text.as_ref().filter(|text| !text.value.trim().is_empty()) {
            let value = read(text, |value| header(shown, value, values))?;
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

fn header(name: &str, text: &str, values: &[&str]) -> Result<HeaderValue, String> {
    if !values.is_empty() && !values.contains(&text) {
        return Err(format!("`{text}` is no value of {name}; {}", instead(text, values)));
    }
    HeaderValue::from_str(text)
        .map_err(|_| format!("no header can carry the value of {name}; write it on one line"))
}

/// Who may come in.
pub(super) fn users(typed: &file::File, warnings: &mut Vec<Fault>) -> Result<Users, Fault> {
    let Some(list) = &typed.basic_auth_users else { return Ok(Users::default()) };
    if list.is_empty() {
        warnings.push(Fault::whole(
            "`basic_auth_users` names nobody, so nobody is asked for a password; name somebody, or \
             remove it",
        ));
    }
    list.iter().map(|(name, text)| user(name, text, warnings)).collect()
}

fn user(name: &str, text: &Text, warnings: &mut Vec<Fault>) -> Result<(String, Hash), Fault> {
    if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
        return Err(Fault::of(
            text,
            "a name in `basic_auth_users` is empty or has a colon or a control character, which no \
             browser can send; write another",
        ));
    }
    let Some(hash) = Hash::parse(&text.value) else {
        // What stands there may be the password itself.
        return Err(Fault::of(
            text,
            format!(
                "the value of `{name}` is no bcrypt hash; write the one that `htpasswd -nBC 12 \
                 {name}` prints after the colon"
            ),
        ));
    };
    let cost = hash.cost();
    if !COSTS.contains(&cost) {
        let least = COSTS.start();
        let is = if cost < *least { "cheap to guess at" } else { "slow to check" };
        let message =
            format!("the hash of `{name}` has cost {cost} and is {is}; write one of cost 12");
        warnings.push(Fault::of(text, message));
    }
    Ok((name.to_owned(), hash))
}

/// How many requests at most; an interval of 0 is no limit.
pub(super) fn rate(typed: Option<&file::RateLimit>) -> Result<Option<Rate>, Fault> {
    let Some(typed) = typed else { return Ok(None) };
    let interval =
        meant(typed.interval.as_ref(), std::time::Duration::ZERO, of_key("interval", span::parse))?;
    let Some(place) = typed.interval.as_ref().filter(|_| !interval.is_zero()) else {
        // The burst must be right all the same.
        meant(typed.burst.as_ref(), 0, of_key("burst", scalars::count::<u32>(0)))?;
        return Ok(None);
    };
    let Some(burst) = &typed.burst else {
        let message =
            "`rate_limit` needs a burst, or it would refuse every request; add `burst: 20`";
        return Err(Fault::of(place, message));
    };
    let burst = read(burst, of_key("burst", at_least_one))?;
    Ok(Some(Rate { interval, burst }))
}

fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    let count = scalars::count::<u32>(1)(text)?;
    NonZeroU32::new(count).ok_or_else(|| "write a whole number, 1 or more".to_owned())
}
