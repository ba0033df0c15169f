//! A Klar answer as JSON: what a lenient reader overlooks on purpose. Row by row, so that memory holds
//! one of them beside the body.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::label;

/// Texts of a row, as the page's sample has them.
const TEXTS: [&str; 5] = ["channelName", "date", "campaignName", "adGroupName", "adName"];

/// Ids of a row.
const IDS: [&str; 3] = ["campaignId", "adGroupId", "adId"];

/// Figures of a row, as the page's sample has them.
const FIGURES: [&str; 16] = [
    "orders",
    "nc",
    "rc",
    "netRevenue",
    "grossRevenue",
    "cost",
    "cm1",
    "cm2",
    "clv_30",
    "clv_60",
    "clv_90",
    "acm2",
    "ncGrossRevenue",
    "rcGrossRevenue",
    "ncNetRevenue",
    "rcNetRevenue",
];

/// Figures that no page names, seen in real rows (trap K18).
pub(super) const UNNAMED: [&str; 2] = ["clicks", "impressions"];

/// Names and dates kept at most.
const MOST: usize = 100;

/// What an answer's rows look like.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// All rows.
    pub(super) rows: u64,
    /// Rows by what stands under `date`, made harmless.
    pub(super) dates: BTreeMap<String, u64>,
    /// How each kind of id is written (trap K4).
    pub(super) ids: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// Which of [`UNNAMED`] came with a value.
    pub(super) unnamed: BTreeSet<&'static str>,
    /// Figures that came as texts (trap T8).
    pub(super) quoted: BTreeSet<&'static str>,
    /// Documented figures that no row had with a value (trap K5).
    pub(super) missing: Vec<&'static str>,
    /// Fields that the page does not name, made harmless.
    pub(super) strange: BTreeSet<String>,
}

impl Shape {
    /// Looks at an answer; `None` at what is no array of objects.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let mut seen: Seen = serde_json::from_slice(body).ok()?;
        let had = std::mem::take(&mut seen.had);
        let lacks = |name: &&str| seen.shape.rows > 0 && !had.contains(name);
        seen.shape.missing = FIGURES.into_iter().filter(lacks).collect();
        Some(seen.shape)
    }
}

#[derive(Default)]
struct Seen {
    shape: Shape,
    had: BTreeSet<&'static str>,
}

impl Seen {
    fn row(&mut self, row: &BTreeMap<String, &RawValue>) {
        self.shape.rows += 1;
        for (name, value) in row {
            self.field(name, value.get());
        }
        for id in IDS.into_iter().filter(|id| !row.contains_key(*id)) {
            self.shape.ids.entry(id).or_default().insert("missing");
        }
    }

    fn field(&mut self, name: &str, json: &str) {
        let find = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
        let text = json.starts_with('"');
        if let Some(id) = find(&IDS) {
            let kind = if text {
                "a text"
            } else if json == "null" {
                "null"
            } else {
                "a number"
            };
            self.shape.ids.entry(id).or_default().insert(kind);
        } else if let Some(figure) = find(&FIGURES).or_else(|| find(&UNNAMED)) {
            if json == "null" {
                return;
            }
            self.had.insert(figure);
            if UNNAMED.contains(&figure) {
                self.shape.unnamed.insert(figure);
            }
            if text {
                self.shape.quoted.insert(figure);
            }
        } else if name == "date" {
            let date = label::clean(json.trim_matches('"')).0.into_owned();
            if self.shape.dates.len() < MOST || self.shape.dates.contains_key(&date) {
                *self.shape.dates.entry(date).or_default() += 1;
            }
        } else if !TEXTS.contains(&name) && self.shape.strange.len() < MOST {
            self.shape.strange.insert(label::clean(name).0.into_owned());
        }
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for Seen {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<Self, A::Error> {
        while let Some(row) = rows.next_element::<BTreeMap<String, &'de RawValue>>()? {
            self.row(&row);
        }
        Ok(self)
    }
}
