//! The file of days that are over: each as it was first seen, and as it was last seen.

use super::envelope::{self, Damage, Kind};
use crate::history::History;

pub(super) const KIND: Kind = Kind { name: "days", version: 1 };

/// The file of `history`.
pub(super) fn seal(history: &History) -> Vec<u8> {
    // Dates, texts and numbers only: that always becomes JSON.
    envelope::seal(KIND, &serde_json::to_vec(history).unwrap_or_default())
}

/// Reads a file.
pub(super) fn unseal(bytes: &[u8]) -> Result<History, Damage> {
    let content = envelope::unseal(KIND, bytes)?;
    serde_json::from_slice(content).map_err(|_| Damage::Strange)
}
