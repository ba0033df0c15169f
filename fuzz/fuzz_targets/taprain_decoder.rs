//! Any bytes as TapRain's answer: a failure, or a page that parses and has no two equal series.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;
use revenue_exporter::upstream::taprain;

use shared::judge;

fuzz_target!(|body: &[u8]| {
    if let Ok(report) = taprain::read(body) {
        judge::taprain(&report, 2);
    }
});
