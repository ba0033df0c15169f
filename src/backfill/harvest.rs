//! Every figure that was brought in, in little room: labels once, values in columns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::entry::{Day, Entry};
use crate::snapshot::Group;

/// All that is known.
#[derive(Clone, Debug, Default)]
pub struct Harvest {
    legs: BTreeMap<usize, Leg>,
    /// What was odd, and how often.
    pub odd: BTreeMap<String, u64>,
}

/// Where the clicks stand in TapRain's summary.
const CLICKS: usize = 0;

#[derive(Clone, Debug, Default)]
struct Leg {
    done: BTreeSet<(usize, Date)>,
    views: BTreeMap<usize, Crop>,
}

/// The figures of one view.
#[derive(Clone, Debug, Default)]
pub struct Crop {
    /// How each date grew: from which second on it had reached which values.
    pub growth: BTreeMap<Date, Vec<(i64, [f64; 5])>>,
    /// Whole days: groups, and their series by label.
    pub groups: BTreeMap<Group, BTreeMap<Box<str>, Series>>,
}

/// The values of one label set; what is absent is NaN, which no vendor's figure is.
#[derive(Clone, Debug, Default)]
pub struct Series {
    dates: Vec<Date>,
    values: Vec<f64>,
}

impl Harvest {
    /// Brings in an answer; one for a date that is known already changes nothing.
    pub fn add(&mut self, entry: &Entry) {
        let leg = self.legs.entry(entry.leg).or_default();
        let crop = leg.views.entry(entry.view).or_default();
        for day in &entry.days {
            if !leg.done.contains(&(entry.view, day.date)) {
                crop.add(day);
            }
        }
        let mut date = entry.start;
        while date < entry.end {
            leg.done.insert((entry.view, date));
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        for (reason, times) in &entry.odd {
            *self.odd.entry(reason.clone()).or_default() += times;
        }
    }

    /// Which (view, date)s of a leg are known.
    pub fn done(&self, leg: usize) -> BTreeSet<(usize, Date)> {
        self.legs.get(&leg).map(|leg| leg.done.clone()).unwrap_or_default()
    }

    /// The figures of one view.
    pub fn crop(&self, leg: usize, view: usize) -> Option<&Crop> {
        self.legs.get(&leg)?.views.get(&view)
    }

    /// How many of TapRain's (view, date)s had clicks, but not by the hour: `today` is not known then.
    pub fn hourless(&self) -> usize {
        let crops = self.legs.values().flat_map(|leg| leg.views.values());
        crops.map(Crop::hourless).sum()
    }

    /// How many (view, date)s are known of which no figure came.
    pub fn empty(&self) -> usize {
        let empty = |leg: &Leg| {
            let has =
                |view: &usize, date: &Date| leg.views.get(view).is_some_and(|crop| crop.has(*date));
            leg.done.iter().filter(|(view, date)| !has(view, date)).count()
        };
        self.legs.values().map(empty).sum()
    }
}

impl Crop {
    fn add(&mut self, day: &Day) {
        let five = |values: &Vec<Option<f64>>| {
            std::array::from_fn(|index| plain(values.get(index).copied().flatten()))
        };
        if !day.growth.is_empty() {
            let growth = day.growth.iter().map(|(from, values)| (*from, five(values)));
            self.growth.insert(day.date, growth.collect());
        }
        for (name, lines) in &day.tables {
            let Some(group) = Group::ALL.into_iter().find(|group| group.as_str() == name) else {
                continue;
            };
            let rows = self.groups.entry(group).or_default();
            for (labels, values) in lines {
                let values = (0..group.columns()).map(|index| values.get(index).copied().flatten());
                if let Some(series) = rows.get_mut(labels) {
                    series.push(day.date, values);
                } else {
                    let mut series = Series::default();
                    series.push(day.date, values);
                    rows.insert(labels.clone(), series);
                }
            }
        }
    }

    fn hourless(&self) -> usize {
        let group = Group::TapRainSummary;
        let Some(rows) = self.groups.get(&group) else { return 0 };
        let days = rows.values().flat_map(|series| series.column(CLICKS, group.columns()));
        days.filter(|(date, clicks)| *clicks > 0.0 && !self.growth.contains_key(date)).count()
    }

    fn has(&self, date: Date) -> bool {
        let mut all = self.groups.values().flat_map(BTreeMap::values);
        self.growth.contains_key(&date) || all.any(|series| series.dates.contains(&date))
    }
}

impl Series {
    fn push(&mut self, date: Date, values: impl Iterator<Item = Option<f64>>) {
        self.dates.push(date);
        self.values.extend(values.map(plain));
    }

    /// The dates that have a value in `column` of `columns`, in their order, with it.
    pub fn column(&self, column: usize, columns: usize) -> Vec<(Date, f64)> {
        let values = self.values.chunks(columns.max(1)).map(|row| row.get(column).copied());
        let dated = self.dates.iter().copied().zip(values);
        let mut known: Vec<_> = dated
            .filter_map(|(date, value)| Some((date, value.filter(|value| !value.is_nan())?)))
            .collect();
        known.sort_by_key(|(date, _)| *date);
        known
    }
}

fn plain(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}
