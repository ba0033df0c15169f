//! Backfill: the past as the simulators have it, at the cost that was said, whatever interrupts it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends by panicking"
)]
#![allow(clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::print_stdout, reason = "what was measured is the result")]

mod support;

mod backfill {
    mod binary;
    mod cost;
    mod file;
    mod interrupted;
    mod prometheus;
    mod refused;
    mod simulators;
    mod stage;
    mod truth;
    mod values;
    mod victoria;
}
