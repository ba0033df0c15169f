//! The ledger's file: every request that still counts, whoever of the directory's processes sent it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clockwork::{Reckoning, Stamp};
use super::envelope::{self, Damage, Kind};
use crate::budget::{Budget, Sent};
use crate::clock::{Clock, Moment, Tick};

pub(super) const KIND: Kind = Kind { name: "ledger", version: 1 };

/// Nothing in a ledger lies further ahead: a file that says otherwise must not silence us for ever.
const FURTHEST: Duration = Duration::from_secs(24 * 3600);

/// The content. Numbers of milliseconds count back from the moment of saving.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct File {
    saved: Stamp,
    /// Whether the process that saved it sends nothing any more.
    closed: bool,
    /// Until when the API wants quiet.
    quiet_until: i64,
    /// Owner, serial, entered, not counted after, answered.
    requests: Vec<(u64, u64, i64, i64, Option<i64>)>,
}

/// What a ledger's file says, in today's ticks.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) requests: Vec<Sent>,
    pub(super) closed_until: Tick,
    /// How long nothing was saved by a process that did not say that it would send no more.
    pub(super) silent: Duration,
}

/// The file of `budget` as it is at `now`.
pub(super) fn seal(budget: &Budget, clock: &Clock, now: Moment, closed: bool) -> Vec<u8> {
    let saved = Stamp::new(clock, now);
    let ago = |tick| saved.ago(tick);
    let request = |sent: &Sent| {
        (sent.owner, sent.serial, ago(sent.at), ago(sent.until), sent.answered.map(ago))
    };
    let requests = budget.entries(now.tick).map(request).collect();
    let quiet_until = ago(budget.closed_until());
    let file = File { saved, closed, quiet_until, requests };
    // Numbers and texts only: that always becomes JSON.
    envelope::seal(KIND, &serde_json::to_vec(&file).unwrap_or_default())
}

/// Reads a file.
pub(super) fn unseal(bytes: &[u8]) -> Result<File, Damage> {
    let content = envelope::unseal(KIND, bytes)?;
    serde_json::from_slice(content).map_err(|_| Damage::Strange)
}

impl File {
    /// What it means on `clock` at `now`.
    pub(super) fn restore(&self, clock: &Clock, now: Moment) -> Restored {
        let reckoning = self.saved.reckon(clock, now);
        let latest = |ago| latest(&reckoning, ago, now.tick);
        let requests = self.requests.iter().map(|(owner, serial, at, until, answered)| Sent {
            owner: *owner,
            serial: *serial,
            at: latest(*at),
            until: latest(*until),
            answered: answered.map(latest),
        });
        let silent = reckoning.likely.unwrap_or(Duration::MAX);
        Restored {
            requests: requests.collect(),
            closed_until: latest(self.quiet_until),
            silent: if self.closed { Duration::ZERO } else { silent },
        }
    }
}

fn latest(reckoning: &Reckoning, ago: i64, now: Tick) -> Tick {
    reckoning.latest(ago).min(now + FURTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Advice, Opening};
    use crate::model::settings::BudgetTerms;
    use proptest::prelude::*;

    fn budget(owner: u64) -> Budget {
        let requests = std::num::NonZeroU32::new(5).unwrap();
        let terms = BudgetTerms { requests, per: Duration::from_secs(3600), reserve: 0.0 };
        Budget::owned(terms, owner)
    }

    fn moment(clock: &Clock, millis: u64) -> Moment {
        let now = clock.moment();
        let later = Duration::from_millis(millis);
        Moment { tick: now.tick + later, wall: now.wall + later }
    }

    #[test]
    fn the_format_of_version_1_is_read_as_it_was_written() {
        let old = include_bytes!("../../tests/fixtures/state/ledger-1");
        let file = unseal(old).unwrap();
        let clock = Clock::simulated("2026-11-21T10:00:00Z".parse().unwrap(), 1).with_boot("b-1");
        let now = Moment { tick: Tick::at(Duration::from_secs(1_010)), wall: clock.wall() };
        let restored = file.restore(&clock, now);
        assert_eq!(restored.requests.len(), 3);
        assert_eq!(restored.requests[0].answered, Some(Tick::at(Duration::from_millis(990_400))));
        assert_eq!(restored.requests[2].answered, None);
        assert_eq!(restored.requests[2].until, Tick::at(Duration::from_secs(1_060)));
        assert_eq!(restored.silent, Duration::from_secs(10));
    }

    #[test]
    fn a_file_from_far_ahead_does_not_silence_for_ever() {
        let clock = Clock::system();
        let now = clock.moment();
        let mut budget = budget(1);
        budget.close_until(now.tick + FURTHEST * 100);
        let restored = unseal(&seal(&budget, &clock, now, true)).unwrap().restore(&clock, now);
        assert_eq!(restored.closed_until, now.tick + FURTHEST);
    }

    proptest! {
        #[test]
        fn a_successor_never_opens_earlier_than_its_predecessor_would(
            gaps in prop::collection::vec((0_u64..2_000_000, prop::option::of(0_u64..90_000)), 1..8),
            down in 0_u64..5_000_000, rebooted in any::<bool>(), step in -3600_i64..=3600,
        ) {
            let clock = Clock::simulated("2026-11-21T10:00:00Z".parse().unwrap(), 1);
            let (mut first, mut now) = (budget(1), 0);
            for (gap, latency) in gaps {
                now += gap;
                let at = moment(&clock, now).tick;
                let Some(receipt) = first.take(at, Duration::from_secs(60)) else { continue };
                match latency {
                    Some(latency) => first.settle(&receipt, at + Duration::from_millis(latency), Advice::default()),
                    None => first.abandon(at + Duration::from_secs(60)),
                }
            }
            let file = unseal(&seal(&first, &clock, moment(&clock, now), false)).unwrap();
            let after = moment(&clock, now + down);
            let stepped = Moment { wall: after.wall + jiff::SignedDuration::from_secs(step), ..after };
            let clock = if rebooted { clock.with_boot("again") } else { clock };
            let restored = file.restore(&clock, stepped);
            let mut second = budget(2);
            second.adopt(restored.requests, restored.closed_until);
            let opens = |budget: &Budget| match budget.opening(after.tick) {
                Opening::Now => after.tick,
                Opening::At(tick) => tick,
                Opening::AfterAnswer => Tick::at(Duration::MAX),
            };
            prop_assert!(opens(&second) >= opens(&first));
            prop_assert!(second.reading(after.tick).used >= first.reading(after.tick).used);
        }

        #[test]
        fn any_content_is_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = unseal(&envelope::seal(KIND, &content));
        }
    }
}
