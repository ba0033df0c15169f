//! What is asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

pub struct Options {
    /// How many accounts, one run each.
    pub accounts: Vec<usize>,
    /// Which APIs they have: both in halves, or one.
    of: String,
    /// How long is measured.
    pub time: Duration,
    /// How long it runs before that.
    pub settle: Duration,
    /// How long an answer takes.
    pub latency: Duration,
    /// Begins with no ledger, instead of with an hour in which all was spent.
    pub cold: bool,
    /// Days of history; the past is asked for where there are any.
    pub history: usize,
    /// Where the state is kept: a disk, and no memory that looks like one.
    pub directory: PathBuf,
    /// Prints what the program logged.
    pub verbose: bool,
    /// Runs the program under this command.
    pub under: Option<String>,
}

impl Options {
    /// `--accounts 1000,10000 --minutes 2 --settle 60 --latency 50 --history 35 --cold --of taprain`.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            words.iter().position(|word| word == name).and_then(|place| words.get(place + 1))
        };
        let number = |name: &str, usual: f64| {
            value(name).map_or(usual, |number| number.parse().expect("a number"))
        };
        let has = |name: &str| words.iter().any(|word| word == name);
        let accounts = value("--accounts").map_or("1000,2500,5000,10000", String::as_str);
        Self {
            accounts: accounts.split(',').map(|number| number.parse().expect("a number")).collect(),
            of: value("--of").map_or("both", String::as_str).to_owned(),
            time: Duration::from_secs_f64(number("--minutes", 2.0) * 60.0),
            settle: Duration::from_secs_f64(number("--settle", 60.0)),
            latency: Duration::from_secs_f64(number("--latency", 50.0) / 1e3),
            cold: has("--cold"),
            history: number("--history", 0.0) as usize,
            directory: value("--directory").map_or_else(std::env::temp_dir, PathBuf::from),
            verbose: has("--verbose"),
            under: value("--under").cloned(),
        }
    }

    /// How many of them are TapRain's and Klar's.
    pub fn split(&self, accounts: usize) -> [usize; 2] {
        match self.of.as_str() {
            "taprain" => [accounts, 0],
            "klar" => [0, accounts],
            _ => [accounts.div_ceil(2), accounts / 2],
        }
    }

    /// What was chosen, in a line.
    pub fn said(&self) -> String {
        let start =
            if self.cold { "without a ledger" } else { "after an hour in which all was spent" };
        format!(
            "of {}, started {start}, {:.0} s after the start for {:.0} s; an answer takes {:.0} ms; history of {} days",
            self.of,
            self.settle.as_secs_f64(),
            self.time.as_secs_f64(),
            self.latency.as_secs_f64() * 1e3,
            self.history,
        )
    }
}
