//! What is normal, as the page shows it.

use std::time::Duration;

use super::{MEMBER_WINDOWS, Member, Outlook, Terms, WINDOWS};
use crate::figures::taprain::DIMENSIONS;
use crate::hours::amounts::Three;
use crate::label::Labels;
use crate::snapshot::{Group, Row, Table};

/// The groups of each dimension: windows, what was expected of them, and baselines.
const MEMBERS: [[Group; 3]; 3] = [
    [
        Group::TapRainCountryWindow,
        Group::TapRainCountryExpectedWindow,
        Group::TapRainCountryBaseline,
    ],
    [Group::TapRainSourceWindow, Group::TapRainSourceExpectedWindow, Group::TapRainSourceBaseline],
    [Group::TapRainOfferWindow, Group::TapRainOfferExpectedWindow, Group::TapRainOfferBaseline],
];

/// Seconds in an hour.
const HOUR: f64 = 3600.0;

/// The tables of `outlook`, in the order of the groups, each row's labels beginning with `labels`.
/// `settled` is how long after its end an hour has nearly all its leads, where that was observed.
pub fn tables(
    outlook: &Outlook,
    terms: Terms,
    settled: Option<Duration>,
    labels: &Labels,
) -> Vec<Table> {
    let mut tables = vec![
        table(Group::TapRainExpected, expected(outlook, terms, labels)),
        table(Group::TapRainBaseline, vec![baseline(outlook, settled, labels)]),
    ];
    let windows = outlook.windows.iter().zip(WINDOWS);
    let named = windows.map(|(window, hours)| (window, labels.and("window", &name(hours))));
    let (mut actual, mut normal) = (Vec::new(), Vec::new());
    for (window, labels) in named {
        actual.push(row(labels.clone(), window.actual.floats().list().to_vec()));
        let mut values = window.expected.list().to_vec();
        values.push(window.expected_leads_given_clicks);
        normal.push(row(labels, values));
    }
    tables.push(table(Group::TapRainWindow, actual));
    tables.push(table(Group::TapRainExpectedWindow, normal));
    for (index, members) in outlook.members.iter().enumerate() {
        tables.extend(dimension(index, members, labels));
    }
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn expected(outlook: &Outlook, terms: Terms, labels: &Labels) -> Vec<Row> {
    let (low, high) = outlook.band.map(|band| (band.low, band.high)).unzip();
    let mut values = outlook.today.list().to_vec();
    values.extend([low, high, low.map(|_| terms.quantile)]);
    vec![row(labels.clone().finish(), values)]
}

#[expect(clippy::cast_precision_loss, reason = "weeks and hours are few")]
fn baseline(outlook: &Outlook, settled: Option<Duration>, labels: &Labels) -> Row {
    let (weeks, lag) = (outlook.baseline_weeks as f64, outlook.lag as f64 * HOUR);
    let settled = settled.map(|settled| settled.as_secs_f64());
    let values = vec![outlook.baseline_cvr, Some(weeks), Some(lag), settled];
    row(labels.clone().finish(), values)
}

fn dimension(index: usize, members: &[Member], labels: &Labels) -> Vec<Table> {
    let (Some(label), Some([window, expected, baseline])) =
        (DIMENSIONS.get(index), MEMBERS.get(index).copied())
    else {
        return Vec::new();
    };
    let three = |three: Option<Three<f64>>| {
        three.map_or_else(|| vec![None; 3], |three| three.map(Some).list().to_vec())
    };
    let (mut actual, mut normal, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        let own = labels.clone().with(label, &member.name);
        for (window, hours) in member.windows.iter().zip(MEMBER_WINDOWS) {
            let labels = own.and("window", &name(hours));
            actual.push(row(labels.clone(), three(window.actual)));
            normal.push(row(labels, three(window.expected)));
        }
        rates.push(row(own.finish(), vec![member.baseline_cvr]));
    }
    vec![table(window, actual), table(expected, normal), table(baseline, rates)]
}

/// A window's label.
fn name(hours: usize) -> String {
    format!("{hours}h")
}

fn row(labels: Box<str>, values: Vec<Option<f64>>) -> Row {
    Row { labels, values: values.into_iter().map(|value| value.map(plain)).collect() }
}

/// Without the digits that only say that it is an average: a millionth is finer than any cent or ratio.
fn plain(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A row that knows nothing shows nothing.
fn table(group: Group, mut rows: Vec<Row>) -> Table {
    rows.retain(|row| row.values.iter().any(Option::is_some));
    Table { group, rows }
}
