//! What is asked for on the command line.

pub struct Options {
    /// Only these works, where any are named; `decode` is both APIs.
    only: Vec<String>,
    /// How cost grows, instead of the comparison: CSV.
    pub growth: bool,
    /// How many rows Klar answers.
    pub rows: usize,
    /// Does one small work and measures nothing, for whoever counts its instructions ...
    pub once: Option<String>,
    /// ... this often, after it has prepared everything.
    pub times: usize,
}

impl Options {
    /// `--growth`, `--only render,decode`, `--rows 1000000`, `--once klar`, `--times 1`.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| {
            words.iter().position(|word| word == name).and_then(|place| words.get(place + 1))
        };
        let number = |name: &str, usual: usize| {
            value(name).map_or(usual, |number| number.parse().expect("a number"))
        };
        let only = value("--only").map(|list| list.split(',').map(str::to_owned).collect());
        Self {
            only: only.unwrap_or_default(),
            growth: words.iter().any(|word| word == "--growth"),
            rows: number("--rows", 100_000),
            once: value("--once").cloned(),
            times: number("--times", 1),
        }
    }

    /// Whether a work is to be done.
    pub fn wants(&self, work: &str) -> bool {
        let decodes = ["klar", "taprain"].contains(&work);
        let named = |name: &String| name == work || (decodes && name == "decode");
        self.only.is_empty() || self.only.iter().any(named)
    }
}
