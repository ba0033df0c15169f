//! Reading what is shown of one (view, range), and adding up what was read.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::TOP;
use crate::clock::Tick;
use crate::figures::OTHER;
use crate::label;
use crate::number::{add, to_f64};
use crate::snapshot::{AccountPart, Good, Group, Row, Sheet, Slot};

/// The first slot of `view` that asks for `range`.
pub(super) fn slot<'a>(part: &'a AccountPart, view: &str, range: &str) -> Option<&'a Slot> {
    part.slots.iter().find(|slot| *slot.view == *view && *slot.range == *range)
}

/// The account's views, each once, in the configuration's order.
fn views(part: &AccountPart) -> Vec<&str> {
    let mut views: Vec<&str> = Vec::new();
    for slot in &part.slots {
        if !views.contains(&&*slot.view) {
            views.push(&slot.view);
        }
    }
    views
}

/// What `of` makes of each view that has figures; it is told whether the view stands for the account. The one
/// that does comes first, and alone where no `detail` is wanted.
pub(super) fn by_whole<T>(
    part: &AccountPart,
    detail: bool,
    of: impl Fn(&str, bool) -> Option<T>,
) -> Vec<T> {
    let is_whole = |view: &str| part.whole.as_deref() == Some(view);
    let mut names = views(part);
    names.sort_by_key(|view| !is_whole(view));
    let made = names.into_iter().filter_map(|view| of(view, is_whole(view)));
    made.take(if detail { usize::MAX } else { 1 }).collect()
}

/// The rows whose `label` the vendor named, and the first that the exporter folded the others into.
pub(super) fn parted<'a>(
    rows: impl Iterator<Item = &'a Row>,
    label: &str,
) -> (Vec<&'a Row>, Option<&'a Row>) {
    let (named, other): (Vec<_>, Vec<_>) = rows.partition(|row| name(row, label) != OTHER);
    (named, other.first().copied())
}

/// At most [`TOP`] rows, and those after them.
pub(super) fn top<'r, 'a>(named: &'r [&'a Row]) -> (&'r [&'a Row], &'r [&'a Row]) {
    named.split_at(TOP.min(named.len()))
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
