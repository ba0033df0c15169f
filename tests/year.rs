//! A judge that knows the simulated truth watches a virtual year, and in the plain tests a
//! fortnight around each hard date: every gauge equals what the API said at the age it claims, or
//! is absent; no limit is broken; nothing is older than the contract allows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    missing_docs,
    reason = "a test ends by panicking, and what was seen is the result"
)]

mod support;
mod year {
    mod chronicle;
    mod claim;
    mod fortnights;
    mod health;
    mod looks;
    mod plan;
    mod script;
    mod shown;
    mod stage;
    mod trouble;
    mod watch;
    mod whole;
}
