//! What an incident takes: the figures of the business, to be compared with those of the same
//! business without it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::incident::What;
use super::shop::{Attribution, MATURE_AFTER, Seen, Shop, UNIT, day_number, visible};
use super::tally::{Count, Filter};
use super::{Span, World, minute};
use crate::model::range::day_start;

/// The clicks and leads of everyone or of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Clicks.
    pub clicks: u64,
    /// Leads.
    pub leads: u64,
    /// What they pay, in cents.
    pub cents: u64,
}

/// What the shop sold on a day, and what its ads cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sold {
    /// Orders of all channels.
    pub orders: f64,
    /// What all ads cost.
    pub cost: f64,
}

impl World {
    /// The traffic that clicked in `from..seen`, as TapRain shows it at `seen`: first everyone,
    /// then each source, country and offer, in an order that no incident changes but by adding.
    pub fn traffic(&self, from: Timestamp, seen: Timestamp) -> Vec<Line> {
        let span = Span { start: minute(from), end: minute(seen) };
        let tally = self.traffic.tally(span, minute(seen), &Filter::default());
        let members = [&tally.source[..tally.source.len().min(4)], &tally.country, &tally.offer];
        let line =
            |count: &Count| Line { clicks: count.clicks, leads: count.leads, cents: count.cents };
        std::iter::once(&tally.all).chain(members.into_iter().flatten()).map(line).collect()
    }

    /// What the shop sold on `date` in `zone`, as Klar shows it at `seen`.
    pub fn sold(&self, date: Date, zone: &TimeZone, seen: Timestamp) -> Sold {
        let days =
            [0, 1, 2].map(|days: i64| minute(day_start(date.saturating_add(days.days()), zone)));
        let mut sold = Sold::default();
        let Some(seen) = self.shop.seen(days, minute(seen)) else { return sold };
        let attribution = Attribution { model: 2, window: 0, touch: false };
        for ad in &self.shop.ads {
            let figures = self.shop.figures(ad, day_number(date), seen, attribution);
            sold.orders += (figures.nc + figures.rc) as f64 / UNIT as f64;
            sold.cost += figures.paid.map_or(0.0, |paid| paid.cost as f64 / UNIT as f64);
        }
        sold
    }
}

impl Shop {
    /// What is seen at the minute `now` of the day that begins at the first of `days`, with the two
    /// that follow it; `None` where it is not told.
    pub(in crate::demo) fn seen(&self, days: [i64; 3], now: i64) -> Option<Seen> {
        let [start, end, next_end] = days;
        let (own, next) = (visible(now - start, end - start), visible(now - end, next_end - end));
        let mut seen = Seen {
            own,
            next,
            edition: self.edition(end, now),
            trouble: [(0.0, 0.0); 2],
            restated: false,
        };
        let Some(incident) = self.incident else { return Some(seen) };
        let (from, until) = (minute(incident.from), minute(incident.until));
        if incident.what == What::DaysUntold && (from..until).contains(&start) && now < until {
            return None;
        }
        seen.trouble = [(start, end), (end, next_end)].map(|(start, end)| {
            let share = |at: i64| visible((at - start).min(end - start), end - start);
            // What comes late belongs to the day's last moments.
            let last = if until >= end + MATURE_AFTER { 1.0 } else { share(until) };
            (share(from), last)
        });
        seen.restated = now >= from && end <= from;
        Some(seen)
    }
}
