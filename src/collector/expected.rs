//! What Klar's yesterday is expected to be, from the days that are remembered, beside what it was.

use jiff::civil::Date;

use crate::figures::Sheeted;
use crate::figures::klar_expected::Expected;
use crate::figures::klar_sheet::labels;
use crate::history::History;
use crate::label::Labels;
use crate::model::range::SAME_WEEKDAY;
use crate::model::settings::{KlarAccount, KlarView};
use crate::telemetry::Anomaly;
use crate::weekday::{Baseline, baseline};

/// What `date` is expected to be in `view`.
pub(super) fn expected(
    account: &KlarAccount,
    view: &KlarView,
    history: &History,
    date: Date,
) -> Expected {
    let (zone, limit) = (&account.common.timezone, account.limits.channel);
    let Baseline { weeks, cold, channels } = baseline(history, &view.name, date, zone, limit);
    let labels = labels(&account.common.name, view, SAME_WEEKDAY);
    let of = Labels::new().with("account", &account.common.name).with("view", &view.name);
    Expected::new(channels, weeks, cold, &labels, of)
}

/// Adds it to the figures of the day, unless the page has no room for it.
pub(super) fn join(sheeted: &mut Sheeted, expected: Expected, room: usize) {
    if sheeted.sheet.series() + expected.series() <= room {
        expected.join(&mut sheeted.sheet);
    } else {
        sheeted.anomalies.push((Anomaly::SeriesLimit, 1));
    }
}
