//! The decoders of state files, for whoever wants to try them with any bytes.

use super::{envelope, figures, ledger};

/// Reads a file of either kind; returns whether it is one.
pub fn any(bytes: &[u8]) -> bool {
    ledger::unseal(bytes).is_ok() || figures::unseal(bytes).is_ok()
}

/// The same with an envelope that fits, whatever the content.
pub fn any_content(content: &[u8]) -> bool {
    any(&envelope::seal(ledger::KIND, content)) || any(&envelope::seal(figures::KIND, content))
}
