//! The figures' file: an account's last good answers, and how old they are.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clockwork::{Reckoning, Stamp};
use super::envelope::{self, Damage, Kind};
use crate::calendar::Calendar;
use crate::clock::{Clock, Moment};
use crate::model::AccountState;
use crate::snapshot::{AccountPart, End, Good, Group, Row, Sheet, Slot, Table, stale_from};

pub(super) const KIND: Kind = Kind { name: "figures", version: 1 };

/// Names that are remembered by reference.
const DIMENSIONS: [&str; 7] =
    ["country", "source", "offer", "channel", "campaign", "ad_group", "ad"];

/// The content.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct File {
    saved: Stamp,
    /// What the account's calendar said at that tick.
    time: Timestamp,
    state: Option<String>,
    up: Option<bool>,
    token_expiry: Option<Timestamp>,
    slots: Vec<SlotFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SlotFile {
    view: String,
    range: String,
    meaning: String,
    up: Option<bool>,
    last_success: Option<Timestamp>,
    /// Milliseconds before the moment of saving.
    arrived: i64,
    ends: Option<Timestamp>,
    folded: Vec<(String, u64)>,
    tables: Vec<TableFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TableFile {
    group: String,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

/// The file of what `part` knows, at `now` of its own calendar.
pub(super) fn seal(part: &AccountPart, clock: &Clock, now: Moment) -> Vec<u8> {
    let saved = Stamp::new(clock, clock.moment());
    let slots = part.slots.iter().filter_map(|slot| slot_file(slot, &saved)).collect();
    let state = part.state.map(|state| state.as_str().to_owned());
    let time = Calendar::new(now).at(saved.tick());
    let token_expiry = part.token_expiry;
    let file = File { saved, time, state, up: part.up, token_expiry, slots };
    // A value that is no number is not written: JSON has none.
    envelope::seal(KIND, &serde_json::to_vec(&file).unwrap_or_default())
}

fn slot_file(slot: &Slot, saved: &Stamp) -> Option<SlotFile> {
    let good = slot.good.as_ref()?;
    let row = |row: &Row| (String::from(&*row.labels), row.values.to_vec());
    let table = |table: &Table| TableFile {
        group: table.group.as_str().to_owned(),
        rows: table.rows.iter().map(row).collect(),
    };
    Some(SlotFile {
        view: String::from(&*slot.view),
        range: String::from(&*slot.range),
        meaning: String::from(&*slot.meaning),
        up: slot.up,
        last_success: slot.last_success,
        arrived: saved.ago(good.arrived),
        ends: good.ends.map(|end| end.at),
        folded: good.sheet.folded.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect(),
        tables: good.sheet.tables.iter().map(table).collect(),
    })
}

/// Reads a file.
pub(super) fn unseal(bytes: &[u8]) -> Result<File, Damage> {
    let content = envelope::unseal(KIND, bytes)?;
    serde_json::from_slice(content).map_err(|_| Damage::Strange)
}

impl File {
    /// Gives `part` what it knew at the time, as far as it still means the same. Returns the
    /// account's calendar, where the ticks are still the same row.
    pub(super) fn restore(
        self,
        part: &mut AccountPart,
        clock: &Clock,
        now: Moment,
    ) -> Option<Moment> {
        let reckoning = self.saved.reckon(clock, now);
        let anchor = Moment { tick: self.saved.tick(), wall: self.time };
        let anchor = reckoning.exact.then_some(anchor);
        let calendar = anchor.map_or_else(|| Calendar::new(now), Calendar::resumed);
        let slots = self.slots.into_iter();
        let slots = slots.filter_map(|slot| slot.restore(&reckoning, &calendar, now)).collect();
        let state = AccountState::ALL
            .into_iter()
            .find(|known| Some(known.as_str()) == self.state.as_deref());
        let before = AccountPart {
            state,
            up: self.up,
            token_expiry: self.token_expiry,
            slots,
            ..part.clone()
        };
        part.inherit(&before);
        anchor
    }
}

impl SlotFile {
    fn restore(self, reckoning: &Reckoning, calendar: &Calendar, now: Moment) -> Option<Slot> {
        let arrived = reckoning.likely(self.arrived).filter(|arrived| *arrived <= now.tick)?;
        let ends = self.ends.map(|at| End { at, tick: calendar.tick_of(at, now.tick) });
        let folded = self.folded.into_iter();
        let folded =
            folded.map(|(name, rows)| Some((known(&name)?, rows))).collect::<Option<_>>()?;
        let tables = self.tables.into_iter().map(TableFile::restore).collect::<Option<_>>()?;
        let sheet = Sheet { tables, folded };
        let stale_from = stale_from(arrived, std::time::Duration::ZERO);
        let good =
            Good { series: sheet.series(), sheet: Arc::new(sheet), arrived, stale_from, ends };
        Some(Slot {
            view: self.view.into(),
            range: self.range.into(),
            meaning: self.meaning.into(),
            every: std::time::Duration::ZERO,
            interval: std::time::Duration::ZERO,
            next_due: None,
            up: self.up,
            last_success: self.last_success,
            good: Some(good),
        })
    }
}

impl TableFile {
    /// `None` for a table that this version does not know, or whose rows have not its columns.
    fn restore(self) -> Option<Table> {
        let group = Group::ALL.into_iter().find(|group| group.as_str() == self.group)?;
        let row = |(labels, values): (String, Vec<Option<f64>>)| {
            let fits = values.len() == group.columns();
            fits.then(|| Row { labels: labels.into(), values: values.into() })
        };
        Some(Table { group, rows: self.rows.into_iter().map(row).collect::<Option<_>>()? })
    }
}

fn known(dimension: &str) -> Option<&'static str> {
    DIMENSIONS.into_iter().find(|known| *known == dimension)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Tick;
    use crate::exposition::sample;
    use crate::state::days;
    use proptest::prelude::*;
    use std::time::Duration;

    fn clock() -> Clock {
        Clock::simulated("2026-03-18T16:00:00Z".parse().unwrap(), 1)
    }

    fn later(seconds: u64) -> Moment {
        let wall = "2026-03-18T16:00:00Z".parse::<Timestamp>().unwrap();
        let passed = Duration::from_secs(seconds);
        Moment { tick: Tick::at(passed), wall: wall + passed }
    }

    /// A part whose slots mean what the file says.
    fn like(file: &File) -> AccountPart {
        let mut part = sample::taprain("t");
        let slot = |slot: &SlotFile| Slot {
            view: slot.view.as_str().into(),
            range: slot.range.as_str().into(),
            meaning: slot.meaning.as_str().into(),
            every: Duration::from_secs(3600),
            interval: Duration::from_secs(3600),
            next_due: None,
            up: None,
            last_success: None,
            good: None,
        };
        part.slots = file.slots.iter().map(slot).collect();
        part
    }

    #[test]
    fn the_format_of_version_1_is_read_as_it_was_written() {
        let files = [
            (&include_bytes!("../../tests/fixtures/state/taprain-figures-1")[..], 7),
            (&include_bytes!("../../tests/fixtures/state/klar-figures-1")[..], 3),
        ];
        for (bytes, tables) in files {
            let file = unseal(bytes).unwrap();
            let mut part = like(&file);
            let anchor = file.restore(&mut part, &clock(), later(100)).unwrap();
            let began = anchor.wall - anchor.tick.since_start();
            assert_eq!(
                began.round(jiff::Unit::Second).unwrap(),
                "2026-03-18T16:00:05Z".parse().unwrap()
            );
            let good = part.slots[0].good.as_ref().unwrap();
            assert_eq!(good.sheet.tables.len(), tables);
            assert!(good.lives(later(100).tick) && part.up == Some(true));
        }
        let days = [
            &include_bytes!("../../tests/fixtures/state/taprain-days-1")[..],
            &include_bytes!("../../tests/fixtures/state/klar-days-1")[..],
        ];
        assert!(days.into_iter().all(|bytes| days::unseal(bytes).is_ok()));
    }

    #[test]
    fn figures_from_the_future_are_not_shown() {
        let bytes = include_bytes!("../../tests/fixtures/state/taprain-figures-1");
        let file = unseal(bytes).unwrap();
        let mut part = like(&file);
        let (again, back) = (clock().with_boot("again"), later(0));
        let wall = back.wall - Duration::from_secs(3600);
        assert_eq!(file.restore(&mut part, &again, Moment { wall, ..back }), None);
        assert!(part.slots.iter().all(|slot| slot.good.is_none()));
    }

    proptest! {
        #[test]
        fn every_value_comes_back_to_the_bit(values in prop::array::uniform5(
            prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL),
        )) {
            let mut part = sample::taprain("t");
            let row = Row { labels: "a=\"b\"".into(), values: values.into() };
            let tables = vec![Table { group: Group::TapRainSummary, rows: vec![row] }];
            let sheet = Arc::new(Sheet { tables, folded: vec![("country", 3)] });
            part.slots[0].good.as_mut().unwrap().sheet = Arc::clone(&sheet);
            let file = unseal(&seal(&part, &clock(), later(0))).unwrap();
            let mut again = like(&file);
            file.restore(&mut again, &clock(), later(0));
            prop_assert_eq!(&again.slots[0].good.as_ref().unwrap().sheet, &sheet);
        }
    }
}
