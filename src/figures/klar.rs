//! Adding up Klar's rows while they arrive, in memory that does not grow with them.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::closed::Daily;
use super::fold::Foldable;
use super::klar_dates::Dates;
use super::{NONE, OTHER, or_none};
use crate::model::klar::Detail;
use crate::model::range::Days;
use crate::number::add;
use crate::snapshot::KLAR_COLUMNS;

/// How many different keys are kept at the deepest level while reading; beyond it rows go to
/// their channel's `(other)`. Some 400 bytes each.
const MOST_KEYS: usize = 20_000;

/// Stands in a key between a level and the next. No text has such a byte, so no vendor's id can
/// look like two.
const BELOW: u8 = 0xff;

/// Stands in a key before a name that takes an id's place.
const NAME: u8 = 0xfe;

/// One value for each of [`KLAR_COLUMNS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values(pub [Option<Decimal>; KLAR_COLUMNS.len()]);

/// The columns that rank rows.
const NET_REVENUE: usize = 3;
const CLICKS: usize = 16;

impl Foldable for Values {
    fn revenue(&self) -> Option<Decimal> {
        self.0[NET_REVENUE]
    }

    fn clicks(&self) -> Option<Decimal> {
        self.0[CLICKS]
    }

    fn absorb(&mut self, other: &Self) {
        for (sum, value) in self.0.iter_mut().zip(&other.0) {
            *sum = add(*sum, *value);
        }
    }
}

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The date it is booked to.
    pub date: Date,
    /// The channel's name.
    pub channel: Cow<'a, str>,
    /// Campaign, ad group and ad.
    pub below: [Entity<'a>; 3],
    /// Its figures.
    pub values: Values,
}

/// A campaign, ad group or ad.
#[derive(Clone, Debug, Default)]
pub struct Entity<'a> {
    /// The id as its JSON text, never through a float (trap K4); `None` for null, 0 and "".
    pub id: Option<Cow<'a, str>>,
    /// The name, which may change while the id stays (trap K19).
    pub name: Option<Cow<'a, str>>,
}

/// One step of a path as the labels show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The id; a channel's is its name.
    pub id: String,
    /// The name.
    pub name: String,
}

impl Step {
    /// The folded rest.
    pub fn other() -> Self {
        Self { id: OTHER.to_owned(), name: OTHER.to_owned() }
    }
}

/// From channel down to the deepest level.
pub type Path = Vec<Step>;

/// Sums by key over the rows of some days.
#[derive(Debug)]
pub struct Tally {
    depth: usize,
    days: Days,
    cells: HashMap<Vec<u8>, (Path, Values), RandomState>,
    key: Vec<u8>,
    rows: u64,
    latest: Option<Date>,
    crowded: u64,
    dates: Dates,
}

impl Tally {
    /// An empty tally of `days`, down to `detail`.
    pub fn new(detail: Detail, days: Days) -> Self {
        let depth = match detail {
            Detail::Channel => 1,
            Detail::Campaign => 2,
            Detail::AdGroup => 3,
            Detail::Ad => 4,
        };
        let (cells, key, dates) = (HashMap::default(), Vec::new(), Dates::default());
        Self { depth, days, cells, key, rows: 0, latest: None, crowded: 0, dates }
    }

    /// The dates it adds up.
    pub fn days(&self) -> Days {
        self.days
    }

    /// How many rows belonged to it.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The newest date that had a row.
    pub fn latest(&self) -> Option<Date> {
        self.latest
    }

    /// How many rows found no room for their key and went to `(other)`.
    pub fn crowded(&self) -> u64 {
        self.crowded
    }

    /// Each date that had a row, by itself; of a merged tally only those of its first answer.
    pub fn daily(&self, channels: usize) -> Vec<Daily> {
        self.dates.daily(channels)
    }

    /// Levels below and including the channel.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Adds a row, if its date belongs to the tally's days.
    pub fn add(&mut self, line: &Line<'_>) {
        if !self.days.contains(line.date) {
            return;
        }
        self.rows += 1;
        self.latest = self.latest.max(Some(line.date));
        self.dates.add(line);
        self.write_key(line);
        if let Some((path, values)) = self.cells.get_mut(&self.key) {
            values.absorb(&line.values);
            rename(path, line);
        } else if self.cells.len() < MOST_KEYS {
            self.cells.insert(self.key.clone(), (path(line, self.depth), line.values));
        } else {
            self.add_crowded(line);
        }
    }

    /// Adds another tally of the same days and depth, read from another answer.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.latest = self.latest.max(other.latest);
        self.crowded += other.crowded;
        let mut cells: Vec<_> = other.cells.into_iter().collect();
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, (path, values)) in cells {
            match self.cells.get_mut(&key) {
                Some((_, sum)) => sum.absorb(&values),
                None => _ = self.cells.insert(key, (path, values)),
            }
        }
    }

    /// Every cell, sorted by path.
    pub fn cells(&self) -> Vec<(Path, Values)> {
        let mut cells: Vec<_> = self.cells.values().cloned().collect();
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        cells
    }

    /// Ids name an entity within its level only (trap K4), so the key is the whole path; without
    /// an id the name has to do.
    fn write_key(&mut self, line: &Line<'_>) {
        self.key.clear();
        self.key.extend_from_slice(line.channel.as_bytes());
        for entity in &line.below[..self.depth - 1] {
            self.key.push(BELOW);
            if let Some(id) = &entity.id {
                self.key.extend_from_slice(id.as_bytes());
            } else {
                self.key.push(NAME);
                self.key.extend_from_slice(entity.name.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }

    fn add_crowded(&mut self, line: &Line<'_>) {
        self.crowded += 1;
        let roomy = self.cells.len() < 2 * MOST_KEYS;
        let channel = if self.depth > 1 && roomy { &*line.channel } else { OTHER };
        let mut path = vec![Step { id: channel.to_owned(), name: channel.to_owned() }];
        path.resize_with(self.depth, Step::other);
        // No vendor's key ends like this one.
        let key = [channel.as_bytes(), &[BELOW, BELOW]].concat();
        self.cells
            .entry(key)
            .and_modify(|(_, values)| values.absorb(&line.values))
            .or_insert((path, line.values));
    }
}

fn path(line: &Line<'_>, depth: usize) -> Path {
    let channel = or_none(Some(&line.channel)).to_owned();
    let mut path = vec![Step { id: channel.clone(), name: channel }];
    for entity in &line.below[..depth - 1] {
        let id = entity.id.as_deref().unwrap_or(NONE).to_owned();
        path.push(Step { id, name: or_none(entity.name.as_deref()).to_owned() });
    }
    path
}

/// Names change while ids stay: the last one wins (trap K19).
fn rename(path: &mut Path, line: &Line<'_>) {
    for (step, entity) in path.iter_mut().skip(1).zip(&line.below) {
        let name = or_none(entity.name.as_deref());
        if step.name != name {
            name.clone_into(&mut step.name);
        }
    }
}
