//! From what an API answered to what the page shows: adding up, folding, naming.
//!
//! Pure, exact and deterministic: sums are decimal, and the same rows give the same sheet.

pub mod closed;
pub mod fold;
pub mod klar;
pub mod klar_dates;
pub mod klar_expected;
pub mod klar_sheet;
pub mod taprain;
pub mod taprain_sheet;

use crate::snapshot::Sheet;
use crate::telemetry::Anomaly;

/// A sheet, and what was odd on the way to it.
#[derive(Debug)]
pub struct Sheeted {
    /// The figures as shown.
    pub sheet: Sheet,
    /// Anomalies and how often each was met.
    pub anomalies: Vec<(Anomaly, u64)>,
}

/// The label of what a vendor left null or empty.
pub const NONE: &str = "(none)";

/// The label of the folded rest.
pub const OTHER: &str = "(other)";

/// A vendor's label: its text, or [`NONE`] where there is none.
pub fn or_none(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or(NONE)
}
