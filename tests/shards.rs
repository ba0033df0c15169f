//! Several exporters that share one configuration by `--shard`: the real program, before judges that count every
//! account's requests by all three kinds of limiter.
//!
//! Every account asks for more than its budget allows, so that nobody can collect it a second time unnoticed.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking, says what it measured, and uses a part of what it shares with others"
)]

mod support;

mod shards {
    mod exchange;
    mod field;
    mod lives;
    #[path = "../smoke/waiting.rs"]
    mod waiting;
}
