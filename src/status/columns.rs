//! TapRain's columns, as every row of its lists has them.

use serde::Serialize;

use super::sheet::{sum, value};
use crate::snapshot::Row;

/// All five of a row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
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

/// Those that can be added up.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    /// Clicks; like every figure absent where the vendor did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// Leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// Revenue in the account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
}

impl Figures {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            clicks: value(row, 0),
            leads: value(row, 1),
            revenue: value(row, 2),
            cvr_ratio: value(row, 3),
            epc: value(row, 4),
        }
    }
}

impl Counts {
    pub(super) fn of(row: &Row) -> Self {
        Self { clicks: value(row, 0), leads: value(row, 1), revenue: value(row, 2) }
    }

    /// Of all `rows` together.
    pub(super) fn sum(rows: &[&Row]) -> Self {
        let column = |column| sum(rows.iter().map(|row| value(row, column)));
        Self { clicks: column(0), leads: column(1), revenue: column(2) }
    }
}
