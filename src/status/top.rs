//! The first rows of a list, and all others added up.

use serde::Serialize;

use super::columns::{Counts, Figures};
use super::sheet::{name, parted, top};
use crate::snapshot::Row;

/// A list of TapRain's, highest revenue first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Top {
    /// At most [`TOP`](super::TOP) rows.
    pub rows: Vec<Member>,
    /// The rows after them, added up; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// What the exporter folded into `(other)`; absent where it folded nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Member>,
}

/// One offer, source or country.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Its name as the vendor has it: untrusted text.
    pub name: String,
    /// What it has.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Several members together.
#[derive(Clone, Debug, Serialize)]
pub struct Rest {
    /// How many.
    pub members: usize,
    /// What they have.
    #[serde(flatten)]
    pub counts: Counts,
}

impl Top {
    /// Of `rows`, named by `label`, which come highest revenue first.
    pub(super) fn of(rows: &[Row], label: &str) -> Self {
        let (named, other) = parted(rows.iter(), label);
        let (shown, rest) = top(&named);
        Self {
            rows: shown.iter().map(|row| Member::of(row, label)).collect(),
            rest: (!rest.is_empty())
                .then(|| Rest { members: rest.len(), counts: Counts::sum(rest) }),
            other: other.map(|row| Member::of(row, label)),
        }
    }

    /// Whether the vendor named nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.other.is_none()
    }
}

impl Member {
    fn of(row: &Row, label: &str) -> Self {
        Self { name: name(row, label).into_owned(), figures: Figures::of(row) }
    }
}
