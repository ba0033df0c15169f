//! The file of hours: five weeks of them, a view.

use super::envelope::{self, Damage, Kind};
use crate::hours::book::Book;

pub(super) const KIND: Kind = Kind { name: "hours", version: 1 };

/// The file of `book`.
pub(super) fn seal(book: &Book) -> Vec<u8> {
    // Dates, texts and numbers only: that always becomes JSON.
    envelope::seal(KIND, &serde_json::to_vec(book).unwrap_or_default())
}

/// Reads a file.
pub(super) fn unseal(bytes: &[u8]) -> Result<Book, Damage> {
    let content = envelope::unseal(KIND, bytes)?;
    serde_json::from_slice(content).map_err(|_| Damage::Strange)
}
