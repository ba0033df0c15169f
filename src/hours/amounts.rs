//! Clicks, leads and revenue side by side, in whichever kind of number.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::figures::taprain::Figures;
use crate::number::{add, to_f64};

/// The three figures that every expectation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Three<T> {
    /// Clicks, a count.
    pub clicks: T,
    /// Leads, a count.
    pub leads: T,
    /// Revenue in major units; may be negative (trap T9).
    pub revenue: T,
}

/// What an hour has; `None` is unknown, and never 0.
pub type Amounts = Three<Option<Decimal>>;

impl<T: Copy> Three<T> {
    /// The same number three times.
    pub const fn all(value: T) -> Self {
        Self { clicks: value, leads: value, revenue: value }
    }

    /// Each figure by itself.
    #[must_use]
    pub fn map<U>(self, each: impl Fn(T) -> U) -> Three<U> {
        Three { clicks: each(self.clicks), leads: each(self.leads), revenue: each(self.revenue) }
    }

    /// Each figure with its counterpart.
    #[must_use]
    pub fn with<U: Copy, V>(self, other: Three<U>, both: impl Fn(T, U) -> V) -> Three<V> {
        Three {
            clicks: both(self.clicks, other.clicks),
            leads: both(self.leads, other.leads),
            revenue: both(self.revenue, other.revenue),
        }
    }

    /// In the order of the fields.
    pub fn list(self) -> [T; 3] {
        [self.clicks, self.leads, self.revenue]
    }
}

impl From<&Figures> for Amounts {
    fn from(figures: &Figures) -> Self {
        Self { clicks: figures.clicks, leads: figures.leads, revenue: figures.revenue }
    }
}

impl Amounts {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { clicks: None, leads: None, revenue: None };

    /// Nothing happened, which is something to know.
    pub const ZERO: Self = Self {
        clicks: Some(Decimal::ZERO),
        leads: Some(Decimal::ZERO),
        revenue: Some(Decimal::ZERO),
    };

    /// Adds what is known of `other`; exact.
    pub fn absorb(&mut self, other: Self) {
        *self = self.with(other, add);
    }

    /// The exact sum; unknown where either is unknown.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a?.checked_add(b?))
    }

    /// The nearest binary fractions.
    pub fn floats(self) -> Three<Option<f64>> {
        self.map(|amount| amount.map(to_f64))
    }
}
