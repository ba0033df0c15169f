//! What one answer comes to: the figures of its days as a running exporter would show them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::hours;
use crate::figures::klar::Tally;
use crate::figures::taprain::{Figures, Report};
use crate::figures::{klar_sheet, taprain_sheet};
use crate::model::range::{Days, Range};
use crate::model::settings::{KlarAccount, TapRainAccount};
use crate::snapshot::{Group, Sheet};
use crate::telemetry::Anomaly;

/// What of a report is history: the figures. What it says about itself is not.
const KEPT: [Group; 9] = [
    Group::TapRainSummary,
    Group::TapRainCountry,
    Group::TapRainSource,
    Group::TapRainOffer,
    Group::TapRainUnattributed,
    Group::KlarChannel,
    Group::KlarCampaign,
    Group::KlarAdGroup,
    Group::KlarAd,
];

/// One answer: a line of the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The account's place in the plan.
    pub leg: usize,
    /// The view's place in it.
    pub view: usize,
    /// The first date that was asked.
    pub start: Date,
    /// The first that was not.
    pub end: Date,
    /// Dates that have figures.
    pub days: Vec<Day>,
    /// What was odd, and how often.
    pub odd: Vec<(String, u64)>,
}

/// The figures of one date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// The date.
    pub date: Date,
    /// From which second on `today` was what, where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<(i64, Vec<Option<f64>>)>,
    /// The whole day, which is `yesterday` on the day after it: groups by name, their rows' labels
    /// and values.
    pub tables: Vec<(String, Vec<Line>)>,
}

/// The labels of a row as they stand between the braces, and its values.
pub type Line = (Box<str>, Box<[Option<f64>]>);

/// The answer for one date of a TapRain view.
pub fn taprain(
    account: &TapRainAccount,
    (leg, view): (usize, usize),
    date: Date,
    report: &Report,
) -> Entry {
    let zone = &account.common.timezone;
    let name = &account.views[view].name;
    let labels = |range: &Range| taprain_sheet::labels(&account.common.name, name, range.label());
    let (today, yesterday) = (labels(&Range::Today), labels(&Range::Yesterday));
    let naming = |labels| taprain_sheet::Naming { labels, limits: account.limits, zone };
    let whole = taprain_sheet::sheet(report, &naming(&yesterday));
    let five = |summary: Figures| {
        let so_far = Report { summary, ..Report::default() };
        let sheet = taprain_sheet::sheet(&so_far, &naming(&today)).sheet;
        let row = sheet.tables.into_iter().next().and_then(|table| table.rows.into_iter().next());
        row.map_or_else(Vec::new, |row| row.values.into_vec())
    };
    let growth = hours::growth(report, date, zone);
    let unplaced = growth.as_ref().map_or(0, |growth| growth.unplaced);
    let steps = growth.into_iter().flat_map(|growth| growth.steps);
    let growth: Vec<_> = steps.map(|(from, sum)| (from.as_second(), five(sum))).collect();
    let mut odd = named(whole.anomalies);
    odd.retain(|(reason, _)| reason != Anomaly::UnplacedHour.as_str());
    odd.extend((unplaced > 0).then(|| (Anomaly::UnplacedHour.as_str().to_owned(), unplaced)));
    let days = vec![Day { date, growth, tables: tables(whole.sheet) }];
    Entry { leg, view, start: date, end: date.tomorrow().unwrap_or(Date::MAX), days, odd }
}

/// The answer for some dates of a Klar view: a tally for each.
pub fn klar(
    account: &KlarAccount,
    (leg, view): (usize, usize),
    asked: Days,
    tallies: &[&Tally],
) -> Entry {
    let (zone, range) = (&account.common.timezone, Range::Yesterday);
    let labels = klar_sheet::labels(&account.common.name, &account.views[view], range.label());
    let (mut days, mut odd) = (Vec::new(), Vec::new());
    for tally in tallies.iter().filter(|tally| tally.rows() > 0) {
        let sheeted = klar_sheet::sheet(tally, &labels, account.limits, zone);
        odd.extend(named(sheeted.anomalies));
        let (date, growth) = (tally.days().start, Vec::new());
        days.push(Day { date, growth, tables: tables(sheeted.sheet) });
    }
    Entry { leg, view, start: asked.start, end: asked.end, days, odd }
}

fn named(odd: Vec<(Anomaly, u64)>) -> Vec<(String, u64)> {
    odd.into_iter().map(|(reason, times)| (reason.as_str().to_owned(), times)).collect()
}

fn tables(sheet: Sheet) -> Vec<(String, Vec<Line>)> {
    let kept = sheet.tables.into_iter().filter(|table| KEPT.contains(&table.group));
    let table = |table: crate::snapshot::Table| {
        let lines = table.rows.into_iter().map(|row| (row.labels, row.values)).collect();
        (table.group.as_str().to_owned(), lines)
    };
    kept.map(table).collect()
}
