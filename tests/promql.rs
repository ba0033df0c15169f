//! Every expression in dashboards, rules and runbooks parses, names only metrics and labels that
//! exist, keeps the currency of money, and adds nothing that overlaps; and every dashboard is built
//! as it must be. A new one is found by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test ends by panicking"
)]

mod promql {
    mod boards;
    mod examples;
    mod judge;
    mod known;
    mod shape;
    mod sources;
}
