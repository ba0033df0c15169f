//! How often revenue lay in its band, and when it did not.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, DateTime, date};
use revenue_exporter::expect::Outlook;

/// The days on which clocks change in New York.
const CHANGES: [Date; 2] = [date(2026, 11, 1), date(2027, 3, 14)];

/// One look at today's revenue.
pub(crate) struct Look<'a> {
    /// A time in the local hour that is judged.
    pub(crate) hour: DateTime,
    /// Whether the hour has just ended.
    pub(crate) over: bool,
    pub(crate) revenue: f64,
    pub(crate) outlook: &'a Outlook,
}

/// Looks of a kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    looks: u32,
    below: u32,
    above: u32,
    width: f64,
    off: f64,
}

/// A day of one run: its first hour, and the others.
#[derive(Clone, Copy, Default)]
struct Day {
    first: Tally,
    rest: Tally,
}

/// All looks.
#[derive(Default)]
pub(crate) struct Score {
    run: u32,
    over: Tally,
    odd: Tally,
    by_hour: BTreeMap<i8, Tally>,
    days: BTreeMap<(u32, Date), Day>,
    silent: u32,
    lag: usize,
}

impl Tally {
    fn note(&mut self, look: &Look<'_>) {
        let outlook = look.outlook;
        let (Some(band), Some(expected)) = (outlook.band, outlook.today.revenue) else { return };
        self.looks += 1;
        self.below += u32::from(look.revenue < band.low);
        self.above += u32::from(look.revenue > band.high);
        self.width += (band.high - band.low) / expected;
        self.off += look.revenue / expected - 1.0;
    }

    fn covered(&self) -> f64 {
        1.0 - f64::from(self.below + self.above) / f64::from(self.looks)
    }
}

impl Score {
    /// What follows is another business.
    pub(crate) fn next_run(&mut self) {
        self.run += 1;
    }

    pub(crate) fn note(&mut self, look: &Look<'_>) {
        self.lag = self.lag.max(look.outlook.lag);
        self.silent += u32::from(look.outlook.band.is_none());
        if !look.over {
            self.odd.note(look);
            return;
        }
        self.over.note(look);
        let hour = look.hour.hour();
        self.by_hour.entry(hour).or_default().note(look);
        let day = self.days.entry((self.run, look.hour.date())).or_default();
        if hour == 0 { day.first.note(look) } else { day.rest.note(look) }
    }

    /// The part of the hours' ends that lay in the band.
    pub(crate) fn covered(&self) -> f64 {
        self.over.covered()
    }

    /// Whether the first hour after midnight is no worse than the others of its day, within
    /// sampling error.
    pub(crate) fn midnight(&self) -> Verdict {
        let of = |pick: fn(&Day) -> Tally| covered(self.days.values().map(pick));
        Verdict::of(&of(|day| day.first), &of(|day| day.rest))
    }

    /// Whether the hours of days on which clocks change are no worse than those of other days.
    pub(crate) fn changes(&self) -> Verdict {
        let of = |change: bool| {
            let days = self.days.iter();
            let kind = days.filter(|((_, date), _)| CHANGES.contains(date) == change);
            covered(kind.map(|(_, day)| day.rest))
        };
        Verdict::of(&of(true), &of(false))
    }
}

fn covered(tallies: impl Iterator<Item = Tally>) -> Vec<f64> {
    tallies.filter(|tally| tally.looks > 0).map(|tally| tally.covered()).collect()
}

/// A kind of hours, compared with all others.
///
/// The hours of a day are not independent, days nearly are: so the sampling error is that of the
/// mean of as many days, by how days differ. Three of those are the most that chance explains.
pub(crate) struct Verdict {
    own: f64,
    rest: f64,
    error: f64,
    days: usize,
}

impl Verdict {
    fn of(own: &[f64], rest: &[f64]) -> Self {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let all = mean(rest);
        let squares: Vec<f64> = rest.iter().map(|day| (day - all).powi(2)).collect();
        let shares = 1.0 / own.len().max(1) as f64 + 1.0 / rest.len().max(1) as f64;
        let error = (mean(&squares) * shares).sqrt();
        Self { own: mean(own), rest: all, error, days: own.len() }
    }

    pub(crate) fn is_no_worse(&self) -> bool {
        self.own >= self.rest - 3.0 * self.error
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { own, rest, error, days } = self;
        let [own, rest, error] = [own, rest, error].map(|part| part * 100.0);
        write!(f, "{own:5.1} % on {days} days, others {rest:.1} %, sampling error {error:.1} %")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { looks, below, above, width, off } = *self;
        let [width, off] = [width, off].map(|sum| sum / f64::from(looks));
        let covered = self.covered() * 100.0;
        write!(f, "{covered:5.1} % of {looks}: {below} below, {above} above; ")?;
        write!(f, "width {width:.2} of what is expected, off by {off:+.3}")
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "hours' ends    {}\nodd minutes    {}", self.over, self.odd)?;
        writeln!(f, "after midnight {}\nclock changes  {}", self.midnight(), self.changes())?;
        writeln!(f, "no band {} times; lag at most {} h", self.silent, self.lag)?;
        for (hour, tally) in &self.by_hour {
            writeln!(f, "  {hour:02}:00        {tally}")?;
        }
        let poor = self.days.iter().filter(|(_, day)| day.rest.covered() < 0.5);
        for ((run, date), day) in poor {
            writeln!(f, "  run {run} {date} {}", day.rest)?;
        }
        Ok(())
    }
}
