//! What Prometheus would have scraped of one run, as sparsely as the rules allow: a value that does
//! not change is written once an hour, unless a rule reads its series over a range.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::wire_format::Written;

/// What ends a series.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// Seconds after which an unchanged value is written again.
const REPEAT: i64 = 3_300;

/// Which metrics are read, and which of them over ranges.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub names: BTreeSet<String>,
    pub dense: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub struct Recording {
    places: HashMap<String, usize>,
    series: Vec<Kept>,
    looks: u32,
}

#[derive(Debug)]
struct Kept {
    labels: BTreeMap<String, String>,
    dense: bool,
    samples: Vec<(i64, f64)>,
    seen: u32,
    /// What was seen last, and when it was written.
    last: (i64, f64),
}

impl Recording {
    /// Notes a whole page, scraped at `seconds` from `instance`.
    pub fn page(&mut self, text: &str, seconds: i64, wanted: &Wanted, instance: &str) {
        self.looks += 1;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, value)) = line.rsplit_once(' ') else { continue };
            let name = key.split('{').next().unwrap_or(key);
            if wanted.names.contains(name) {
                self.note(key, seconds, value.parse().unwrap(), wanted, instance);
            }
        }
        self.settle(seconds);
    }

    /// A scrape that failed, or the end of the run.
    pub fn silence(&mut self, seconds: i64) {
        self.looks += 1;
        self.settle(seconds);
    }

    /// Notes one value besides the pages; it belongs to no look of its own.
    pub fn note(&mut self, key: &str, seconds: i64, value: f64, wanted: &Wanted, instance: &str) {
        let place = if let Some(place) = self.places.get(key) {
            *place
        } else {
            self.series.push(Kept::new(key, wanted, instance));
            self.places.insert(key.to_owned(), self.series.len() - 1);
            self.series.len() - 1
        };
        let kept = &mut self.series[place];
        kept.seen = self.looks;
        kept.push(seconds, value);
    }

    /// Ends what the last look did not show.
    fn settle(&mut self, seconds: i64) {
        for kept in &mut self.series {
            if kept.seen != self.looks && kept.last.1.to_bits() != STALE {
                kept.push(seconds, f64::from_bits(STALE));
            }
        }
    }

    pub fn written(&self) -> impl Iterator<Item = Written<'_>> {
        self.series.iter().map(|kept| Written {
            labels: kept
                .labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            samples: &kept.samples,
        })
    }
}

impl Kept {
    fn new(key: &str, wanted: &Wanted, instance: &str) -> Self {
        let (name, rest) = key.split_once('{').unwrap_or((key, ""));
        let mut labels = labels(rest);
        labels.insert("__name__".to_owned(), name.to_owned());
        labels.insert("instance".to_owned(), instance.to_owned());
        labels.insert("job".to_owned(), "revenue-exporter".to_owned());
        let dense = wanted.dense.contains(name);
        Self { labels, dense, samples: Vec::new(), seen: 0, last: (0, f64::from_bits(STALE)) }
    }

    fn push(&mut self, seconds: i64, value: f64) {
        let same = self.last.1.to_bits() == value.to_bits();
        if self.dense || !same || seconds - self.last.0 >= REPEAT {
            self.samples.push((seconds * 1_000, value));
            self.last = (seconds, value);
        }
    }
}

/// Reads `a="x",b="y"}`; what is escaped stays as it is where no rule can care.
fn labels(mut rest: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut chars = after.char_indices();
        let mut end = after.len();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => value.push(chars.next().map_or('\\', |(_, next)| next)),
                _ => value.push(char),
            }
        }
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        rest = &after[end..];
    }
    labels
}

/// A recorded rule's result, written back under its name.
pub fn written_back(
    labels: &BTreeMap<String, String>,
    values: &[(i64, f64)],
    step: i64,
    dense: bool,
) -> Vec<(i64, f64)> {
    let _ = labels;
    let mut samples: Vec<(i64, f64)> = Vec::new();
    let (mut last, mut written) = (None::<(i64, f64)>, i64::MIN);
    for (at, value) in values {
        if let Some((before, _)) = last
            && at - before > step
        {
            samples.push(((before + step) * 1_000, f64::from_bits(STALE)));
            written = i64::MIN;
        }
        let same = last.is_some_and(|(_, known)| known.to_bits() == value.to_bits());
        if dense || !same || written == i64::MIN || at - written >= REPEAT {
            samples.push((at * 1_000, *value));
            written = *at;
        }
        last = Some((*at, *value));
    }
    if let Some((at, _)) = last {
        samples.push(((at + step) * 1_000, f64::from_bits(STALE)));
    }
    samples
}
