//! Klar's rows added up by date and channel, for comparing a date with itself later.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::closed::{Daily, Sums};
use super::fold::{Foldable, fold, total};
use super::klar::{Line, Values};
use super::{OTHER, or_none};
use crate::label;

/// Channels kept for each date while reading; more go to `(other)`.
const MOST_CHANNELS: usize = 200;

/// Places in [`Values`].
pub(super) const ORDERS: usize = 0;
pub(super) const NET_REVENUE: usize = 3;
pub(super) const GROSS_REVENUE: usize = 4;
pub(super) const COST: usize = 9;

/// Sums by date and channel; bounded by the dates of a tally.
#[derive(Debug, Default)]
pub struct Dates(BTreeMap<Date, BTreeMap<String, Sums>>);

impl Dates {
    /// Adds a row.
    pub fn add(&mut self, line: &Line<'_>) {
        let channels = self.0.entry(line.date).or_default();
        let (name, row) = (or_none(Some(&line.channel)), sums(&line.values));
        if let Some(sum) = channels.get_mut(name) {
            sum.absorb(&row);
            return;
        }
        let name = if channels.len() < MOST_CHANNELS { name } else { OTHER };
        channels.entry(name.to_owned()).and_modify(|sum| sum.absorb(&row)).or_insert(row);
    }

    /// Every date that had a row, with its `limit` largest channels and the rest as `(other)`.
    pub fn daily(&self, limit: usize) -> Vec<Daily> {
        let day = |(date, channels): (&Date, &BTreeMap<String, Sums>)| Daily {
            date: *date,
            all: total(channels.values()).unwrap_or_default(),
            channels: folded(channels, limit),
        };
        self.0.iter().map(day).collect()
    }
}

fn sums(Values(values): &Values) -> Sums {
    Sums {
        revenue: values[NET_REVENUE],
        gross_revenue: values[GROSS_REVENUE],
        cost: values[COST],
        orders: values[ORDERS],
        ..Sums::default()
    }
}

fn folded(channels: &BTreeMap<String, Sums>, limit: usize) -> BTreeMap<String, Sums> {
    let folded = fold(channels.clone().into_iter().collect(), limit);
    let rest = folded.rest.into_iter().map(|(_, row)| (OTHER.to_owned(), row));
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for (name, row) in folded.shown.into_iter().chain(rest) {
        let name = label::clean(&name).0.into_owned();
        sums.entry(name).and_modify(|sum| sum.absorb(&row)).or_insert(row);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rust_decimal::Decimal;

    fn line(day: i8, channel: &str, cents: i64) -> Line<'_> {
        let mut values = Values::default();
        values.0[NET_REVENUE] = Some(Decimal::new(cents, 2));
        values.0[ORDERS] = Some(Decimal::ONE);
        Line {
            date: date(2026, 3, day),
            channel: channel.into(),
            below: Default::default(),
            values,
        }
    }

    #[test]
    fn each_date_is_the_sum_of_its_rows_and_its_channels_fold_without_losing_any() {
        let mut dates = Dates::default();
        for (day, channel, cents) in
            [(1, "A", 100), (1, "B", 250), (1, "A", 1), (2, "A", -30), (1, "C", 7)]
        {
            dates.add(&line(day, channel, cents));
        }
        let days = dates.daily(1);
        assert_eq!(days.len(), 2);
        assert_eq!(days[0].all.revenue, Some(Decimal::new(358, 2)));
        assert_eq!(days[0].all.orders, Some(4.into()));
        let names: Vec<_> = days[0].channels.keys().map(String::as_str).collect();
        assert_eq!(names, ["(other)", "B"]);
        assert_eq!(total(days[0].channels.values()), Some(days[0].all));
        assert_eq!(days[1].all.revenue, Some(Decimal::new(-30, 2)));
    }

    #[test]
    fn k17_channels_without_end_take_no_room_without_end() {
        let mut dates = Dates::default();
        let names: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
        for name in &names {
            dates.add(&line(1, name, 1));
        }
        assert!(dates.0.values().all(|channels| channels.len() <= MOST_CHANNELS + 1));
        assert_eq!(dates.daily(50)[0].all.revenue, Some(10.into()));
    }
}
