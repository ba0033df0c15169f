//! What goes wrong in the business, or only looks as if it did: an overlay on its figures, which up
//! to its beginning are those of the same business without it.

use jiff::Timestamp;

use super::traffic::{Click, NEVER};
use super::{between, bits, minute};

/// Robots write random sources; so many different ones.
pub(super) const ROBOTS: u16 = 300;

/// How old leads are that a chargeback takes, at most, in minutes.
const CHARGED_BACK: i64 = 5 * 24 * 60;

/// Something that happens to the business from one moment to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// What it is.
    pub what: What,
}

/// Whom it concerns: places in the business's own lists, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everyone.
    All,
    /// The clicks of a source.
    Source(u16),
    /// The clicks of a country.
    Country(u16),
    /// The clicks of an offer.
    Offer(u16),
}

/// What happens. Factors are of what would have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Clicks become fewer, or more.
    Clicks(Who, f64),
    /// Only this share of the leads is told.
    Leads(Who, f64),
    /// What a lead pays.
    Payout(Who, f64),
    /// This share of the leads of five days is taken back, within six hours.
    Chargeback(f64),
    /// Robots click, so many for each click, from random sources, and buy nothing.
    Flood(f64),
    /// Every day's clicks and leads are so much of those of the day before.
    Decay {
        /// Of the clicks.
        clicks: f64,
        /// Of the leads that they bring.
        leads: f64,
    },
    /// An offer goes on under another name.
    Renamed(u16),
    /// The share of the shop's orders that is left.
    Orders(f64),
    /// What the ads of a channel cost is told no more.
    CostUntold(&'static str),
    /// The shop's days that begin in this time have no row until it is over.
    DaysUntold,
    /// Credit moves among the channels, for days before it as well; all together get the same.
    Recredited,
    /// This share of the shop's earlier revenue was returned, and is booked to the orders' days.
    Returned(f64),
}

impl Incident {
    fn minutes(&self) -> (i64, i64) {
        (minute(self.from), minute(self.until))
    }

    /// Whether it is under way at the minute `at`.
    pub(super) fn covers(&self, at: i64) -> bool {
        let (from, until) = self.minutes();
        (from..until).contains(&at)
    }

    /// What it makes of the clicks of `hour`.
    pub(super) fn befall(&self, seed: u64, hour: i64, clicks: Vec<Click>) -> Vec<Click> {
        if let What::Flood(factor) = self.what {
            return self.flood(seed, hour, factor, clicks);
        }
        let mut made = Vec::with_capacity(clicks.len());
        let mut rng = fastrand::Rng::with_seed(super::hash(seed, &[43, bits(hour)]));
        for (number, click) in (0_u64..).zip(&clicks) {
            let draw = |what| between(0.0, 1.0, seed, &[what, bits(hour), number]);
            let at = hour * 60 + i64::from(click.minute);
            let copies = self.copies(click, at, draw(40));
            if copies > 0 {
                made.push(self.altered(*click, at, draw(41)));
            }
            made.extend((1..copies).map(|_| self.another(click, hour, &clicks, &mut rng)));
        }
        made
    }

    /// One click more of the same kind: it has a fate of its own, or leads would come in pairs.
    fn another(&self, like: &Click, hour: i64, all: &[Click], rng: &mut fastrand::Rng) -> Click {
        let kin = |click: &&Click| match self.what {
            What::Clicks(who, _) => who.is(click),
            _ => true,
        };
        let count = all.iter().filter(kin).count();
        let chosen = all.iter().filter(kin).nth(rng.usize(..count.max(1))).unwrap_or(like);
        let minute = rng.u16(0..60);
        let is_late_enough = self.covers(hour * 60 + i64::from(minute));
        Click { minute: if is_late_enough { minute } else { like.minute }, ..*chosen }
    }

    /// How many clicks there are for one.
    fn copies(&self, click: &Click, at: i64, luck: f64) -> u32 {
        let share = match self.what {
            What::Clicks(who, share) if self.covers(at) && who.is(click) => share,
            What::Decay { clicks, .. } if self.covers(at) => libm::pow(clicks, self.days(at)),
            _ => 1.0,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small one")]
        let copies = (share + luck).floor() as u32;
        copies
    }

    fn days(&self, at: i64) -> f64 {
        (at - self.minutes().0) as f64 / 1440.0
    }

    fn altered(&self, mut click: Click, at: i64, luck: f64) -> Click {
        if let What::Renamed(offer) = self.what
            && self.covers(at)
            && click.members.offer == offer
        {
            click.members.offer = super::traffic::RENAMED;
        }
        if click.delay == NEVER {
            return click;
        }
        let lead = at + i64::from(click.delay);
        let kept = match self.what {
            What::Leads(who, kept) if self.covers(lead) && who.is(&click) => kept,
            What::Decay { leads, .. } if self.covers(lead) => libm::pow(leads, self.days(lead)),
            _ => 1.0,
        };
        if luck >= kept {
            click.delay = NEVER;
        }
        match self.what {
            What::Payout(who, factor) if self.covers(lead) && who.is(&click) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "cents"
                )]
                let cents = (f64::from(click.cents) * factor).round() as u32;
                click.cents = cents;
            }
            What::Chargeback(share) if luck < share => {
                self.charge_back(&mut click, lead, luck / share);
            }
            _ => {}
        }
        click
    }

    fn charge_back(&self, click: &mut Click, lead: i64, luck: f64) {
        let (from, _) = self.minutes();
        if lead < from && from - lead < CHARGED_BACK && click.returned == NEVER {
            #[expect(clippy::cast_possible_truncation, reason = "six hours")]
            let taken = from + (luck * 360.0) as i64;
            click.returned = u16::try_from(taken - lead).unwrap_or(NEVER);
        }
    }

    fn flood(&self, seed: u64, hour: i64, factor: f64, mut clicks: Vec<Click>) -> Vec<Click> {
        let mut rng = fastrand::Rng::with_seed(super::hash(seed, &[42, bits(hour)]));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clicks")]
        let count = (clicks.len() as f64 * factor + rng.f64()) as usize;
        let Some(first) = clicks.first().copied() else { return clicks };
        for _ in 0..count {
            let mut robot =
                Click { delay: NEVER, returned: NEVER, minute: rng.u16(0..60), ..first };
            robot.members =
                clicks.get(rng.usize(..clicks.len().max(1))).map_or(first.members, |c| c.members);
            robot.members.source = super::traffic::ROBOT + rng.u16(..ROBOTS);
            if self.covers(hour * 60 + i64::from(robot.minute)) {
                clicks.push(robot);
            }
        }
        clicks
    }
}

impl Who {
    fn is(self, click: &Click) -> bool {
        match self {
            Self::All => true,
            Self::Source(place) => click.members.source == place,
            Self::Country(place) => click.members.country == place,
            Self::Offer(place) => click.members.offer == place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::{Line, Size, World};

    const ONSET: &str = "2026-03-18T15:00:00Z";

    fn at(hours: i64) -> Timestamp {
        ONSET.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hours)
    }

    fn business() -> World {
        World::revised(3, Size::DEFAULT).lively()
    }

    /// The business with and without, as seen so many hours after the onset: everyone's clicks since
    /// so many before it.
    fn both(what: What, before: i64, after: i64) -> [Vec<Line>; 2] {
        let incident = Incident { from: at(0), until: at(1_000), what };
        [business(), business().befallen(incident)]
            .map(|world| world.traffic(at(-before), at(after)))
    }

    const ALL: [What; 8] = [
        What::Clicks(Who::Country(0), 0.0),
        What::Clicks(Who::All, 2.0),
        What::Leads(Who::All, 0.5),
        What::Payout(Who::Offer(0), 0.7),
        What::Chargeback(0.3),
        What::Flood(3.0),
        What::Decay { clicks: 0.97, leads: 0.97 },
        What::Renamed(1),
    ];

    #[test]
    fn before_it_begins_nothing_is_different() {
        for what in ALL {
            let [without, with] = both(what, 48, 0);
            assert_eq!(with[..without.len().min(11)], without[..11], "{what:?}");
        }
    }

    #[test]
    fn afterwards_something_is() {
        for what in ALL {
            let [without, with] = both(what, 24, 12);
            assert_ne!(with, without, "{what:?}");
        }
    }

    #[test]
    fn tracking_that_broke_loses_the_leads_of_earlier_clicks_as_well() {
        let [_, then] = both(What::Leads(Who::All, 0.0), 24, 0);
        let [without, with] = both(What::Leads(Who::All, 0.0), 24, 6);
        assert_eq!(with[0].clicks, without[0].clicks);
        // Late reversals may still lower it.
        assert!(with[0].leads <= then[0].leads && without[0].leads > then[0].leads + 50);
    }

    #[test]
    fn a_chargeback_takes_its_share_of_five_days() {
        let [without, with] = both(What::Chargeback(0.3), 4 * 24, 7);
        let part = with[0].leads as f64 / without[0].leads as f64;
        assert!((0.66..0.76).contains(&part), "{part}");
    }

    #[test]
    fn a_lively_business_is_as_large_as_a_plain_one() {
        let leads = |world: World| world.traffic(at(-21 * 24), at(0))[0].leads as f64;
        let part = leads(business()) / leads(World::revised(3, Size::DEFAULT));
        assert!((0.85..1.15).contains(&part), "{part}");
    }

    #[test]
    fn a_broken_checkout_costs_three_hours_of_orders_and_no_money() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let size = Size { leads_per_day: 9_000, ..Size::DEFAULT };
        let (from, until) = (at(0), at(3));
        let day = zone.to_datetime(from).date();
        let plain = World::new(3, size).lively();
        let broken = World::new(3, size).lively();
        let broken = broken.befallen(Incident { from, until, what: What::Orders(0.0) });
        let (without, with) = (plain.sold(day, &zone, at(48)), broken.sold(day, &zone, at(48)));
        assert_eq!(with.cost, without.cost);
        // 16:00 to 19:00 in Berlin are 15 % of the day.
        let lost = 1.0 - with.orders / without.orders;
        assert!((0.10..0.20).contains(&lost), "{lost}");
    }
}
