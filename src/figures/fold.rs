//! Cardinality: the top rows by revenue, then clicks; the rest added into one.

use std::cmp::Reverse;

use rust_decimal::Decimal;

/// Something that can be ranked and added up.
pub trait Foldable: Clone {
    /// What ranks first: revenue.
    fn revenue(&self) -> Option<Decimal>;
    /// What ranks next: clicks.
    fn clicks(&self) -> Option<Decimal>;
    /// Adds `other` to this; exact.
    fn absorb(&mut self, other: &Self);
}

/// Rows after folding.
#[derive(Debug)]
pub struct Folded<K, V> {
    /// The top rows, highest revenue first; equals by clicks, then by key.
    pub shown: Vec<(K, V)>,
    /// The rest.
    pub rest: Vec<(K, V)>,
}

/// Keeps the `limit` rows of highest revenue (then clicks, then smallest key, so that the choice
/// is deterministic). Unknown revenue ranks last.
pub fn fold<K: Ord + Clone, V: Foldable>(mut rows: Vec<(K, V)>, limit: usize) -> Folded<K, V> {
    rows.sort_by(|(key_a, a), (key_b, b)| {
        let rank = |row: &V| Reverse((row.revenue(), row.clicks()));
        rank(a).cmp(&rank(b)).then_with(|| key_a.cmp(key_b))
    });
    let rest = rows.split_off(limit.min(rows.len()));
    Folded { shown: rows, rest }
}

/// The sum of `rows`; `None` when there are none.
pub fn total<'a, V: Foldable + 'a>(rows: impl IntoIterator<Item = &'a V>) -> Option<V> {
    let mut rows = rows.into_iter();
    let mut sum = rows.next()?.clone();
    for row in rows {
        sum.absorb(row);
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::add;
    use proptest::prelude::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Cents(i64, i64);

    impl Foldable for Cents {
        fn revenue(&self) -> Option<Decimal> {
            Some(Decimal::new(self.0, 2))
        }

        fn clicks(&self) -> Option<Decimal> {
            Some(self.1.into())
        }

        fn absorb(&mut self, other: &Self) {
            assert!(add(self.revenue(), other.revenue()).is_some());
            self.0 += other.0;
            self.1 += other.1;
        }
    }

    #[test]
    fn revenue_ranks_before_clicks_before_names() {
        let rows =
            vec![("d", Cents(5, 1)), ("c", Cents(5, 9)), ("b", Cents(7, 0)), ("a", Cents(5, 1))];
        let folded = fold(rows, 3);
        assert_eq!(folded.shown.iter().map(|(key, _)| *key).collect::<String>(), "bca");
        assert_eq!(folded.rest, [("d", Cents(5, 1))]);
    }

    proptest! {
        #[test]
        fn folding_loses_nothing(
            rows in prop::collection::vec((0_i64..50, -9999_i64..9999, 0_i64..99), 0..60),
            limit in 0_usize..70,
        ) {
            let rows: Vec<_> = rows.into_iter().enumerate()
                .map(|(index, (key, cents, clicks))| ((key, index), Cents(cents, clicks))).collect();
            let all = total(rows.iter().map(|(_, row)| row));
            let folded = fold(rows, limit);
            prop_assert!(folded.shown.len() <= limit);
            let both = folded.shown.iter().chain(&folded.rest).map(|(_, row)| row);
            prop_assert_eq!(total(both), all);
        }
    }
}
