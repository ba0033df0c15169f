//! Scenarios in virtual time against simulators that judge: what is on the page is what the APIs
//! answered, whatever they answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test ends by panicking"
)]

mod scenarios {
    mod asked;
    mod collecting;
    mod expectation;
    mod faults;
    mod ordeal;
    mod outcomes;
    mod pages;
    mod past;
    mod protocol;
    mod reload;
    mod restart;
    mod restatement;
    mod rollover;
    mod secrets;
}
mod support;
