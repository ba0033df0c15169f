//! Any bytes as Klar's answers: the same rows however they are cut, a page that parses, and a
//! token or a failure. The last byte decides where the rows are cut.
#![no_main]

mod shared;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use revenue_exporter::upstream::klar::read_token;

use shared::{cuts, judge};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_token(bytes, Timestamp::UNIX_EPOCH);
    let Some((seed, body)) = bytes.split_last() else { return };
    judge::klar(&cuts::same(body, &lengths(*seed)), 2);
});

/// Mostly short pieces, where something breaks, and of several lengths.
fn lengths(seed: u8) -> [usize; 3] {
    let seed = usize::from(seed);
    [seed % 7 + 1, seed % 31 + 1, seed]
}
