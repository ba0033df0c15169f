//! When runs take place.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Runs of one calendar share a warm-up, and begin where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Calendar {
    /// An ordinary week of October; the hour of the onset is drawn.
    Plain,
    /// The days on which Berlin and New York change their clocks.
    Clocks,
    /// Thanksgiving, Black Friday and the days around them.
    Feast,
    /// The plain one, with a business of a tenth.
    Tiny,
    /// The plain one, without any warm-up.
    New,
}

impl Calendar {
    /// Those that take place at the same time are judged at once.
    pub const TOGETHER: &[&[Self]] =
        &[&[Self::Plain, Self::Tiny, Self::New], &[Self::Clocks], &[Self::Feast]];

    /// When what happens begins.
    pub fn onset(self, seed: u64) -> Timestamp {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9).wrapping_add(17));
        let drawn = i64::try_from(rng.u64(0..7 * 24 * 60)).unwrap() * 60;
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        match self {
            Self::Plain | Self::Tiny | Self::New => {
                at("2026-10-05T06:00:00Z") + SignedDuration::from_secs(drawn)
            }
            // In autumn both change within nine days; in spring only New York does within a week.
            Self::Clocks if seed.is_multiple_of(2) => at("2026-10-24T04:00:00Z"),
            Self::Clocks => at("2026-03-07T05:00:00Z"),
            Self::Feast => at("2026-11-21T05:00:00Z"),
        }
    }

    /// The half hour before the onset at which the run begins; the warm-up ends there.
    pub fn start(self, seed: u64, hours: i64) -> Timestamp {
        let early = self.onset(seed) - SignedDuration::from_hours(hours);
        // Half a minute past an hour, so that each hour's end is looked at soon after it.
        let hour = early.as_second().div_euclid(3_600) * 3_600;
        Timestamp::from_second(hour + 30).unwrap()
    }
}

/// The next time after `at` at which clocks in `zone` show `hour`.
pub fn next(at: Timestamp, zone: &str, hour: i8) -> Timestamp {
    let zone = TimeZone::get(zone).unwrap();
    let mut local = zone.to_datetime(at).date();
    loop {
        let time = zone.to_timestamp(local.at(hour, 0, 0, 0)).unwrap();
        if time > at {
            return time;
        }
        local = local.tomorrow().unwrap();
    }
}
