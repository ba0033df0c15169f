//! What a person runs beside the exporter, as the real binary: `taprain-key` and `check --probe`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot reach its own program has failed"
)]
#![allow(dead_code, reason = "what is borrowed from another test has more than is used here")]

mod errands {
    mod key;
    mod probe;
    mod stage;

    #[path = "../smoke/client.rs"]
    mod client;
    #[path = "../smoke/program.rs"]
    mod program;
    #[path = "../smoke/upstream.rs"]
    mod upstream;
    #[path = "../smoke/waiting.rs"]
    mod waiting;
}
