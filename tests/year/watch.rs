//! The judge: looks at everything that is shown, and at what is missing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use revenue_exporter::clock::{Clock, Moment, Tick};
use revenue_exporter::snapshot::{Good, Sheet, Slot, Snapshot};

use super::chronicle::Chronicle;
use super::claim::{Claims, Proof};
use super::health::Health;
use super::plan::Watched;
use super::shown;
use crate::support::page::Page;
use crate::support::truth::{self, Series};

/// No figure lives longer than this, or three intervals where that is more.
const LEAST_LIFE: Duration = Duration::from_secs(15 * 60);

/// A figure is asked for again an interval later, at most a quarter more, and after this.
const UNRUSHED: Duration = Duration::from_secs(5 * 60);

/// A clock that was set right again is followed within this time.
const FOLLOWED: Duration = Duration::from_secs(2 * 60);

/// Proofs kept of each slot, because a restarted exporter may show again what was proved before.
const PROOFS: usize = 4;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub looks: u64,
    pub pages: u64,
    pub sheets: u64,
    pub samples: u64,
    /// Samples that were shown, once for each look.
    pub seen: u64,
}

/// One account's slot.
type Place = (usize, usize);

/// Knows the truth and remembers what it has seen.
pub struct Watch {
    pub health: [Health; 2],
    pub counts: Counts,
    pub accounts: Vec<Watched>,
    chronicle: Arc<Chronicle>,
    truth: Clock,
    slack: SignedDuration,
    /// Until when the exporter may think that its machine's clock, which was set, is right.
    unsteady_until: Tick,
    /// When the exporter began.
    started: Tick,
    proved: BTreeMap<Place, VecDeque<(Timestamp, Arc<Sheet>, Proof)>>,
    /// What was wrong, when first, and how often.
    wrong: BTreeMap<String, (Timestamp, u64)>,
}

impl Watch {
    /// `slack` is how wrong a claimed instant may be.
    pub fn new(
        accounts: Vec<Watched>,
        chronicle: Arc<Chronicle>,
        truth: Clock,
        slack: SignedDuration,
    ) -> Self {
        Self {
            health: [Health::default(); 2],
            counts: Counts::default(),
            accounts,
            chronicle,
            truth,
            slack,
            unsteady_until: Tick::default(),
            started: Tick::default(),
            proved: BTreeMap::new(),
            wrong: BTreeMap::new(),
        }
    }

    /// The exporter begins anew.
    pub fn restarted(&mut self) {
        self.started = self.truth.tick();
    }

    /// Looks at all that is known at `told`, by the clock of the exporter's machine.
    pub fn look(&mut self, snapshot: &Snapshot, told: Moment) {
        self.counts.looks += 1;
        let now = self.truth.moment();
        if told.wall != now.wall {
            self.unsteady_until = now.tick + FOLLOWED;
        }
        for (index, part) in snapshot.accounts.iter().enumerate() {
            for (slot_index, slot) in part.slots.iter().enumerate() {
                let place = (index, slot_index);
                match slot.good.as_ref().filter(|good| good.lives(told.tick)) {
                    Some(good) => self.shown(place, slot, good, now),
                    None => self.absent(place, slot, now),
                }
            }
        }
    }

    /// Reads the whole page: it holds the living sheets of `snapshot`, and nothing else.
    pub fn read(&mut self, page: &Page, snapshot: &Snapshot, told: Moment) {
        self.counts.pages += 1;
        let now = self.truth.moment();
        let mut wanted = Series::new();
        for (part, account) in snapshot.accounts.iter().zip(&self.accounts) {
            for slot in &part.slots {
                if let Some(good) = slot.good.as_ref().filter(|good| good.lives(told.tick)) {
                    wanted.extend(shown::series(&good.sheet, account.currency));
                }
                if let Some(at) = slot.last_success {
                    let labels = format!(
                        "api=\"{}\",account=\"{}\",view=\"{}\",range=\"{}\"",
                        part.api.as_str(),
                        part.account,
                        slot.view,
                        slot.range
                    );
                    let name = "revenue_exporter_last_success_timestamp_seconds";
                    wanted.insert(format!("{name}{{{labels}}}"), seconds(at));
                }
            }
        }
        let mut shown = page.figures("taprain_");
        shown.extend(page.figures("klar_"));
        shown.extend(page.with("revenue_exporter_last_success_timestamp_seconds{", &[]));
        for difference in truth::differences(&wanted, &shown, 0.0).into_iter().take(5) {
            self.note(now, format!("the page: {difference}"));
        }
    }

    /// What was wrong, in the order of its first time.
    pub fn verdict(&self) -> Vec<String> {
        let mut all: Vec<_> = self.wrong.iter().collect();
        all.sort_by_key(|(_, (first, _))| *first);
        all.iter().map(|(what, (first, times))| format!("{first} ({times} x) {what}")).collect()
    }

    fn shown(&mut self, place: Place, slot: &Slot, good: &Good, now: Moment) {
        let Some(proof) = self.proof(place, slot, &good.sheet, now) else { return };
        self.counts.seen += proof.samples as u64;
        for wrong in self.untimely(place, slot, proof, now).into_iter().flatten() {
            self.note(now, format!("{}: {wrong}", self.name(place)));
        }
    }

    /// What is wrong with showing at `now` what was true once.
    fn untimely(
        &self,
        place: Place,
        slot: &Slot,
        proof: Proof,
        now: Moment,
    ) -> [Option<String>; 2] {
        let (account, range) = self.at(place);
        let age = now.tick.since(proof.at);
        let today = self.possible_dates(account, now);
        let of_another_day = range.moves() && !today.contains(&proof.date);
        let of_another_day = of_another_day.then(|| format!("of {} on {}", proof.date, today[1]));
        let health = self.health[place.0];
        let life = LEAST_LIFE.max(slot.interval * 3);
        let unrushed =
            slot.interval.mul_f64(1.25) + UNRUSHED + health.late(account.api, range, slot.interval);
        let well = health.well(slot.interval).map(|well| well.max(self.started) + unrushed);
        let too_old = if age > life {
            Some(format!("older than {life:?}"))
        } else if age > unrushed && well.is_some_and(|well| now.tick > well) {
            Some("old though the API is well".to_owned())
        } else {
            None
        };
        [of_another_day, too_old]
    }

    fn absent(&mut self, place: Place, slot: &Slot, now: Moment) {
        let (account, range) = self.at(place);
        let midnight = now.wall.to_zoned(account.zone.clone()).start_of_day().unwrap().timestamp();
        let since = now.tick - now.wall.duration_since(midnight).unsigned_abs();
        let since = if range.moves() { since.max(self.started) } else { self.started };
        let due = self.health[place.0].due(account.api, range, slot.interval, since);
        let [early, _, late] = self.possible_dates(account, now);
        let turning = range.moves() && early != late;
        if due.is_some_and(|due| now.tick > due) && !turning {
            self.note(now, format!("{}: absent though the API is well", self.name(place)));
        }
    }

    /// What is proved about a sheet; a new one is compared with what was answered.
    fn proof(
        &mut self,
        place: Place,
        slot: &Slot,
        sheet: &Arc<Sheet>,
        now: Moment,
    ) -> Option<Proof> {
        let told = slot.last_success.unwrap_or(Timestamp::MIN);
        let known = self.proved.get(&place).into_iter().flatten();
        let mut known = known.filter(|(of, ..)| *of == told);
        let same = |known: &Arc<Sheet>| Arc::ptr_eq(known, sheet) || known == sheet;
        if let Some((.., proof)) = known.find(|(_, known, _)| same(known)) {
            return Some(*proof);
        }
        self.counts.sheets += 1;
        let claims = Claims { chronicle: &self.chronicle, slack: self.slack };
        let (account, range) = self.at(place);
        match claims.judge(account, range, slot, sheet) {
            Ok(proof) => {
                self.counts.samples += proof.samples as u64;
                let proofs = self.proved.entry(place).or_default();
                proofs.push_back((told, Arc::clone(sheet), proof));
                proofs.drain(..proofs.len().saturating_sub(PROOFS));
                Some(proof)
            }
            Err(wrong) => {
                let first = wrong[..wrong.len().min(3)].join("; ");
                self.note(now, format!("{}: {first}", self.name(place)));
                None
            }
        }
    }

    /// The dates that it may be: one, unless the machine's clock is a little off, which nobody can
    /// tell. The earlier, the true and the later one.
    fn possible_dates(&self, account: &Watched, now: Moment) -> [Date; 3] {
        let slack = if now.tick < self.unsteady_until { self.slack } else { SignedDuration::ZERO };
        [-slack, SignedDuration::ZERO, slack].map(|off| account.date(now.wall + off))
    }

    fn at(&self, (account, slot): Place) -> (&Watched, &revenue_exporter::model::range::Range) {
        let account = &self.accounts[account];
        (account, &account.ranges[slot])
    }

    fn name(&self, place: Place) -> String {
        let (account, range) = self.at(place);
        format!("{} {}", account.api.as_str(), range.label())
    }

    fn note(&mut self, now: Moment, what: String) {
        self.wrong.entry(what).or_insert((now.wall, 0)).1 += 1;
    }
}

/// Seconds since 1970 as the page writes them.
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
