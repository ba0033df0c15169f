//! The program itself on real sockets, all on loopback: the few things no smaller test can show.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot reach its own program has failed"
)]

mod smoke {
    mod actor;
    mod bad_klar;
    mod bad_taprain;
    mod cases;
    mod client;
    mod command_line;
    mod demo;
    mod disk;
    mod faults;
    mod hang;
    mod misplaced;
    mod page;
    mod passwords;
    mod planted;
    mod program;
    mod proxy;
    mod reload;
    mod secrets;
    mod show;
    mod signals;
    mod spoil;
    mod stop;
    mod unreachable;
    mod untrusted;
    mod upstream;
    mod waiting;
    mod wire;
}
