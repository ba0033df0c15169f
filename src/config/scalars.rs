//! Single values: names, zones, addresses, counts, dates, words.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};

use super::defaults::{LONGEST_NAME, SHORTEST};
use super::duration;
use super::error::Fault;
use super::file::Text;
use super::nearest::{instead, nearest};

/// What an optional value means: the default when it was not typed.
pub(super) fn meant<T>(
    typed: Option<&Text>,
    default: T,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Fault> {
    typed.map_or(Ok(default), |text| read(text, parse))
}

/// What a typed value means; an error points at it.
pub(super) fn read<T>(
    text: &Text,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Fault> {
    parse(&text.value).map_err(|message| Fault::of(text, message))
}

/// The same reader, whose sentence begins with the key: a value alone says little.
pub(super) fn of_key<T>(
    key: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| parse(text).map_err(|message| format!("`{key}`: {message}"))
}

/// A name that becomes a label value.
pub(super) fn name(text: &str) -> Result<Arc<str>, String> {
    if text.trim().is_empty() {
        return Err("the name is empty; write one, it becomes a label value".to_owned());
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(format!(
            "the name {text:?} has white space at an end or a control character; write it without"
        ));
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(format!("the name is too long; write at most {LONGEST_NAME} characters"));
    }
    Ok(text.into())
}

/// A zone of the IANA database, with its name in the database's own spelling.
pub(super) fn zone(text: &str) -> Result<(TimeZone, Arc<str>), String> {
    let zone = TimeZone::get(text).ok().filter(|zone| !zone.is_unknown());
    let Some(zone) = zone else { return Err(unknown_zone(text)) };
    let name = zone.iana_name().unwrap_or(text).into();
    Ok((zone, name))
}

fn unknown_zone(text: &str) -> String {
    let names: Vec<String> = tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let city = text.replace(' ', "_").to_lowercase();
    let by_city = names.iter().map(String::as_str).find(|name| {
        name.contains('/')
            && name.rsplit('/').next().is_some_and(|last| last.to_lowercase() == city)
    });
    match by_city.or_else(|| nearest(text, names.iter().map(String::as_str))) {
        Some(near) => format!("`{text}` is no time zone; did you mean `{near}`?"),
        None => format!("`{text}` is no time zone; write an IANA name like Europe/Berlin or UTC"),
    }
}

/// The address of an API, without a slash at its end.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let uri =
        text.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    // The address may hold a password, so it is quoted in no message until that is ruled out.
    let (Some(uri), false) = (uri, text.contains('@')) else {
        return Err(
            "this is no address of an API; write one like https://api.example.com, without \
                    user name or password"
                .to_owned(),
        );
    };
    if uri.query().is_some() || text.contains('#') {
        return Err("the address has a `?` or `#`; write scheme, host and path only".to_owned());
    }
    if uri.scheme().is_none() {
        return Err(format!("`{text}` does not say how to get there; write https://{text}"));
    }
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(format!("`{text}` is neither http nor https; write https://..."));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether a secret sent to this base URL can be read on the way: plain http that leaves the host.
pub(super) fn is_exposed(base_url: &str) -> bool {
    let Ok(uri) = base_url.parse::<Uri>() else { return false };
    uri.scheme_str() == Some("http") && !uri.host().is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A duration of at least [`SHORTEST`].
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let duration = duration::parse(text)?;
    if duration < SHORTEST {
        return Err(format!("`{text}` is too short; write {} or more", duration::format(SHORTEST)));
    }
    Ok(duration)
}

/// A whole number of at least `least`.
pub(super) fn count<T>(least: u32) -> impl FnOnce(&str) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + TryFrom<u32>,
{
    move |text| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<T>().ok().filter(|_| digits);
        number
            .filter(|number| T::try_from(least).is_ok_and(|least| *number >= least))
            .ok_or_else(|| format!("`{text}` is no count; write a whole number, {least} or more"))
    }
}

/// A calendar date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    // jiff reads date-times as dates too; a time of day here is a misunderstanding.
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| format!("`{text}` is no date; write one like 2026-11-27"))
}

/// One of the API's own words.
pub(super) fn word<T: Copy>(
    what: &str,
    all: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| {
        let known: Vec<&str> = all.iter().map(|word| as_str(*word)).collect();
        let found = all.iter().zip(&known).find(|(_, word)| **word == text);
        found
            .map(|(value, _)| *value)
            .ok_or_else(|| format!("`{text}` is no {what}; {}", instead(text, &known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_alone_is_led_to_its_zone() {
        assert!(zone("berlin").unwrap_err().ends_with("did you mean `Europe/Berlin`?"));
        assert!(zone("New York").unwrap_err().ends_with("did you mean `America/New_York`?"));
        assert!(zone("Etc/Unknown").is_err());
        assert_eq!(&*zone("europe/berlin").unwrap().1, "Europe/Berlin");
    }

    #[test]
    fn an_address_is_scheme_host_and_path() {
        assert_eq!(base_url("https://a.example/api/").unwrap(), "https://a.example/api");
        assert_eq!(base_url("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for bad in ["", "a.example", "/path", "ftp://a", "https://", "https://a?b", "https://a#b"] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
        let error = base_url("https://user:hunter2@a.example").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_the_host() {
        for safe in ["https://a", "http://localhost:1", "http://127.0.0.9", "http://[::1]:80"] {
            assert!(!is_exposed(safe), "{safe}");
        }
        assert!(is_exposed("http://10.0.0.1"));
        assert!(is_exposed("http://localhost.example"));
    }

    #[test]
    fn counts_have_no_sign_and_no_fraction() {
        assert_eq!(count::<usize>(0)("0"), Ok(0));
        for bad in ["-1", "+1", "1.0", "1e3", "", "0"] {
            assert!(count::<u32>(1)(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_has_no_time_of_day() {
        assert!(date("2026-11-27").is_ok());
        for bad in ["2026-02-30", "20261127", "2026-11-27T00:00", "27.11.2026"] {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
