//! The first rows of a list, and all others added up.

use serde::Serialize;

use super::TOP;
use super::sheet::{name, sum, value};
use crate::figures::OTHER;
use crate::snapshot::Row;

/// A list of TapRain's, highest revenue first.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Top {
    /// At most [`TOP`] rows.
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
    /// Clicks; like every figure absent where the vendor did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// Leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// Revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
    /// Leads per click, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvr_ratio: Option<f64>,
    /// Revenue per click in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epc: Option<f64>,
}

/// Several members together.
#[derive(Clone, Debug, Serialize)]
pub struct Rest {
    /// How many.
    pub members: usize,
    /// Their clicks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// Their leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// Their revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
}

impl Top {
    /// Of `rows`, named by `label`, which come highest revenue first.
    pub(super) fn of(rows: &[Row], label: &str) -> Self {
        let (named, other): (Vec<&Row>, Vec<&Row>) =
            rows.iter().partition(|row| name(row, label) != OTHER);
        let (shown, rest) = named.split_at(TOP.min(named.len()));
        Self {
            rows: shown.iter().map(|row| Member::of(row, label)).collect(),
            rest: (!rest.is_empty()).then(|| Rest::of(rest)),
            other: other.first().map(|row| Member::of(row, label)),
        }
    }

    /// Whether the vendor named nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.other.is_none()
    }
}

impl Member {
    fn of(row: &Row, label: &str) -> Self {
        Self {
            name: name(row, label).into_owned(),
            clicks: value(row, 0),
            leads: value(row, 1),
            revenue: value(row, 2),
            cvr_ratio: value(row, 3),
            epc: value(row, 4),
        }
    }
}

impl Rest {
    fn of(rows: &[&Row]) -> Self {
        let column = |column| sum(rows.iter().map(|row| value(row, column)));
        Self { members: rows.len(), clicks: column(0), leads: column(1), revenue: column(2) }
    }
}
