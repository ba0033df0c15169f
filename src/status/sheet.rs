//! Reading what is shown of one (view, range), and adding up what was read.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::clock::Tick;
use crate::label;
use crate::number::{add, to_f64};
use crate::snapshot::{AccountPart, Good, Group, Row, Sheet, Slot};

/// The first slot of `view` that asks for `range`.
pub(super) fn slot<'a>(part: &'a AccountPart, view: &str, range: &str) -> Option<&'a Slot> {
    part.slots.iter().find(|slot| *slot.view == *view && *slot.range == *range)
}

/// The account's views, each once, in the configuration's order.
pub(super) fn views(part: &AccountPart) -> Vec<&str> {
    let mut views: Vec<&str> = Vec::new();
    for slot in &part.slots {
        if !views.contains(&&*slot.view) {
            views.push(&slot.view);
        }
    }
    views
}

/// What of `slot` may be shown at `now`.
pub(super) fn shown(slot: &Slot, now: Tick) -> Option<&Good> {
    slot.good.as_ref().filter(|good| good.lives(now))
}

/// The rows of `group`.
pub(super) fn rows(sheet: &Sheet, group: Group) -> &[Row] {
    sheet.tables.iter().find(|table| table.group == group).map_or(&[], |table| &table.rows)
}

/// The value in `column` of the only row of `group`.
pub(super) fn single(sheet: &Sheet, group: Group, column: usize) -> Option<f64> {
    value(rows(sheet, group).first()?, column)
}

/// The value in `column`.
pub(super) fn value(row: &Row, column: usize) -> Option<f64> {
    row.values.get(column).copied().flatten()
}

/// A label's value as the vendor has it, cleaned.
pub(super) fn name<'a>(row: &'a Row, label: &str) -> Cow<'a, str> {
    label::value(&row.labels, label).unwrap_or_default()
}

/// The sum of what is known, exact to the cent, as `/metrics` adds up: `None` where nothing is.
pub(super) fn sum(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    values.into_iter().map(|value| value.and_then(decimal)).fold(None, add).map(to_f64)
}

/// The digits that an f64 is printed with, which are the vendor's own.
fn decimal(value: f64) -> Option<Decimal> {
    let text = value.to_string();
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// `part / whole` where there is a whole.
pub(super) fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole.filter(|whole| *whole > 0.0)?);
    Some(part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_stay_cents_and_unknown_is_not_nothing() {
        assert_eq!(sum([Some(0.1), None, Some(0.2)]), Some(0.3));
        assert_eq!(sum([Some(1e-7), Some(98.80), Some(39.44)]), Some(138.240_000_1));
        assert_eq!((sum([None, None]), sum([])), (None, None));
        assert_eq!((ratio(Some(1.0), Some(0.0)), ratio(Some(1.0), Some(4.0))), (None, Some(0.25)));
    }
}
