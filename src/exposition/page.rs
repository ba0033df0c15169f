//! The whole page in one format: the vendors' part, the exporter's own, the end.

use bytes::Bytes;

use super::gzip::{self, Segment};
use super::negotiate::Format;
use super::press::Printed;
use super::text;

/// The end of an OpenMetrics page.
const END: &str = "# EOF\n";

/// The page as it is; `own` is OpenMetrics text without an end mark.
pub fn plain(page: &Printed, own: String, format: Format) -> Vec<Bytes> {
    page.text().chain([Bytes::from(ending(own, format))]).collect()
}

/// The page as one gzip member.
pub fn packed(page: &Printed, own: String, format: Format) -> Vec<Bytes> {
    gzip::member(page.packed(), &Segment::deflate(ending(own, format).as_bytes()))
}

/// What follows the vendors' part.
fn ending(own: String, format: Format) -> String {
    match format {
        Format::OpenMetrics => own + END,
        Format::Text => text::from_open_metrics(&own),
    }
}
