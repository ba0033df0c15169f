//! Small pieces that every part of the page is put together from.

use maud::{Markup, html};

use crate::status::account::{Account, Level};
use crate::status::words::{self, UNKNOWN};

/// A mark beside words: never the only sign, and read out as nothing.
pub(super) fn mark(level: Level) -> Markup {
    let sign = match level {
        Level::Good => "✓",
        Level::Waiting => "…",
        Level::Warning => "!",
        Level::Bad => "✗",
    };
    html! { span.mark.(level.as_str()) aria-hidden="true" { (sign) } }
}

/// An age that goes on growing.
pub(super) fn age(seconds: Option<f64>) -> Markup {
    html! {
        @match seconds {
            Some(seconds) => span data-age=(exact(seconds)) { (words::age(seconds)) },
            None => (UNKNOWN),
        }
    }
}

/// A wait that goes on shrinking.
pub(super) fn wait(seconds: Option<f64>) -> Markup {
    html! {
        @match seconds {
            Some(seconds) => span data-wait=(exact(seconds)) { (words::wait(seconds)) },
            None => (UNKNOWN),
        }
    }
}

/// A figure as people read it, with the exact one beside it for programs.
pub(super) fn figure(value: Option<f64>, write: impl Fn(f64) -> String) -> Markup {
    html! {
        @match value {
            Some(value) => data value=(value) { (write(value)) },
            None => (UNKNOWN),
        }
    }
}

/// A figure in a table.
pub(super) fn cell(value: Option<f64>, write: impl Fn(f64) -> String) -> Markup {
    html! { td.n { (value.map_or_else(|| UNKNOWN.to_owned(), write)) } }
}

/// `TapRain` or `Klar`.
pub(super) fn vendor(account: &Account) -> &'static str {
    if account.api == "taprain" { "TapRain" } else { "Klar" }
}

/// Tenths of a second are enough.
fn exact(seconds: f64) -> String {
    format!("{seconds:.1}")
}
