//! When each account's requests arrived and were answered, and how far its budget was missed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use revenue_exporter::clock::Tick;

/// What an API allows, and how the exporter holds it.
pub struct Terms {
    pub letter: char,
    pub requests: usize,
    per: Duration,
    /// The window and the guard that the ledger adds to it: a five-thousandth.
    pub hold: Duration,
}

pub const TAPRAIN: usize = 0;
pub const KLAR: usize = 1;

pub const TERMS: [Terms; 2] = [
    Terms {
        letter: 't',
        requests: 600,
        per: Duration::from_secs(3600),
        hold: Duration::from_millis(3_600_720),
    },
    Terms {
        letter: 'k',
        requests: 2,
        per: Duration::from_secs(30),
        hold: Duration::from_millis(30_006),
    },
];

impl Terms {
    /// Between two requests of a full budget.
    pub fn interval(&self) -> Duration {
        self.hold / u32::try_from(self.requests).unwrap()
    }
}

/// When a request arrived, and when it was answered.
type Visit = (Tick, Tick);

/// The visits of every account.
pub struct Record([Vec<Mutex<Vec<Visit>>>; 2]);

impl Record {
    pub fn new(taprain: usize, klar: usize) -> Self {
        Self([taprain, klar].map(|count| (0..count).map(|_| Mutex::default()).collect()))
    }

    pub fn accounts(&self, api: usize) -> usize {
        self.0[api].len()
    }

    pub fn note(&self, api: usize, account: usize, arrived: Tick, answered: Tick) {
        self.0[api][account].lock().unwrap().push((arrived, answered));
    }

    /// What arrived from `from` until `until`, beside when the rule permitted it. A request that was
    /// permitted before `until` and has not come is missed as well.
    pub fn missed(&self, api: usize, from: Tick, until: Tick) -> Missed {
        let mut missed = Missed::default();
        for account in &self.0[api] {
            let mut log = account.lock().unwrap().clone();
            log.sort_unstable();
            missed.add(&TERMS[api], &log, from, until);
        }
        missed.shares.sort_unstable_by(f64::total_cmp);
        missed
    }
}

/// Every miss of every account of an API, as a share of the budget's interval.
#[derive(Default)]
pub struct Missed {
    shares: Vec<f64>,
    /// Those beyond a twentieth, and seconds since the measurement began.
    late: Vec<(f64, f64)>,
    arrived: usize,
    /// Requests that came when the limit was spent.
    pub broken: usize,
}

impl Missed {
    fn add(&mut self, terms: &Terms, log: &[Visit], from: Tick, until: Tick) {
        let interval = terms.interval().as_secs_f64();
        for place in 0..=log.len() {
            let arrived = log.get(place).map(|(arrived, _)| *arrived);
            let seen = arrived.unwrap_or(until).min(until);
            let Some(before) = place.checked_sub(terms.requests) else {
                self.arrived += usize::from(arrived.is_some_and(|at| from <= at && at < until));
                continue;
            };
            // The rule waits for every request up to that place.
            let answered = log[..=before].iter().rev().take(8).map(|(_, answered)| *answered).max();
            let answered = answered.unwrap();
            if arrived.is_some_and(|arrived| arrived < answered + terms.per) {
                self.broken += 1;
            }
            if seen < from || arrived.is_some_and(|arrived| arrived >= until) {
                continue;
            }
            self.arrived += usize::from(arrived.is_some());
            let share = seen.since(answered + terms.hold).as_secs_f64() / interval;
            if share > 0.05 {
                self.late.push((share, seen.since(from).as_secs_f64()));
            }
            self.shares.push(share);
        }
    }

    pub fn count(&self) -> usize {
        self.arrived
    }

    /// How many were missed by more than a twentieth, in each second.
    pub fn by_second(&self) -> BTreeMap<u64, usize> {
        self.late.iter().fold(BTreeMap::new(), |mut sum, (_, second)| {
            *sum.entry(second.round() as u64).or_default() += 1;
            sum
        })
    }

    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.shares.len().saturating_sub(1);
        self.shares.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }
}
