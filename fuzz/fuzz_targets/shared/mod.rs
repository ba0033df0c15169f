//! What the targets share with the property tests: a page, and its judges.
#![allow(dead_code, reason = "every target uses a part of this")]

#[path = "../../../tests/properties/cuts.rs"]
pub(crate) mod cuts;
#[path = "../../../tests/properties/judge.rs"]
pub(crate) mod judge;
#[path = "../../../tests/properties/stage.rs"]
mod stage;
#[path = "../../../src/exposition/strict.rs"]
mod strict;
