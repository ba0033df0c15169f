//! Which format and which coding the client wants, by the weights it gives what we speak.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

/// A format of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus text 0.0.4.
    Text,
}

impl Format {
    /// The `Content-Type`; Prometheus refuses a page whose type it does not know.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The format to answer in: OpenMetrics for who names it and likes it no less than text; text for
/// everyone else, browsers and `*/*` included, as the Go client does.
pub fn format(headers: &HeaderMap) -> Format {
    let (mut open, mut text, mut any) = (None, None, None);
    for (range, weight) in weighted(headers, ACCEPT) {
        let place = match (range.name.as_str(), range.version.as_deref()) {
            ("application/openmetrics-text", None | Some("1.0.0")) => &mut open,
            ("text/plain", None | Some("0.0.4")) => &mut text,
            ("text/*" | "*/*", _) => &mut any,
            _ => continue,
        };
        *place = Some(place.map_or(weight, |best: u16| best.max(weight)));
    }
    let open = open.unwrap_or(0);
    if open > 0 && open >= text.or(any).unwrap_or(0) { Format::OpenMetrics } else { Format::Text }
}

/// Whether to answer in gzip: when it is named, and liked no less than no coding.
pub fn gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut plain, mut any) = (None, None, None);
    for (range, weight) in weighted(headers, ACCEPT_ENCODING) {
        match range.name.as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => plain = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= plain.unwrap_or(0)
}

/// One alternative of a header, in lower case.
struct Range {
    name: String,
    version: Option<String>,
}

/// The alternatives of all headers called `name`, with their weights in thousandths.
fn weighted(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (Range, u16)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(range)
}

fn range(text: &str) -> (Range, u16) {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let mut range = Range { name: parts.next().unwrap_or_default(), version: None };
    let mut weight = 1000;
    for (key, value) in parts.filter_map(|part| {
        let (key, value) = part.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    }) {
        match key.as_str() {
            "q" => weight = thousandths(&value),
            "version" => range.version = Some(value),
            _ => {}
        }
    }
    (range, weight)
}

/// A weight of 0 to 1; nonsense weighs nothing.
fn thousandths(weight: &str) -> u16 {
    let weight = weight.parse().unwrap_or(0.0_f64).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let thousandths = (weight * 1000.0).round() as u16;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMETHEUS_2_42: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const PROMETHEUS_3_PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const BROWSER: &str =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn each_client_gets_the_format_it_likes_best() {
        use Format::{OpenMetrics, Text};
        let cases: [(&[&str], Format); 14] = [
            (&[PROMETHEUS_2_42], OpenMetrics),
            (&[PROMETHEUS_3], OpenMetrics),
            (&[PROMETHEUS_3_PROTOBUF], OpenMetrics),
            (&["text/plain;version=0.0.4;q=0.3", "application/openmetrics-text"], OpenMetrics),
            (&["application/openmetrics-text; version=\"1.0.0\" ; Q=0.3"], OpenMetrics),
            (&["application/openmetrics-text;version=0.0.1"], Text),
            (&["application/openmetrics-text;q=0.2,text/plain;q=0.9"], Text),
            (&["application/openmetrics-text;q=0"], Text),
            (&["application/openmetrics-text;q=nonsense"], Text),
            (&["text/plain;version=0.0.4"], Text),
            (&[BROWSER], Text),
            (&["*/*"], Text),
            (&[",;=;,"], Text),
            (&[], Text),
        ];
        for (accept, expected) in cases {
            assert_eq!(format(&headers(&ACCEPT, accept)), expected, "{accept:?}");
        }
    }

    #[test]
    fn gzip_is_for_who_asks() {
        let cases: [(&[&str], bool); 9] = [
            (&["gzip"], true),
            (&["gzip, deflate, br, zstd"], true),
            (&["deflate", "x-gzip;q=0.5"], true),
            (&["*"], true),
            (&["identity"], false),
            (&["gzip;q=0, *"], false),
            (&["gzip;q=0.1, identity;q=0.9"], false),
            (&["br"], false),
            (&[], false),
        ];
        for (accept, expected) in cases {
            assert_eq!(gzip(&headers(&ACCEPT_ENCODING, accept)), expected, "{accept:?}");
        }
    }
}
