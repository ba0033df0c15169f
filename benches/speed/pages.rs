//! Accounts whose figures fill a page, the same in every run.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use revenue_exporter::board::Board;
use revenue_exporter::budget::Budget;
use revenue_exporter::clock::Tick;
use revenue_exporter::label::Labels;
use revenue_exporter::model::settings::BudgetTerms;
use revenue_exporter::model::{AccountState, Api};
use revenue_exporter::plan::Plan;
use revenue_exporter::snapshot::{AccountPart, Good, Group, Row, Sheet, Slot, Table};

/// How many accounts there usually are.
const ACCOUNTS: usize = 20;

/// The currency of them all.
pub const CURRENCY: &str = "USD";

/// When everything is alive.
pub const NOW: Tick = Tick::at(Duration::from_secs(1));

const RANGES: [&str; 4] = ["today", "yesterday", "30days", "month_to_date"];

/// The groups that have rows; each has five columns, of which two are money.
pub const GROUPS: [Group; 3] = [Group::TapRainCountry, Group::TapRainSource, Group::TapRainOffer];

/// Rows by group, of 250.
const SHARES: [usize; 3] = [50, 100, 100];

/// One row before it is written down.
pub struct Figures {
    /// Six names with their values. Real rows have four: the goal speaks of six labels.
    pub labels: [(&'static str, String); 6],
    /// Clicks, leads, revenue, conversions a click, revenue a click.
    pub values: [f64; 5],
}

/// A set of accounts with this many samples in all, a multiple of accounts x 4 x 5 x 5. Another
/// `version` has other values under the same labels.
#[derive(Clone, Copy)]
pub struct Pages {
    pub samples: usize,
    pub accounts: usize,
    pub version: u64,
}

impl Pages {
    pub fn new(samples: usize) -> Self {
        Self { samples, accounts: ACCOUNTS, version: 0 }
    }

    /// The same accounts after other answers.
    pub fn changed(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    pub fn board(self) -> Board {
        Board::new((0..self.accounts).map(|account| self.part(account)).collect())
    }

    /// What one account publishes.
    pub fn part(self, account: usize) -> AccountPart {
        let requests = NonZeroU32::new(600).unwrap();
        let terms = BudgetTerms { requests, per: Duration::from_secs(3600), reserve: 0.0 };
        AccountPart {
            api: Api::TapRain,
            account: name(account).into(),
            timezone: "America/New_York".into(),
            currency: CURRENCY.into(),
            state: Some(AccountState::Ok),
            up: Some(true),
            broken: false,
            token_expiry: None,
            budget: Arc::new(Mutex::new(Budget::new(terms))),
            plan: Plan::default(),
            whole: None,
            slots: (0..RANGES.len()).map(|range| self.slot(account, range)).collect(),
        }
    }

    /// The rows of `GROUPS[group]` in one account's range.
    pub fn rows(self, account: usize, range: usize, group: usize) -> Vec<Figures> {
        let rows = self.samples / (self.accounts * RANGES.len() * 5);
        let place = (account * RANGES.len() + range) * GROUPS.len() + group;
        let mut random = Rng::with_seed(self.version << 32 | place as u64);
        let row = |index| Figures {
            labels: labels(account, range, group, index),
            values: values(&mut random),
        };
        (0..rows * SHARES[group] / 250).map(row).collect()
    }

    /// The rows of `GROUPS[group]`, account after account.
    pub fn all(self, group: usize) -> impl Iterator<Item = Figures> {
        let places =
            (0..self.accounts).flat_map(|account| (0..RANGES.len()).map(move |r| (account, r)));
        places.flat_map(move |(account, range)| self.rows(account, range, group))
    }

    fn slot(self, account: usize, range: usize) -> Slot {
        let table = |(group, of): (usize, &Group)| Table {
            group: *of,
            rows: self.rows(account, range, group).iter().map(Figures::written).collect(),
        };
        let tables = GROUPS.iter().enumerate().map(table).collect();
        let sheet = Sheet { tables, folded: Vec::new() };
        let good = Good {
            series: sheet.series(),
            sheet: Arc::new(sheet),
            arrived: Tick::default(),
            stale_from: Tick::at(Duration::from_secs(3600)),
            ends: None,
        };
        Slot {
            view: "all-offers".into(),
            range: RANGES[range].into(),
            meaning: "".into(),
            every: Duration::from_secs(300),
            interval: Duration::from_secs(300),
            next_due: None,
            up: Some(true),
            last_success: None,
            good: Some(good),
        }
    }
}

impl Figures {
    fn written(&self) -> Row {
        let add = |all: Labels, (name, value): &(&str, String)| all.with(name, value);
        let labels = self.labels.iter().fold(Labels::new(), add).finish();
        Row { labels, values: self.values.map(Some).into() }
    }
}

fn name(account: usize) -> String {
    format!("publisher-{account:02}")
}

fn labels(account: usize, range: usize, group: usize, index: usize) -> [(&'static str, String); 6] {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap());
    let alone = |of: usize, value: String| if of == group { value } else { "(all)".to_owned() };
    let mut country: String = [letter(index / 26), letter(index)].into_iter().collect();
    if index >= 26 * 26 {
        // More than there are in the world, so that a million samples differ.
        country.push(letter(index / (26 * 26)));
    }
    [
        ("account", name(account)),
        ("view", "all-offers".to_owned()),
        ("range", RANGES[range].to_owned()),
        ("country", alone(0, country)),
        ("source", alone(1, format!("newsletter_{index:03}_evening_readers"))),
        ("offer", alone(2, format!("Freecash – iOS, level {index}, \"new\" users"))),
    ]
}

/// Money to the cent, ratios to the millionth: as the API rounds them.
fn values(random: &mut Rng) -> [f64; 5] {
    let clicks = f64::from(random.u32(1..=random.clone().u32(2..20_000)));
    let leads = (clicks * 0.12 * random.f64()).round();
    let revenue = (leads * 5.5 * random.f64() * 100.0).round() / 100.0;
    let millionths = |value: f64| (value * 1e6).round() / 1e6;
    [clicks, leads, revenue, millionths(leads / clicks), millionths(revenue / clicks)]
}
