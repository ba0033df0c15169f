//! The thirty scenarios: what happens, what must fire, and what may.

use jiff::{SignedDuration, Timestamp};
use revenue_exporter::demo::world::{Incident, What, Who};

use crate::calendar::{Calendar, next};

pub const NEW_YORK: &str = "America/New_York";
pub const BERLIN: &str = "Europe/Berlin";

/// Seconds between two scrapes, and between two evaluations: where a delay counts in minutes, as few
/// as the rules need; where nothing may fire; and where it takes weeks.
pub const FINE: i64 = 300;
pub const COARSE: i64 = 600;
pub const LONG: i64 = 1_800;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    TapRain,
    Klar,
    Both,
}

/// One of the thirty.
#[derive(Debug)]
pub struct Scenario {
    pub number: u32,
    pub name: &'static str,
    pub vendor: Vendor,
    pub calendar: Calendar,
    /// Hours that are looked at after the onset.
    pub hours: i64,
    /// The alerts of which one must fire; none where it must stay quiet.
    pub fires: &'static [&'static str],
    /// Alerts that are no mistake all the same.
    pub fine: &'static [&'static str],
}

/// Something that happens to the APIs or to the exporter.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    Suspend,
    LoseKey,
    /// The figures lag so many minutes.
    Lag(u16),
    /// The API's days do not follow the change to summer time.
    StandardTime,
    BadGateway(bool),
    Storm(bool),
    /// The exporter is killed and comes back after so many minutes.
    Restart(i64),
}

impl Scenario {
    const fn new(number: u32, name: &'static str, vendor: Vendor) -> Self {
        let calendar = Calendar::Plain;
        Self { number, name, vendor, calendar, hours: 72, fires: &[], fine: &[] }
    }

    const fn fires(self, hours: i64, fires: &'static [&'static str]) -> Self {
        Self { hours, fires, ..self }
    }

    const fn fine(self, fine: &'static [&'static str]) -> Self {
        Self { fine, ..self }
    }

    const fn at(self, calendar: Calendar, hours: i64) -> Self {
        Self { calendar, hours, ..self }
    }

    pub const fn must_fire(&self) -> bool {
        !self.fires.is_empty()
    }

    /// Seconds between two scrapes, and between two evaluations.
    pub const fn step(&self) -> i64 {
        match self.must_fire() {
            true if self.hours > 100 => LONG,
            true => FINE,
            false => COARSE,
        }
    }
}

pub static ALL: &[Scenario] = &[
    Scenario::new(1, "an offer's links are dead", Vendor::TapRain)
        .fires(36, &["TapRainOfferGone", "TapRainOfferStoppedConverting"]),
    Scenario::new(2, "an offer is capped, clicks go on", Vendor::TapRain)
        .fires(36, &["TapRainOfferStoppedConverting"]),
    Scenario::new(3, "tracking is broken", Vendor::TapRain)
        .fires(36, &["TapRainTrackingBroken", "TapRainConversionRateDrop"]),
    Scenario::new(4, "half of the tracking is lost", Vendor::TapRain)
        .fires(36, &["TapRainConversionRateDrop", "TapRainTrackingBroken"]),
    Scenario::new(5, "a country is out", Vendor::TapRain).fires(36, &["TapRainCountryOutage"]),
    Scenario::new(6, "a source is banned", Vendor::TapRain).fires(36, &["TapRainSourceDied"]),
    Scenario::new(7, "robots click, with random sources", Vendor::TapRain)
        .fires(36, &["TapRainClickFlood"]),
    Scenario::new(8, "an offer pays 30 % less", Vendor::TapRain)
        .fires(36, &["TapRainPayoutChanged"]),
    Scenario::new(9, "a wave of chargebacks", Vendor::TapRain).fires(36, &["TapRainReversals"]),
    Scenario::new(10, "the key was regenerated", Vendor::TapRain)
        .fires(12, &["RevenueCredentialRejected"]),
    Scenario::new(11, "the account is suspended", Vendor::TapRain)
        .fires(12, &["TapRainAccountSuspended"]),
    Scenario::new(12, "the API is frozen", Vendor::TapRain)
        .fires(18, &["RevenueDataFrozen", "RevenueSourceStale"]),
    Scenario::new(13, "ads are paid for, nobody orders", Vendor::Klar)
        .fires(36, &["KlarSpendWithoutOrders"]),
    Scenario::new(14, "a channel's cost is not told", Vendor::Klar).fires(60, &["KlarCostMissing"]),
    Scenario::new(15, "every day 3 % less", Vendor::TapRain).fires(
        28 * 24,
        &[
            "TapRainRevenueDecline",
            "TapRainRevenueDrop",
            "TapRainConversionRateDrop",
            "TapRainTrafficDrop",
        ],
    ),
    Scenario::new(16, "Klar's day is missing until noon", Vendor::Klar)
        .fires(64, &["KlarDayMissing"]),
    Scenario::new(17, "the checkout is broken for 3 h", Vendor::Klar)
        .fires(36, &["KlarSpendWithoutOrders", "KlarRevenueDrop", "KlarOrdersStalled"]),
    Scenario::new(18, "midnights with the old today for 10 min", Vendor::Both),
    Scenario::new(19, "clocks change", Vendor::Both).at(Calendar::Clocks, 10 * 24),
    Scenario::new(20, "weekends, Thanksgiving, Black Friday x4", Vendor::Both)
        .at(Calendar::Feast, 9 * 24),
    Scenario::new(21, "late conversions, a batch at 03:00", Vendor::TapRain)
        .at(Calendar::Plain, 7 * 24),
    Scenario::new(22, "credit moves among channels overnight", Vendor::Klar),
    Scenario::new(23, "returns are booked to the orders' days", Vendor::Klar),
    Scenario::new(24, "the API is 3 h behind, or ill for 40 min", Vendor::TapRain)
        .fine(&["RevenueDataFrozen", "RevenueSourceStale"]),
    Scenario::new(25, "a storm of 429 for an hour", Vendor::TapRain).fine(&["RevenueSourceStale"]),
    Scenario::new(26, "an offer is renamed", Vendor::TapRain),
    Scenario::new(27, "a tiny account, seven nights", Vendor::TapRain).at(Calendar::Tiny, 7 * 24),
    Scenario::new(28, "the exporter is restarted", Vendor::Both),
    Scenario::new(29, "a new account without history", Vendor::Both).at(Calendar::New, 6 * 24),
    Scenario::new(30, "the budget is doubled or halved", Vendor::TapRain)
        .fine(&["TapRainTrafficDrop", "TapRainRevenueDrop"]),
];

impl Scenario {
    /// When it really begins: some things happen at a time of their own.
    pub fn begins(&self, seed: u64) -> Timestamp {
        let onset = self.calendar.onset(seed);
        match self.number {
            16 => next(onset, BERLIN, 0),
            18 => next(onset, NEW_YORK, 0),
            22 => next(onset, BERLIN, 2),
            23 => next(onset, BERLIN, 4),
            _ => onset,
        }
    }

    pub fn ends(&self, seed: u64) -> Timestamp {
        self.calendar.onset(seed) + SignedDuration::from_hours(self.hours)
    }

    /// What happens to the business.
    pub fn incident(&self, seed: u64) -> Option<Incident> {
        let from = self.begins(seed);
        let hours = |hours| from + SignedDuration::from_hours(hours);
        let until = hours(100 * 24);
        let place = |most: u64| u16::try_from(seed % most).unwrap();
        let (what, until) = match self.number {
            1 => (What::Clicks(Who::Offer(place(4)), 0.0), until),
            2 => (What::Leads(Who::Offer(place(4)), 0.0), until),
            3 => (What::Leads(Who::All, 0.0), until),
            4 => (What::Leads(Who::All, 0.5), until),
            5 => (What::Clicks(Who::Country(place(3)), 0.0), until),
            6 => (What::Clicks(Who::Source(place(3)), 0.0), until),
            7 => (What::Flood(3.0), until),
            8 => (What::Payout(Who::Offer(place(4)), 0.7), until),
            9 => (What::Chargeback(0.3), until),
            13 => (What::Orders(0.0), until),
            14 => (What::CostUntold("Meta Ads"), until),
            15 if seed.is_multiple_of(2) => (What::Decay { clicks: 0.97, leads: 1.0 }, until),
            15 => (What::Decay { clicks: 1.0, leads: 0.97 }, until),
            16 => (What::DaysUntold, next(hours(25), BERLIN, 12)),
            17 => (What::Orders(0.0), hours(3)),
            22 => (What::Recredited, until),
            23 => (What::Returned(0.08), until),
            26 => (What::Renamed(place(4)), until),
            30 => (What::Clicks(Who::All, if seed.is_multiple_of(2) { 2.0 } else { 0.5 }), until),
            _ => return None,
        };
        Some(Incident { from, until, what })
    }

    /// What happens to the APIs and the exporter, in order of time.
    pub fn script(&self, seed: u64) -> Vec<(Timestamp, Action)> {
        let from = self.begins(seed);
        let after = |minutes: i64| from + SignedDuration::from_mins(minutes);
        match self.number {
            10 => vec![(from, Action::LoseKey)],
            11 => vec![(from, Action::Suspend)],
            12 => {
                let lag = |minute: u16| (after(i64::from(minute)), Action::Lag(minute));
                (0..18 * 60).step_by(5).map(lag).collect()
            }
            18 => (0..3)
                .flat_map(|night| {
                    let midnight = night * 24 * 60;
                    [
                        (after(midnight - 20), Action::Lag(10)),
                        (after(midnight + 20), Action::Lag(0)),
                    ]
                })
                .collect(),
            // In spring the two clocks agree until the change; each second spring they part.
            19 if seed % 4 == 1 => vec![(from, Action::StandardTime)],
            24 if seed.is_multiple_of(2) => {
                vec![(from, Action::Lag(180)), (after(6 * 60), Action::Lag(0))]
            }
            24 => vec![(from, Action::BadGateway(true)), (after(40), Action::BadGateway(false))],
            25 => vec![(from, Action::Storm(true)), (after(60), Action::Storm(false))],
            28 => {
                let restart = |hour: i64| (after(hour * 60), Action::Restart(2 + hour % 3));
                [0, 7, 20, 41].map(restart).to_vec()
            }
            _ => Vec::new(),
        }
    }
}
