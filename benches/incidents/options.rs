//! What is asked for on the command line.

use crate::batch::Batch;
use crate::calendar::Calendar;

pub struct Options {
    pub short: bool,
    pub workers: usize,
    pub sizes: Vec<u32>,
    pub seeds: u64,
    /// Only these scenarios, where any are named.
    pub only: Vec<u32>,
    /// Says what every run made of it.
    pub verbose: bool,
    /// Where the report goes; nowhere unless everything was run.
    pub write: bool,
}

impl Options {
    /// `--short`, `--sizes 45,450`, `--seeds 20`, `--only 3,10`, `--workers 2`, `--verbose`,
    /// `--write`.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            words.iter().position(|word| word == name).and_then(|place| words.get(place + 1))
        };
        let list = |name: &str| -> Vec<u32> {
            let numbers = value(name).map(|list| list.split(',').map(|n| n.parse().unwrap()));
            numbers.map(Iterator::collect).unwrap_or_default()
        };
        let short = words.iter().any(|word| word == "--short");
        let (sizes, only) = (list("--sizes"), list("--only"));
        let asked = value("--seeds").map(|seeds| seeds.parse().unwrap());
        let whole = sizes.is_empty() && only.is_empty() && asked.is_none();
        Self {
            short,
            workers: value("--workers").map_or(2, |count| count.parse().unwrap()),
            sizes: match (sizes.is_empty(), short) {
                (false, _) => sizes,
                (true, true) => vec![450],
                (true, false) => vec![45, 450, 4500],
            },
            seeds: asked.unwrap_or(if short { 1 } else { 20 }),
            only,
            verbose: words.iter().any(|word| word == "--verbose"),
            write: (!short && whole) || words.iter().any(|word| word == "--write"),
        }
    }

    /// The longest last in the list, and so first to be taken.
    pub fn batches(&self) -> Vec<Batch> {
        let mut batches = Vec::new();
        for calendars in Calendar::TOGETHER.iter().rev().copied() {
            for leads_per_day in self.sizes.iter().copied() {
                batches.extend((0..self.seeds).map(|seed| Batch {
                    leads_per_day,
                    seed,
                    calendars,
                }));
            }
        }
        batches
    }
}
