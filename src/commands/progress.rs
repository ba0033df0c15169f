//! How far a backfill is: a bar on a terminal, else a line in the log now and then.
//!
//! One line that is written over needs no library.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU32, Ordering};

use tracing::{info, warn};

use crate::backfill::cost::readable;
use crate::backfill::gather::{Listener, Progress};

/// The bar's length in characters.
const LENGTH: u32 = 24;

/// A line in the log for every tenth of the way, and at least for so many requests.
const TENTHS: u32 = 10;
const REQUESTS: u32 = 100;

/// Tells how far it is.
pub(super) struct Teller {
    terminal: bool,
    /// Requests at the last line in the log.
    told: AtomicU32,
}

impl Teller {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), told: AtomicU32::new(0) }
    }

    /// Leaves the bar as it is.
    pub(super) fn end(&self) {
        if self.terminal {
            put("\n");
        }
    }
}

impl Listener for Teller {
    fn trouble(&self, sentence: &str) {
        if self.terminal {
            // The line of the log takes the bar's place; the bar comes again below it.
            put("\r\x1b[2K");
        }
        warn!("{sentence}");
    }

    fn hear(&self, progress: Progress) {
        if self.terminal {
            put(&format!("\r\x1b[2K{}", bar(progress)));
            return;
        }
        let told = self.told.load(Ordering::Relaxed);
        let Progress { sent, all, left, per_hour } = progress;
        let step = (all / TENTHS).clamp(1, REQUESTS);
        if sent - told >= step || sent == all {
            self.told.store(sent, Ordering::Relaxed);
            let (left, per_hour) = (readable(left), per_hour.round());
            info!(requests = sent, of = all, left, per_hour, "asking for the past");
        }
    }
}

fn bar(progress: Progress) -> String {
    let Progress { sent, all, left, per_hour } = progress;
    let full = LENGTH.min(LENGTH * sent.min(all) / all.max(1));
    let mut text = String::from("[");
    (0..LENGTH).for_each(|place| text.push(if place < full { '#' } else { '-' }));
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "] {sent}/{all} requests, {} left, {per_hour:.0} requests an hour",
        readable(left)
    );
    text
}

fn put(text: &str) {
    let mut err = std::io::stderr().lock();
    // When standard error is closed there is nobody left to tell.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_bar_fills_up() {
        let left = Duration::from_secs(3 * 3600);
        let at = |sent| bar(Progress { sent, all: 400, left, per_hour: 408.0 });
        assert_eq!(
            at(100),
            "[######------------------] 100/400 requests, 3 h 0 min left, 408 requests an hour"
        );
        assert!(at(400).starts_with("[########################]"));
        assert!(at(0).starts_with("[------------------------]"));
    }
}
