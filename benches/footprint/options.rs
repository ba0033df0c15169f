//! What is asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

pub struct Options {
    /// A program that is there, instead of one that is built.
    pub program: Option<PathBuf>,
    /// How long to wait before looking, and then to look.
    pub idle: Duration,
    pub starts: usize,
}

impl Options {
    /// `--program target/release/revenue-exporter`, `--idle 60`, `--starts 20`.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            words.iter().position(|word| word == name).and_then(|place| words.get(place + 1))
        };
        let number = |name: &str, usual: u64| {
            value(name).map_or(usual, |number| number.parse().expect("a number"))
        };
        Self {
            program: value("--program").map(PathBuf::from),
            idle: Duration::from_secs(number("--idle", 60)),
            starts: usize::try_from(number("--starts", 20)).unwrap(),
        }
    }
}
