//! What is odd about a Klar answer.

use crate::fetch::KlarReport;
use crate::telemetry::Anomaly;

/// Row counts that suggest a silent cut (trap K17).
const ROUND_COUNTS: [u64; 3] = [1_000, 10_000, 100_000];

pub(super) fn is_round(report: &KlarReport) -> bool {
    ROUND_COUNTS.contains(&report.seen.rows)
}

pub(super) fn oddities(report: &KlarReport) -> Vec<(Anomaly, u64)> {
    vec![
        (Anomaly::BadRow, report.seen.bad_rows),
        (Anomaly::BadNumber, report.seen.bad_numbers),
        (Anomaly::OutOfRangeRow, report.out_of_range),
        (Anomaly::RoundRowCount, u64::from(is_round(report))),
    ]
}
