//! A TapRain report as it came; nothing is derived, folded or renamed yet.

use jiff::Timestamp;
use jiff::civil::DateTime;
use rust_decimal::{Decimal, RoundingStrategy};

use super::fold::Foldable;
use crate::number::add;

/// A report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The period it speaks of.
    pub meta: Meta,
    /// Totals.
    pub summary: Figures,
    /// The time series, hourly or daily as the rows say.
    pub periods: Vec<Period>,
    /// The breakdowns by country, source and offer, in this order.
    pub breakdowns: [Breakdown; 3],
    /// How many figures were no numbers.
    pub bad_numbers: u64,
    /// How many rows were left out of breakdowns that are too long.
    pub many_rows: u64,
}

/// Rows in the API's order, `None` standing for a null label; or no such list.
pub type Breakdown = Option<Vec<(Option<String>, Figures)>>;

/// The names of the breakdowns: the `dimension` label and the rows' own label.
pub const DIMENSIONS: [&str; 3] = ["country", "source", "offer"];

/// The period a report speaks of, in the API's own words.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// The first instant, as given (trap T2).
    pub period_start: Option<Timestamp>,
    /// The end, as given.
    pub period_end: Option<Timestamp>,
    /// When the figures were computed (trap T19).
    pub generated_at: Option<Timestamp>,
    /// Requests left in the API's hour (trap T4).
    pub requests_remaining: Option<u64>,
}

/// The five figures of every object; what is unknown is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Clicks.
    pub clicks: Option<Decimal>,
    /// Leads, conversions.
    pub leads: Option<Decimal>,
    /// Revenue in major units.
    pub revenue: Option<Decimal>,
    /// Leads per click, 0 to 1.
    pub cvr: Option<Decimal>,
    /// Earnings per click in major units.
    pub epc: Option<Decimal>,
}

/// One row of the time series.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// When it begins, in naive local time (trap T3); `None` where the label is no such time.
    pub start: Option<DateTime>,
    /// Whether it is an hour; a day otherwise.
    pub hourly: bool,
    /// Its figures.
    pub figures: Figures,
}

/// Decimals of a ratio computed here; the API's own percentages have as many.
const RATIO_DECIMALS: u32 = 6;

impl Foldable for Figures {
    fn revenue(&self) -> Option<Decimal> {
        self.revenue
    }

    fn clicks(&self) -> Option<Decimal> {
        self.clicks
    }

    /// Adds counts and money; the ratios follow from the sums, absent without a click.
    fn absorb(&mut self, other: &Self) {
        self.clicks = add(self.clicks, other.clicks);
        self.leads = add(self.leads, other.leads);
        self.revenue = add(self.revenue, other.revenue);
        self.cvr = ratio(self.leads, self.clicks);
        self.epc = ratio(self.revenue, self.clicks);
    }
}

fn ratio(part: Option<Decimal>, whole: Option<Decimal>) -> Option<Decimal> {
    let ratio = part?.checked_div(whole?)?;
    // Half up, as the API rounds its own; halves are frequent, because clicks are often even.
    let rounded =
        ratio.round_dp_with_strategy(RATIO_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    Some(rounded.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_up_as_the_api_rounds_them() {
        let of = |revenue| Figures {
            clicks: Some(32.into()),
            revenue: Some(Decimal::new(revenue, 2)),
            ..Figures::default()
        };
        let mut sum = of(1_000);
        sum.absorb(&Figures { clicks: Some(0.into()), ..of(425) });
        assert_eq!(sum.epc, Some(Decimal::new(445_313, 6)), "14.25 / 32 = 0.4453125");
    }
}
