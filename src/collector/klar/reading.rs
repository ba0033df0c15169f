//! What a Klar request asks, what is odd about its answer, and what its figures are called.

use jiff::civil::Date;

use crate::clock::Tick;
use crate::collector::vendor::{Flight, Wants};
use crate::fetch::KlarReport;
use crate::label::Labels;
use crate::model::range::Days;
use crate::model::settings::{KlarAccount, KlarView};
use crate::telemetry::Anomaly;

/// Row counts that suggest a silent cut (trap K17).
const ROUND_COUNTS: [u64; 3] = [1_000, 10_000, 100_000];

/// The labels that begin every row of `view`.
pub(in crate::collector) fn view_labels(account: &KlarAccount, view: &KlarView) -> Labels {
    Labels::new()
        .with("account", &account.common.name)
        .with("view", &view.name)
        .with("model", view.model.as_str())
        .with("attribution_window", view.window.as_str())
        .with("date_basis", view.basis.as_str())
}

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

/// A request for `days`, reckoned from `today`, that serves `job`.
pub(super) fn flight(
    job: usize,
    endpoint: &'static str,
    today: Date,
    days: Days,
    now: Tick,
) -> Flight {
    Flight {
        job,
        also: Vec::new(),
        endpoint,
        wants: Wants::Figures,
        carries_secret: false,
        today,
        days,
        token: 0,
        asked: now,
    }
}
