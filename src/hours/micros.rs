//! Fixed-point numbers of a millionth, eight bytes each: what is kept of members by the thousand.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Decimals kept; both vendors' money has two, their ratios are not kept.
const DECIMALS: u32 = 6;

/// One, in millionths.
const ONE: i64 = 1_000_000;

/// A number in millionths, up to nine trillion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Micros(i64);

impl Micros {
    pub(super) const ZERO: Self = Self(0);

    pub(super) fn of(value: Decimal) -> Option<Self> {
        let rounded =
            value.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointAwayFromZero);
        rounded.checked_mul(Decimal::from(ONE))?.to_i64().map(Self)
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// In whole millionths.
    pub(super) fn float(self) -> f64 {
        self.0 as f64
    }

    /// Appends the number without trailing zeros: `27.55`, `-3`, `0`.
    pub(super) fn write(self, out: &mut String) {
        let (whole, part) = (self.0.unsigned_abs() / ONE.unsigned_abs(), self.0 % ONE);
        if self.0 < 0 {
            out.push('-');
        }
        out.push_str(itoa::Buffer::new().format(whole));
        if part != 0 {
            out.push('.');
            // The one in front keeps the zeros that follow it.
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(part.unsigned_abs() + ONE.unsigned_abs());
            out.push_str(digits.strip_prefix('1').unwrap_or(digits));
            out.truncate(out.trim_end_matches('0').len());
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Self::of(text.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in any::<i64>()) {
            let mut text = String::new();
            Micros(micros).write(&mut text);
            prop_assert_eq!(Micros::read(&text), Some(Micros(micros)), "{}", text);
        }
    }

    #[test]
    fn money_is_short_and_giants_are_refused() {
        let mut text = String::new();
        Micros::of(Decimal::new(-27_550, 3)).unwrap().write(&mut text);
        assert_eq!(text, "-27.55");
        assert_eq!(Micros::of(Decimal::MAX), None);
        assert_eq!(Micros::read("x"), None);
    }
}
