//! The web configuration: each row of what exporter-toolkit documents, over real sockets and with a
//! TLS client of the tests' own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot reach its own server has failed"
)]

#[path = "support/site.rs"]
mod site;

mod web {
    mod authorities;
    mod changed;
    mod client;
    mod clients;
    mod exposed;
    mod files;
    mod headers;
    mod healthcheck;
    mod http2;
    mod passwords;
    mod program;
    mod rate;
    mod stage;
    mod tls;
}
