//! Five weeks of the demo's business, as a Prometheus would know them, for `.ci/dashboards` to ask
//! every panel's query of. Writes files, so only where it is asked to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

mod support;

mod dashboards {
    mod past;
    mod stage;
}
