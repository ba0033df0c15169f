//! What a day at Klar is expected to be, as the page shows it beside what it was.

use std::collections::BTreeMap;

use super::OTHER;
use super::closed::Sums;
use super::fold::fold;
use super::klar_dates::{COST, GROSS_REVENUE, NET_REVENUE, ORDERS};
use crate::label::Labels;
use crate::number::to_f64;
use crate::snapshot::{Group, KLAR_COLUMNS, Row, Sheet, Table};

/// An expectation as labelled rows.
#[derive(Debug)]
pub struct Expected {
    /// Rows of the channels' table, under a range of their own.
    pub rows: Vec<Row>,
    /// On how many days they rest, and whether on settled ones.
    pub standing: Row,
}

impl Expected {
    /// Rows for `channels`, which rest on `weeks` days; `cold` if settled ones are among them.
    /// `labels` begin every row, `of` stand alone for the view.
    pub fn new(
        channels: BTreeMap<String, Sums>,
        weeks: u32,
        cold: bool,
        labels: &Labels,
        of: Labels,
    ) -> Self {
        let mut shown = fold(channels.into_iter().collect(), usize::MAX).shown;
        shown.sort_by_key(|(name, _)| name == OTHER);
        let rows = shown.into_iter().map(|(name, sums)| row(&name, &sums, labels)).collect();
        let cold = (weeks > 0).then(|| f64::from(cold));
        let standing = Row { labels: of.finish(), values: [Some(f64::from(weeks)), cold].into() };
        Self { rows, standing }
    }

    /// How many series it is.
    pub fn series(&self) -> usize {
        let rows = self.rows.iter().chain([&self.standing]);
        rows.map(|row| row.values.iter().flatten().count()).sum()
    }

    /// Adds it to the figures of the day that it is compared with.
    pub fn join(self, sheet: &mut Sheet) {
        let Self { rows, standing } = self;
        let channels = sheet.tables.iter_mut().find(|table| table.group == Group::KlarChannel);
        if let Some(table) = channels {
            table.rows.extend(rows);
        }
        sheet.tables.push(Table { group: Group::KlarBaseline, rows: vec![standing] });
    }
}

fn row(channel: &str, sums: &Sums, labels: &Labels) -> Row {
    let mut values = [None; KLAR_COLUMNS.len()];
    values[ORDERS] = sums.orders;
    values[NET_REVENUE] = sums.revenue;
    values[GROSS_REVENUE] = sums.gross_revenue;
    values[COST] = sums.cost;
    let values = values.map(|value| value.map(to_f64));
    Row { labels: labels.and("channel", channel), values: values.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn sums(orders: i64, gross: i64) -> Sums {
        Sums {
            orders: Some(orders.into()),
            gross_revenue: Some(Decimal::new(gross, 2)),
            ..Sums::default()
        }
    }

    #[test]
    fn an_expectation_stands_below_the_day_with_the_rest_last() {
        let channels = [("A", 2, 150), (OTHER, 9, 900), ("B", 1, 50)];
        let channels = channels.map(|(name, orders, gross)| (name.to_owned(), sums(orders, gross)));
        let labels = Labels::new().with("range", "x");
        let expected =
            Expected::new(channels.into(), 3, true, &labels, Labels::new().with("view", "v"));
        assert_eq!(expected.series(), 8);
        let row = Row { labels: "range=\"yesterday\"".into(), values: [None; 18].into() };
        let mut sheet = Sheet {
            tables: vec![Table { group: Group::KlarChannel, rows: vec![row] }],
            ..Sheet::default()
        };
        expected.join(&mut sheet);
        let labels: Vec<_> = sheet.tables[0].rows.iter().map(|row| &*row.labels).collect();
        let channel = |name| format!("range=\"x\",channel=\"{name}\"");
        assert_eq!(labels[1..], [channel("A"), channel("B"), channel(OTHER)]);
        assert_eq!(sheet.tables[0].rows[1].values[ORDERS], Some(2.0));
        assert_eq!(sheet.tables[0].rows[1].values[GROSS_REVENUE], Some(1.5));
        assert_eq!(sheet.tables[1].group, Group::KlarBaseline);
        assert_eq!(sheet.tables[1].rows[0].values[..], [Some(3.0), Some(1.0)]);
        assert_eq!(sheet.series(), 8);
    }

    #[test]
    fn no_expectation_says_that_it_rests_on_nothing() {
        let nothing = Expected::new(BTreeMap::new(), 0, false, &Labels::new(), Labels::new());
        assert_eq!(nothing.standing.values[..], [Some(0.0), None]);
        assert_eq!((nothing.series(), nothing.rows.len()), (1, 0));
    }
}
