//! The decoders of state files, for whoever wants to try them with any bytes.

use super::{days, envelope, figures, ledger};

/// Reads a file of any kind; returns whether it is one.
pub fn any(bytes: &[u8]) -> bool {
    let known = [ledger::unseal(bytes).is_ok(), figures::unseal(bytes).is_ok()];
    known.contains(&true) || days::unseal(bytes).is_ok()
}

/// The same with an envelope that fits, whatever the content.
pub fn any_content(content: &[u8]) -> bool {
    let kinds = [ledger::KIND, figures::KIND, days::KIND];
    kinds.map(|kind| any(&envelope::seal(kind, content))).contains(&true)
}
