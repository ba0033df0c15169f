//! One Klar answer, fed in pieces. The fuzz targets read this file too.

use jiff::civil::date;
use revenue_exporter::figures::klar::Tally;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Days;
use revenue_exporter::telemetry::Outcome;
use revenue_exporter::upstream::klar_rows::{Rows, Seen};

/// What an answer came to: its rows, and how it ended.
pub(crate) type Read = (Vec<String>, Result<Seen, Outcome>);

/// Reads `body` in pieces of these lengths, again and again; a length of 0 is one of 1.
pub(crate) fn read(body: &[u8], lengths: &[usize]) -> (Read, Tally) {
    let mut tally = Tally::new(Detail::Ad, Days { start: date(1, 1, 1), end: date(9999, 1, 1) });
    let (mut rows, mut lines, mut rest) = (Rows::default(), Vec::new(), body);
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, later) = rest.split_at((*length).clamp(1, rest.len()));
        rest = later;
        let fed = rows.feed(piece, &mut |line| {
            lines.push(format!("{line:?}"));
            tally.add(line);
        });
        if let Err(failure) = fed {
            return ((lines, Err(failure.outcome)), tally);
        }
    }
    let end = rows.finish().map_err(|failure| failure.outcome);
    ((lines, end), tally)
}

/// Where an answer is cut changes neither its rows nor how it ends; returns what it adds up to.
///
/// # Panics
/// When it does.
pub(crate) fn same(body: &[u8], lengths: &[usize]) -> Tally {
    let (whole, tally) = read(body, &[body.len()]);
    let (pieces, _) = read(body, lengths);
    assert_eq!(whole, pieces, "{lengths:?}");
    tally
}
