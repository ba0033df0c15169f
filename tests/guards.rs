//! The guards of the server: what is no request, who is slow, who comes in thousands. Over raw sockets, for a
//! client library would not say what is said here.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot reach its own server has failed"
)]

#[path = "support/site.rs"]
mod site;

mod guards {
    mod answers;
    mod flood;
    mod paths;
    mod program;
    mod slow;
    mod smuggling;
    mod stage;
}
