//! The kept flows: names once, numbers small, so that five weeks of hours stay small.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amounts::Three;
use super::micros::Micros;
use crate::figures::OTHER;

/// Names kept for each member that an hour may show; beyond that the smallest are forgotten.
const NAMES_PER_MEMBER: usize = 4;

/// What a member did in an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[Micros; 3]", into = "[Micros; 3]")]
pub(super) struct Flow(pub(super) Three<Micros>);

/// A dimension's flows by the hour's start.
///
/// In memory a row is 32 bytes, and in JSON a few digits, because the rows of an hour are one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Hourly {
    names: Vec<Box<str>>,
    hours: BTreeMap<i64, Rows>,
}

/// The rows of an hour: a name's place and its flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Rows(Box<[(u16, Flow)]>);

impl Flow {
    pub(super) const ZERO: Self = Self(Three::all(Micros::ZERO));

    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.with(other.0, Micros::plus))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.with(other.0, Micros::minus))
    }

    /// What is large: clicks, then leads.
    pub(super) const fn rank(self) -> (Micros, Micros) {
        (self.0.clicks, self.0.leads)
    }

    pub(super) fn busy(self) -> bool {
        self.0.clicks > Micros::ZERO
    }

    fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    pub(super) fn floats(self) -> Three<f64> {
        self.0.map(Micros::float)
    }
}

impl Hourly {
    pub(super) fn forget(&mut self, before: i64) {
        self.hours = self.hours.split_off(&before);
    }

    /// What the heap holds of it.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let rows: usize = self.hours.values().map(|rows| size_of_val(&*rows.0)).sum();
        let names: usize = self.names.iter().map(|name| name.len()).sum();
        let places = 2 * self.names.len() * size_of::<Box<str>>();
        // A map's node holds up to eleven entries, and is half full at worst.
        rows + names + places + 2 * self.hours.len() * (size_of::<i64>() + size_of::<Rows>())
    }

    /// The names, by their place.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The flows of the hour that starts at the unix second `start`, by the place of the name; a
    /// name that is missing did nothing. `None` where they are unknown.
    pub(super) fn hour(&self, start: i64) -> Option<impl Iterator<Item = (usize, Three<f64>)>> {
        let rows = self.hours.get(&start)?;
        Some(rows.0.iter().map(|(name, flow)| (usize::from(*name), flow.floats())))
    }

    /// Keeps the `limit` largest of an hour, and the rest in `(other)`.
    pub(super) fn put(&mut self, start: i64, mut flows: Vec<(String, Flow)>, limit: usize) {
        flows.sort_by(|(a, x), (b, y)| {
            let own = |name: &String| name == OTHER;
            own(a).cmp(&own(b)).then_with(|| y.rank().cmp(&x.rank())).then_with(|| a.cmp(b))
        });
        let rest = flows.split_off(limit.min(flows.len()));
        let rest = rest.into_iter().fold(Flow::ZERO, |sum, (_, flow)| sum.plus(flow));
        flows.push((OTHER.to_owned(), rest));
        flows.retain(|(_, flow)| !flow.is_zero());
        self.make_room(flows.len(), limit);
        let mut rows: BTreeMap<u16, Flow> = BTreeMap::new();
        for (name, flow) in flows {
            let row = rows.entry(self.place(&name)).or_default();
            *row = row.plus(flow);
        }
        self.hours.insert(start, Rows(rows.into_iter().collect()));
    }

    fn place(&mut self, name: &str) -> u16 {
        let known = self.names.iter().position(|known| &**known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Forgets names when there are too many: those without an hour, then those of fewest clicks,
    /// whose flows go to `(other)`. Sources are whatever visitors write (trap T13).
    fn make_room(&mut self, coming: usize, limit: usize) {
        let most = (NAMES_PER_MEMBER * (limit + 1)).min(usize::from(u16::MAX));
        if self.names.len() + coming <= most.max(coming) {
            return;
        }
        let mut clicks: BTreeMap<u16, (Micros, Micros)> = BTreeMap::new();
        for (name, flow) in self.hours.values().flat_map(|rows| &rows.0) {
            let sum = clicks.entry(*name).or_default();
            *sum = (sum.0.plus(flow.0.clicks), sum.1.plus(flow.0.leads));
        }
        let mut ranked: Vec<u16> = clicks.keys().copied().collect();
        ranked.sort_by_key(|name| (std::cmp::Reverse(clicks.get(name).copied()), *name));
        ranked.truncate(most.saturating_sub(coming).min(2 * limit));
        let old = std::mem::take(&mut self.names);
        let hours = std::mem::take(&mut self.hours);
        let names: Vec<&str> = old.iter().map(|name| &**name).collect();
        let other = self.place(OTHER);
        let kept = |name: u16| names.get(usize::from(name)).copied();
        let moved: BTreeMap<u16, u16> =
            ranked.into_iter().filter_map(|name| Some((name, self.place(kept(name)?)))).collect();
        for (start, rows) in hours {
            let mut folded: BTreeMap<u16, Flow> = BTreeMap::new();
            for (name, flow) in rows.0 {
                let row = folded.entry(moved.get(&name).copied().unwrap_or(other)).or_default();
                *row = row.plus(flow);
            }
            self.hours.insert(start, Rows(folded.into_iter().collect()));
        }
    }
}

impl From<[Micros; 3]> for Flow {
    fn from([clicks, leads, revenue]: [Micros; 3]) -> Self {
        Self(Three { clicks, leads, revenue })
    }
}

impl From<Flow> for [Micros; 3] {
    fn from(flow: Flow) -> Self {
        flow.0.list()
    }
}

impl From<Rows> for String {
    fn from(rows: Rows) -> Self {
        let mut text = Self::new();
        for (name, Flow(three)) in &rows.0 {
            if !text.is_empty() {
                text.push(';');
            }
            text.push_str(itoa::Buffer::new().format(*name));
            for figure in three.list() {
                text.push(' ');
                figure.write(&mut text);
            }
        }
        text
    }
}

impl TryFrom<String> for Rows {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let row = |row: &str| {
            let mut words = row.split(' ');
            let name = words.next()?.parse().ok()?;
            let mut figure = || Micros::read(words.next()?);
            let three = Three { clicks: figure()?, leads: figure()?, revenue: figure()? };
            Some((name, Flow(three)))
        };
        let rows = text.split(';').filter(|row| !row.is_empty());
        rows.map(row)
            .collect::<Option<_>>()
            .map(Self)
            .ok_or("a flow is a name's place and three numbers")
    }
}
