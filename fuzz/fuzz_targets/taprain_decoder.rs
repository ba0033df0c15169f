//! Any bytes as TapRain's answer: a failure, or a page that parses and has no two equal series.
#![no_main]

#[path = "../../tests/properties/judge.rs"]
mod judge;
#[path = "../../tests/properties/stage.rs"]
mod stage;
#[path = "../../src/exposition/strict.rs"]
mod strict;

use libfuzzer_sys::fuzz_target;
use revenue_exporter::upstream::taprain;

fuzz_target!(|body: &[u8]| {
    if let Ok(report) = taprain::read(body) {
        judge::taprain(&report, 2);
    }
});
