//! The decoders of state files, for whoever wants to try them with any bytes.

use super::envelope::{self, Kind};
use super::{days, figures, hours, ledger};
use crate::clock::Clock;
use crate::snapshot::AccountPart;

/// Reads a file of any kind; returns whether it is one.
pub fn any(bytes: &[u8]) -> bool {
    let known = [ledger::unseal(bytes).is_ok(), figures::unseal(bytes).is_ok()];
    known.contains(&true) || days::unseal(bytes).is_ok() || hours::unseal(bytes).is_ok()
}

/// Gives `part` what each kind of file with this content says, as a start would; returns whether
/// one of them can be read.
pub fn restore(content: &[u8], clock: &Clock, part: &mut AccountPart) -> bool {
    let file = |kind: Kind| envelope::seal(kind, content);
    let now = clock.moment();
    let ledger = ledger::unseal(&file(ledger::KIND)).map(|ledger| {
        let restored = ledger.restore(clock, now);
        if let Ok(budget) = part.budget.lock().as_mut() {
            budget.adopt(restored.requests, restored.closed_until);
        }
    });
    let figures = figures::unseal(&file(figures::KIND));
    let figures = figures.map(|figures| figures.restore(part, clock, now));
    let days = days::unseal(&file(days::KIND));
    let hours = hours::unseal(&file(hours::KIND));
    [ledger.is_ok(), figures.is_ok(), days.is_ok(), hours.is_ok()].contains(&true)
}
