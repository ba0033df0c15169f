//! History for the time before the exporter: the APIs are asked for every past day, once, and what
//! they say is written as OpenMetrics with the time at which a running exporter would have shown it.
//!
//! The [`order`] is what was typed, the [`plan`] what that means for every account, the [`cost`] what
//! it will take. [`gather`] asks, at a [`pace`] that leaves a running exporter its share of the same
//! ledger, and notes each answer in the [`journal`], so that an interruption costs no request. The
//! [`harvest`] holds the figures, [`hours`] places those of a day, and [`mod@write`] makes the file, in its
//! [`place`]. A [`job`] is all of that in its order.

mod caller;
pub mod cost;
pub mod entry;
pub mod gather;
pub mod harvest;
pub mod hours;
pub mod job;
pub mod journal;
pub mod order;
pub mod pace;
pub mod place;
pub mod plan;
pub(crate) mod purse;
pub mod write;

/// Why a backfill does not begin or does not end. The text is a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// What was typed cannot be done.
    #[error("{0}")]
    Usage(String),
    /// It failed on the way.
    #[error("{0}")]
    Failed(String),
    /// It was told to stop.
    #[error("{0}")]
    Stopped(String),
}

impl Trouble {
    /// A sentence about what was typed.
    fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }
}
