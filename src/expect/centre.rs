//! The middle of a few weeks, which one odd week does not move.

/// Weeks that a centre needs.
pub(super) const FEWEST: usize = 3;

/// The median of three, the mean of the middle two of four; `None` of fewer.
pub(super) fn centre(weeks: &[f64]) -> Option<f64> {
    if weeks.len() < FEWEST { None } else { middle(weeks) }
}

/// The median of however many; `None` of none.
pub(super) fn middle(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// The variance of [`middle`], where that of one value is 1; normal values, from tables.
pub(super) const fn variance(count: usize) -> f64 {
    match count {
        0 | 1 => 1.0,
        2 => 0.5,
        3 => 0.449,
        4 => 0.298,
        _ => 0.287,
    }
}

/// How far values lie from 0, as a variance, and how many of them it believes.
///
/// Holidays among them are left out: a scale from the smaller five sixths decides who is odd, the
/// rest is averaged as it is.
pub(super) fn spread(values: &[f64]) -> Option<(f64, usize)> {
    let mut squares: Vec<f64> = values.iter().map(|value| value * value).collect();
    squares.sort_by(f64::total_cmp);
    let kept = squares.len() - squares.len() / 6;
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
    // The smaller five sixths of normal values have 0.49 of their variance.
    let scale = mean(squares.get(..kept)?) / 0.49;
    let usual = squares.partition_point(|square| *square <= 9.0 * scale);
    (usual > 0).then(|| (mean(&squares[..usual]), usual))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_odd_week_moves_nothing_out_of_the_others() {
        assert_eq!(centre(&[10.0, 11.0]), None);
        assert_eq!(centre(&[10.0, 400.0, 12.0]), Some(12.0));
        assert_eq!(centre(&[10.0, 11.0, 400.0, 12.0]), Some(11.5));
        assert_eq!(centre(&[10.0, 11.0, -400.0, 12.0]), Some(10.5));
        assert_eq!(middle(&[]), None);
    }

    #[test]
    fn holidays_do_not_widen_the_spread() {
        let mut rng = fastrand::Rng::with_seed(3);
        let normal = |rng: &mut fastrand::Rng| (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        let mut sums = (0.0, 0.0);
        for _ in 0..2_000 {
            let mut values: Vec<f64> = (0..33).map(|_| normal(&mut rng)).collect();
            sums.0 += spread(&values).unwrap().0;
            values.extend([30.0, -8.0]);
            sums.1 += spread(&values).unwrap().0;
        }
        assert!((sums.0 / 2_000.0 - 1.0).abs() < 0.04, "{sums:?}");
        assert!((sums.1 / 2_000.0 - 1.0).abs() < 0.06, "{sums:?}");
    }

    proptest! {
        #[test]
        fn a_centre_lies_between_the_usual_weeks(
            usual in prop::collection::vec(90.0_f64..110.0, 2..4),
            odd in -1e6_f64..1e6,
        ) {
            let mut weeks = usual.clone();
            weeks.push(odd);
            let centre = centre(&weeks).unwrap();
            prop_assert!((90.0..110.0).contains(&centre), "{centre} of {weeks:?}");
        }
    }
}
