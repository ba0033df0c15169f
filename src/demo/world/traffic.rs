//! The business at TapRain: clicks, and the leads some of them become, hours later.

use std::sync::{Arc, Mutex};

use jiff::tz::{Offset, TimeZone};

use super::crowd::Crowd;
use super::feast::feast_factor;
use super::incident::{Incident, ROBOTS, What};
use super::shop::day_number;
use super::tally::{Count, Filter, Members, Tally};
use super::{Size, Span, between, bits, day_factor, hash, hour_share, instant, poisson};
use crate::demo::bounded::Bounded;
use crate::demo::locked;

/// Clicks that become leads, on average.
const CVR: f64 = 0.12;

/// The longest a lead is late, in minutes.
const LATEST: i64 = 24 * 60;

/// The longest after a lead that it may be taken back, in minutes.
const RETURNED_WITHIN: u16 = 6 * 24 * 60;

/// The share of the leads that are taken back, where that happens at all.
const RETURNED: f64 = 0.05;

/// Those who click live by New York's clocks, whichever zone a question names.
const BUSINESS_ZONE: &str = "America/New_York";

/// Hours of clicks kept: two days and a bit are asked for again and again.
const HOURS_KEPT: usize = 80;

/// Hours of clicks kept where a week is asked for again and again.
const LIVELY_HOURS_KEPT: usize = 240;

/// The place of the offer whose network tells its leads once a day.
const BATCHED: u16 = 4;

/// The local hour at which it does.
const BATCHED_AT: u16 = 3;

/// The place of an offer's new name.
pub(super) const RENAMED: u16 = 8;

/// The place of the first source that robots name.
pub(super) const ROBOT: u16 = 4;

/// Tallies of mature spans kept.
const TALLIES_KEPT: usize = 4_096;

/// Traffic sources; further ones are numbered.
const SOURCES: [(&str, f64, f64); 4] = [
    ("tiktok_bio", 45.0, 1.05),
    ("Direct", 28.0, 0.9),
    ("ig_story", 20.0, 1.0),
    ("{clickid}\"\\ <b>&amp;", 7.0, 0.8),
];

/// Countries, one of them unknown to ISO 3166 (trap T12).
const COUNTRIES: [(&str, f64, f64); 6] = [
    ("US", 58.0, 1.1),
    ("GB", 16.0, 0.9),
    ("CA", 10.0, 0.95),
    ("DE", 8.0, 0.8),
    ("AU", 6.0, 0.9),
    ("XX", 2.0, 0.5),
];

/// Offers, some with names that need care (trap T14).
const OFFERS: [(&str, f64, f64); 8] = [
    ("Freecash CPI", 30.0, 1.1),
    ("KashKick", 22.0, 1.0),
    ("Swag, Games & Surveys", 14.0, 0.9),
    ("The \"Junkie\" Survey", 10.0, 1.2),
    ("\u{1f381} Gift Card Spin", 9.0, 0.7),
    ("Scrambly", 7.0, 1.0),
    ("Mist\\Play Android", 5.0, 0.8),
    ("Cash App $750", 3.0, 0.4),
];

/// What a lead of each offer pays, in cents.
const PAYOUTS: [u32; 8] = [550, 457, 325, 180, 240, 610, 735, 2_150];

/// Everything that happens at TapRain.
#[derive(Debug)]
pub(in crate::demo) struct Traffic {
    seed: u64,
    clicks_per_day: f64,
    zone: TimeZone,
    /// Whether leads are taken back.
    revised: bool,
    /// Whether holidays are kept.
    festive: bool,
    /// Whether chance is as rude as it really is.
    lively: bool,
    incidents: Vec<Incident>,
    pub(in crate::demo) sources: Dimension,
    pub(in crate::demo) countries: Dimension,
    pub(in crate::demo) offers: Dimension,
    hours: Mutex<Bounded<i64, Arc<Crowd>>>,
    mature: Mutex<Bounded<(Span, Filter), Arc<Tally>>>,
}

/// The members of one dimension.
#[derive(Debug)]
pub(in crate::demo) struct Dimension {
    pub(in crate::demo) names: Vec<String>,
    /// Cumulated shares of the clicks, up to 1.
    shares: Vec<f64>,
    /// How each converts compared with the average.
    cvr: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Click {
    pub(super) minute: u16,
    pub(super) members: Members,
    /// Minutes until the lead shows; [`NEVER`] when there is none.
    pub(super) delay: u16,
    /// Minutes from then until the lead is taken back; [`NEVER`] when it is not.
    pub(super) returned: u16,
    /// What a lead pays.
    pub(super) cents: u32,
}

pub(super) const NEVER: u16 = u16::MAX;

impl Traffic {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let extra = (SOURCES.len()..size.sources.min(10_000))
            .map(|number| (format!("campaign_{number}"), 30.0 / number as f64, 1.0));
        let named = SOURCES.iter().map(|(name, weight, cvr)| ((*name).to_owned(), *weight, *cvr));
        let sources = named.chain(extra).take(size.sources.max(1)).collect();
        Self {
            seed,
            clicks_per_day: f64::from(size.leads_per_day) / CVR,
            zone: TimeZone::get(BUSINESS_ZONE)
                .unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-5))),
            revised: false,
            festive: false,
            lively: false,
            incidents: Vec::new(),
            sources: Dimension::new(sources),
            countries: Dimension::of(&COUNTRIES),
            offers: Dimension::of(&OFFERS),
            hours: Mutex::new(Bounded::new(HOURS_KEPT)),
            mature: Mutex::new(Bounded::new(TALLIES_KEPT)),
        }
    }

    /// The same traffic, of which some leads are taken back.
    pub(super) fn revised(self) -> Self {
        Self { revised: true, ..self }
    }

    /// The same traffic, by whose dates in New York holidays are kept.
    pub(super) fn festive(self) -> Self {
        Self { festive: true, ..self }
    }

    /// The same traffic, of which nothing comes evenly.
    pub(super) fn lively(self) -> Self {
        Self { lively: true, hours: Mutex::new(Bounded::new(LIVELY_HOURS_KEPT)), ..self }
    }

    /// The same traffic, to which something happens. Sources are the four that have names.
    pub(super) fn befallen(mut self, incident: Incident) -> Self {
        match incident.what {
            What::Flood(_) => {
                let name = |robot| format!("x{:06x}", hash(self.seed, &[43, robot]) & 0xff_ffff);
                self.sources.add((0..u64::from(ROBOTS)).map(name));
            }
            What::Renamed(offer) => {
                let name = self.offers.names.get(usize::from(offer)).cloned().unwrap_or_default();
                self.offers.add([format!("{name} v2")]);
            }
            // Days that were over move.
            What::Chargeback(_) => self.revised = true,
            _ => {}
        }
        self.incidents.push(incident);
        self
    }

    /// An empty tally.
    pub(in crate::demo) fn nothing(&self) -> Tally {
        let rows = |dimension: &Dimension| vec![Count::default(); dimension.names.len()];
        Tally {
            all: Count::default(),
            source: rows(&self.sources),
            country: rows(&self.countries),
            offer: rows(&self.offers),
        }
    }

    /// The clicks of `span` and their leads, as they show at the beginning of the minute `seen`.
    pub(in crate::demo) fn tally(&self, span: Span, seen: i64, filter: &Filter) -> Arc<Tally> {
        let returned = if self.revised { i64::from(RETURNED_WITHIN) } else { 0 };
        if span.end + LATEST + returned > seen {
            return Arc::new(self.count(span, seen, filter));
        }
        let key = (span, filter.clone());
        if let Some(known) = locked(&self.mature).get(&key) {
            return Arc::clone(known);
        }
        let tally = Arc::new(self.count(span, seen, filter));
        locked(&self.mature).insert(key, Arc::clone(&tally));
        tally
    }

    fn count(&self, span: Span, seen: i64, filter: &Filter) -> Tally {
        let mut tally = self.nothing();
        let until = span.end.min(seen);
        let mut hour = span.start.div_euclid(60);
        while hour * 60 < until {
            let (start, end) = (hour * 60, hour * 60 + 60);
            let crowd = self.clicks(hour);
            if span.start <= start && end <= until && filter.wants_all() {
                crowd.add_to(&mut tally, start, seen);
            } else {
                let wanted = |at| span.start <= at && at < until;
                let each = crowd.all.iter().map(|click| (start + i64::from(click.minute), click));
                for (at, click) in each.filter(|(at, _)| wanted(*at)) {
                    if filter.wants(click.members) {
                        tally.add(click.members, click.worth(at, seen));
                    }
                }
            }
            hour += 1;
        }
        tally
    }

    /// The clicks of an hour since the epoch.
    fn clicks(&self, hour: i64) -> Arc<Crowd> {
        if let Some(known) = locked(&self.hours).get(&hour) {
            return Arc::clone(known);
        }
        let mut rng = fastrand::Rng::with_seed(hash(self.seed, &[1, bits(hour)]));
        let count = self.clicks_in(hour, &mut rng);
        let convert = self.convert(hour);
        let click = |number| Click {
            returned: self.returned(hour, number),
            ..self.click(&mut rng, convert)
        };
        let mut clicks: Vec<Click> = (0..count).map(click).collect();
        if self.lively {
            self.batch(hour, &mut clicks);
        }
        for incident in &self.incidents {
            clicks = incident.befall(self.seed, hour, clicks);
        }
        let crowd = Arc::new(Crowd::new(clicks));
        locked(&self.hours).insert(hour, Arc::clone(&crowd));
        crowd
    }

    /// How many clicks an hour has. The clocks on the wall decide how busy it is: an hour that
    /// comes twice is as busy both times.
    fn clicks_in(&self, hour: i64, rng: &mut fastrand::Rng) -> u32 {
        let local = self.zone.to_datetime(instant(hour * 60));
        let day = day_number(local.date());
        // Uniform: the standard deviation is 0.58 of it, 20 % for lively days.
        let spread = if self.lively { 0.35 } else { 0.08 };
        let noise = between(0.85, 1.15, self.seed, &[2, bits(hour)])
            * between(1.0 - spread, 1.0 + spread, self.seed, &[3, bits(day)]);
        let feast = if self.festive { feast_factor(local.date()) } else { 1.0 };
        let share = hour_share(i64::from(local.hour()));
        let expected = self.clicks_per_day * share * day_factor(day) * feast * noise;
        if self.lively {
            return poisson(expected, rng);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let count = (expected + rng.f64()).floor() as u32;
        count
    }

    /// How well a day's clicks convert: 8 % better or worse, where that differs at all.
    fn convert(&self, hour: i64) -> f64 {
        let day = day_number(self.zone.to_datetime(instant(hour * 60)).date());
        if self.lively { between(0.86, 1.14, self.seed, &[6, bits(day)]) } else { 1.0 }
    }

    /// Holds back the leads of one offer until its network tells them.
    fn batch(&self, hour: i64, clicks: &mut [Click]) {
        let local = self.zone.to_datetime(instant(hour * 60)).hour();
        let hours = (24 + i64::from(BATCHED_AT) - i64::from(local) - 1).rem_euclid(24) + 1;
        let told = |click: &&mut Click| click.members.offer == BATCHED && click.delay != NEVER;
        for click in clicks.iter_mut().filter(told) {
            click.delay = u16::try_from(hours * 60).unwrap_or(0) - click.minute;
        }
    }

    fn click(&self, rng: &mut fastrand::Rng, convert: f64) -> Click {
        let source = self.sources.pick(rng.f64());
        let country = self.countries.pick(rng.f64());
        let offer = self.offers.pick(rng.f64());
        let chance =
            CVR * self.sources.cvr(source) * self.countries.cvr(country) * self.offers.cvr(offer);
        let chance = chance * convert;
        let minute = rng.u16(0..60);
        let delay = if rng.f64() < chance { delay(rng) } else { NEVER };
        let cents = PAYOUTS.get(usize::from(offer)).copied().unwrap_or(0);
        let members = Members { source, country, offer };
        Click { minute, members, delay, returned: NEVER, cents }
    }

    /// Drawn apart from all else about a click, so that the business stays the same.
    fn returned(&self, hour: i64, number: u32) -> u16 {
        let draw = |what| between(0.0, 1.0, self.seed, &[what, bits(hour), u64::from(number)]);
        if !self.revised || draw(4) >= RETURNED {
            return NEVER;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=8640")]
        let minutes = (draw(5) * f64::from(RETURNED_WITHIN)) as u16;
        minutes
    }
}

impl Click {
    /// What a click of the minute `at` counts at the beginning of the minute `seen`.
    pub(super) fn worth(&self, at: i64, seen: i64) -> Count {
        let lead = at + i64::from(self.delay);
        let returned = self.returned != NEVER && lead + i64::from(self.returned) < seen;
        if self.delay == NEVER || lead >= seen || returned {
            return Count { clicks: 1, ..Count::default() };
        }
        Count { clicks: 1, leads: 1, cents: u64::from(self.cents) }
    }
}

/// Minutes from a click to its lead: most within the hour, some overnight, 1.5 h on average.
fn delay(rng: &mut fastrand::Rng) -> u16 {
    let mean = if rng.f64() < 0.85 { 45.0 } else { 345.0 };
    let minutes = -mean * libm::log(1.0 - rng.f64());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1440")]
    let delay = minutes.clamp(0.0, LATEST as f64) as u16;
    delay
}

impl Dimension {
    fn of(members: &[(&str, f64, f64)]) -> Self {
        Self::new(
            members.iter().map(|(name, share, cvr)| ((*name).to_owned(), *share, *cvr)).collect(),
        )
    }

    /// Shares and conversion rates are scaled so that the average stays what it is.
    fn new(members: Vec<(String, f64, f64)>) -> Self {
        let all: f64 = members.iter().map(|(_, share, _)| share).sum();
        let mean = members.iter().map(|(_, share, cvr)| share * cvr).sum::<f64>() / all;
        let mut sum = 0.0;
        let mut made = Self { names: Vec::new(), shares: Vec::new(), cvr: Vec::new() };
        for (name, share, cvr) in members {
            sum += share / all;
            made.names.push(name);
            made.shares.push(sum);
            made.cvr.push(cvr / mean);
        }
        made
    }

    /// Members that have nothing of the business of their own.
    fn add(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
        self.shares.resize(self.names.len(), 1.0);
        self.cvr.resize(self.names.len(), 1.0);
    }

    /// The flags of the members that `wanted` names.
    pub(in crate::demo) fn flags(&self, wanted: &[String]) -> Vec<bool> {
        self.names.iter().map(|name| wanted.contains(name)).collect()
    }

    fn pick(&self, part: f64) -> u16 {
        let index = self.shares.partition_point(|share| *share <= part);
        u16::try_from(index.min(self.names.len() - 1)).unwrap_or(0)
    }

    fn cvr(&self, index: u16) -> f64 {
        self.cvr.get(usize::from(index)).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-03-18T00:00:00Z, a Wednesday.
    const DAY: i64 = 20_530 * 1_440;

    fn traffic(seed: u64) -> Traffic {
        Traffic::new(seed, Size::DEFAULT)
    }

    fn day(traffic: &Traffic, start: i64, seen: i64) -> Tally {
        let span = Span { start, end: start + 1_440 };
        (*traffic.tally(span, seen, &Filter::default())).clone()
    }

    #[test]
    fn the_same_seed_is_the_same_business() {
        let late = DAY + 5_000;
        assert_eq!(day(&traffic(7), DAY, late), day(&traffic(7), DAY, late));
        assert_ne!(day(&traffic(7), DAY, late), day(&traffic(8), DAY, late));
    }

    #[test]
    fn what_was_asked_before_changes_nothing() {
        let asked = traffic(7);
        for seen in (DAY..DAY + 4_000).step_by(501) {
            day(&asked, DAY, seen);
        }
        for seen in [DAY + 17, DAY + 1_440, DAY + 2_879, DAY + 2_880] {
            assert_eq!(day(&asked, DAY, seen), day(&traffic(7), DAY, seen));
        }
    }

    #[test]
    fn every_dimension_adds_up() {
        let traffic = Traffic::new(3, Size { sources: 80, ..Size::DEFAULT });
        for seen in [DAY + 1, DAY + 700, DAY + 9_000] {
            let tally = day(&traffic, DAY, seen);
            for rows in [&tally.source, &tally.country, &tally.offer] {
                let mut sum = Count::default();
                for row in rows {
                    sum.merge(*row);
                }
                assert_eq!(sum, tally.all);
            }
        }
    }

    #[test]
    fn whole_hours_are_counted_as_their_clicks_are() {
        let traffic = traffic(9).revised().lively();
        // It leaves nothing out, and has each click looked at.
        let every = Filter { country: Some(vec![true; COUNTRIES.len()]), ..Filter::default() };
        for (start, seen) in [(0, 40), (7, 1_000), (0, 1_440), (59, 1_441), (61, 30_000)] {
            let span = Span { start: DAY + start, end: DAY + 1_440 };
            let tally = |filter| traffic.count(span, DAY + seen, filter);
            assert_eq!(tally(&Filter::default()), tally(&every), "{start} {seen}");
        }
    }

    #[test]
    fn late_leads_only_ever_add() {
        let traffic = traffic(5);
        let mut before = traffic.nothing();
        for seen in (DAY..DAY + 3_000).step_by(13) {
            let now = day(&traffic, DAY, seen);
            let grows = |a: &Count, b: &Count| {
                a.clicks <= b.clicks && a.leads <= b.leads && a.cents <= b.cents
            };
            assert!(before.source.iter().zip(&now.source).all(|(a, b)| grows(a, b)));
            assert!(before.offer.iter().zip(&now.offer).all(|(a, b)| grows(a, b)));
            before = now;
        }
        let closed = day(&traffic, DAY, DAY + 1_440).all;
        assert_eq!(closed.clicks, before.all.clicks);
        assert!(closed.leads < before.all.leads);
    }

    #[test]
    fn t9_leads_that_are_taken_back_lower_a_closed_day_and_nothing_else() {
        let (plain, revised) = (traffic(5), traffic(5).revised());
        let early = day(&revised, DAY, DAY + 2_880).all;
        let late = day(&revised, DAY, DAY + 20_000).all;
        assert!(late.cents < early.cents && late.leads < early.leads, "{early:?} {late:?}");
        let whole = day(&plain, DAY, DAY + 20_000).all;
        assert_eq!(whole.clicks, late.clicks);
        assert!(late.leads * 100 > whole.leads * 90, "{late:?} of {whole:?}");
    }

    #[test]
    fn the_size_is_what_was_asked_for() {
        let traffic = traffic(1);
        let mut week = traffic.nothing();
        for number in 0..7 {
            week.merge(&day(&traffic, DAY + number * 1_440, DAY + 20_000));
        }
        assert!((2_800..3_500).contains(&week.all.leads), "{:?}", week.all);
        let cvr = week.all.leads as f64 / week.all.clicks as f64;
        assert!((0.11..0.13).contains(&cvr), "{cvr}");
    }

    /// Clicks of New York's hours from `first` (UTC), over so many days that luck evens out.
    fn clicks_at(traffic: &Traffic, first: &str, days: i64) -> f64 {
        let first: jiff::Timestamp = first.parse().unwrap();
        let hours = (0..days).map(|day| first.as_second() / 3_600 + day * 24);
        hours.map(|hour| traffic.clicks(hour).all.len()).sum::<usize>() as f64 / days as f64
    }

    #[test]
    fn people_get_up_by_their_clocks_in_summer_too() {
        let traffic = traffic(5);
        // Four in the morning, the quietest hour, and eight in the evening, the busiest.
        let winter = [("2026-02-01T09:30:00Z", "2026-02-02T01:30:00Z")];
        let summer = [("2026-06-01T08:30:00Z", "2026-06-02T00:30:00Z")];
        for (quiet, busy) in winter.into_iter().chain(summer) {
            let part = clicks_at(&traffic, quiet, 21) / clicks_at(&traffic, busy, 21);
            assert!((0.10..0.17).contains(&part), "{quiet}: {part}");
        }
    }

    #[test]
    fn the_hour_that_comes_twice_is_busy_twice_and_the_skipped_one_is_not_there() {
        let traffic = Traffic::new(5, Size { leads_per_day: 45_000, ..Size::DEFAULT });
        // 2026-11-01, 01:00 in New York, first in summer time, then in winter time.
        let [first, second] =
            ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"].map(|at| clicks_at(&traffic, at, 1));
        assert!((0.7..1.4).contains(&(first / second)), "{first} {second}");
        let expected = traffic.clicks_per_day * hour_share(1) * 1.05;
        assert!((0.75..1.3).contains(&(first / expected)), "{first} of {expected}");
        let local = |at: &str| traffic.zone.to_datetime(at.parse().unwrap()).hour();
        assert_eq!(["2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"].map(local), [1, 3]);
    }

    #[test]
    fn holidays_are_kept_from_midnight_to_midnight_in_new_york() {
        let (plain, festive) = (traffic(5), traffic(5).festive());
        let clicks = |traffic: &Traffic, start: &str, hours: i64| {
            let start = start.parse::<jiff::Timestamp>().unwrap().as_second() / 60;
            let span = Span { start, end: start + 60 * hours };
            traffic.tally(span, span.end, &Filter::default()).all.clicks as f64
        };
        for (start, hours, factor) in [
            ("2026-11-26T05:00:00Z", 24, 0.7),
            ("2026-11-27T05:00:00Z", 24, 4.0),
            ("2026-11-28T05:00:00Z", 24, 0.9),
            ("2026-07-04T04:00:00Z", 24, 0.65),
            ("2026-11-28T04:00:00Z", 1, 4.0),
        ] {
            let part = clicks(&festive, start, hours) / clicks(&plain, start, hours);
            assert!((part / factor - 1.0).abs() < 0.02, "{start}: {part}");
        }
        for (start, hours) in [("2026-11-29T05:00:00Z", 24), ("2026-07-05T04:00:00Z", 1)] {
            assert_eq!(clicks(&festive, start, hours), clicks(&plain, start, hours), "{start}");
        }
    }

    #[test]
    fn leads_are_ninety_minutes_late_on_average() {
        let mut rng = fastrand::Rng::with_seed(1);
        let sum: u64 = (0..20_000).map(|_| u64::from(delay(&mut rng))).sum();
        assert!((80..100).contains(&(sum / 20_000)), "{}", sum / 20_000);
    }
}
