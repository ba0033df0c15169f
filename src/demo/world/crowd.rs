//! The clicks of an hour, and what of them never changes: most never become a lead.

use std::collections::BTreeMap;

use super::tally::{Count, Members, Tally};
use super::traffic::{Click, NEVER};

/// An hour's clicks.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) all: Box<[Click]>,
    /// Those that become a lead some time.
    leading: Box<[Click]>,
    /// Clicks by the place of their source, country and offer.
    sources: Box<[(u16, u64)]>,
    countries: Box<[(u16, u64)]>,
    offers: Box<[(u16, u64)]>,
}

impl Crowd {
    pub(super) fn new(clicks: Vec<Click>) -> Self {
        let leading = clicks.iter().filter(|click| click.delay != NEVER).copied().collect();
        Self {
            leading,
            sources: by(&clicks, |members| members.source),
            countries: by(&clicks, |members| members.country),
            offers: by(&clicks, |members| members.offer),
            all: clicks.into(),
        }
    }

    /// Adds the whole hour, which begins at the minute `start` and is over at `seen`.
    pub(super) fn add_to(&self, tally: &mut Tally, start: i64, seen: i64) {
        tally.all.clicks += self.all.len() as u64;
        for (rows, counts) in [
            (&mut tally.source, &self.sources),
            (&mut tally.country, &self.countries),
            (&mut tally.offer, &self.offers),
        ] {
            for (place, clicks) in counts {
                if let Some(row) = rows.get_mut(usize::from(*place)) {
                    row.clicks += clicks;
                }
            }
        }
        for click in &self.leading {
            let worth = click.worth(start + i64::from(click.minute), seen);
            tally.add(click.members, Count { clicks: 0, ..worth });
        }
    }
}

fn by(clicks: &[Click], place: impl Fn(Members) -> u16) -> Box<[(u16, u64)]> {
    let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
    for click in clicks {
        *counts.entry(place(click.members)).or_default() += 1;
    }
    counts.into_iter().collect()
}
