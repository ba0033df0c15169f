//! What holds whatever an API or a configuration says; `fuzz` asks the same with more patience.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

#[path = "../src/exposition/strict.rs"]
#[allow(clippy::unwrap_in_result, reason = "it is a test's")]
mod strict;

mod properties {
    use super::strict;

    mod answers;
    mod cuts;
    mod judge;
    mod labels;
    mod printed;
    mod stage;
}
