//! What an answer's headers say of the limit (traps T4, T5, K7).

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use crate::budget::Advice;

/// Larger numbers in a `…-Reset` header are moments, not waits: 2001 in seconds since 1970.
const EPOCH_FROM: u64 = 1_000_000_000;

/// Reads `RateLimit`, `RateLimit-*` and `X-RateLimit-*`, whichever are there.
pub fn rate_limit(headers: &HeaderMap, now: Timestamp) -> Advice {
    let field = |name: &str| {
        combined(headers, name)
            .or_else(|| number(headers, &format!("ratelimit-{name}")))
            .or_else(|| number(headers, &format!("x-ratelimit-{name}")))
    };
    let reset = field("reset").map(|reset| wait_until(reset, now));
    Advice { remaining: field("remaining"), limit: field("limit"), reset }
}

/// Reads `Retry-After` in both its forms; a date is measured against the answer's own `Date`, so
/// that a wrong clock on either side shortens nothing.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = text(headers, "retry-after")?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let from = self::text(headers, "date").and_then(|date| httpdate::parse_http_date(date).ok());
    let from = from.unwrap_or_else(|| now.into());
    Some(until.duration_since(from).unwrap_or(Duration::ZERO))
}

/// The answer's own clock.
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text(headers, "date")?).ok()?;
    Timestamp::try_from(date).ok()
}

/// The one-line form: `limit=100, remaining=50, reset=30`, or `"default";r=50;t=30`.
fn combined(headers: &HeaderMap, name: &str) -> Option<u64> {
    let short = match name {
        "remaining" => "r",
        "reset" => "t",
        _ => "q",
    };
    let fields = text(headers, "ratelimit")?.split([',', ';']);
    let mut pairs = fields.filter_map(|field| field.trim().split_once('='));
    pairs.find(|(key, _)| *key == name || *key == short)?.1.parse().ok()
}

fn wait_until(reset: u64, now: Timestamp) -> Duration {
    if reset < EPOCH_FROM {
        return Duration::from_secs(reset);
    }
    let millis = if reset < EPOCH_FROM * 1000 { reset.saturating_mul(1000) } else { reset };
    let now = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(millis.saturating_sub(now))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn now() -> Timestamp {
        "2026-03-18T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn t4_every_spelling_of_the_rate_limit_headers_is_read() {
        let wanted =
            Advice { remaining: Some(50), limit: Some(100), reset: Some(Duration::from_secs(30)) };
        let spellings: [&[(&str, &str)]; 4] = [
            &[("ratelimit-remaining", "50"), ("ratelimit-limit", "100"), ("ratelimit-reset", "30")],
            &[
                ("x-ratelimit-remaining", "50"),
                ("x-ratelimit-limit", "100"),
                ("x-ratelimit-reset", "1773835230"),
            ],
            &[("ratelimit", "limit=100, remaining=50, reset=30")],
            &[("ratelimit", "\"default\";q=100;r=50;t=30")],
        ];
        for lines in spellings {
            assert_eq!(rate_limit(&headers(lines), now()), wanted, "{lines:?}");
        }
        assert_eq!(rate_limit(&headers(&[]), now()), Advice::default());
    }

    #[test]
    fn t5_k7_retry_after_is_read_in_both_forms() {
        let seconds = headers(&[("retry-after", "120")]);
        assert_eq!(retry_after(&seconds, now()), Some(Duration::from_secs(120)));
        let date = headers(&[
            ("date", "Wed, 18 Mar 2026 11:00:00 GMT"),
            ("retry-after", "Wed, 18 Mar 2026 11:00:45 GMT"),
        ]);
        assert_eq!(retry_after(&date, now()), Some(Duration::from_secs(45)));
        let dateless = headers(&[("retry-after", "Wed, 18 Mar 2026 12:01:00 GMT")]);
        assert_eq!(retry_after(&dateless, now()), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&headers(&[("retry-after", "soon")]), now()), None);
    }
}
