//! Numbers as the page shows them: the shortest text that reads back as the same value.

use std::fmt::Write as _;

/// Writes numbers, reusing one small buffer.
#[derive(Default)]
pub struct Numbers {
    buffer: zmij::Buffer,
}

impl Numbers {
    /// Appends `value`: whole numbers without a point, and no exponent for ordinary figures.
    pub fn append(&mut self, value: f64, out: &mut String) {
        let size = value.abs();
        if (1e-4..1e15).contains(&size) {
            let shown = self.buffer.format_finite(value);
            out.push_str(shown.strip_suffix(".0").unwrap_or(shown));
        } else {
            rare(value, size, out);
        }
    }
}

/// Zero, the very small, the very large, and what is no number.
#[cold]
fn rare(value: f64, size: f64, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        0.0 => out.write_char('0'),
        f64::INFINITY => out.write_str("+Inf"),
        f64::NEG_INFINITY => out.write_str("-Inf"),
        _ if value.is_nan() => out.write_str("NaN"),
        _ if (1e-9..1e18).contains(&size) => write!(out, "{value}"),
        _ => write!(out, "{value:e}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: f64) -> String {
        let mut out = String::new();
        Numbers::default().append(value, &mut out);
        out
    }

    #[test]
    fn figures_read_as_people_write_them() {
        let figures = [
            (0.0, "0"),
            (-0.0, "0"),
            (214.0, "214"),
            (-12.5, "-12.5"),
            (138.24, "138.24"),
            (0.126_168, "0.126168"),
            (0.000_001, "0.000001"),
            (1_773_810_000.0, "1773810000"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e22, "1e22"),
            (1.5e-12, "1.5e-12"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in figures {
            assert_eq!(shown(value), text);
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back_as_itself(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(shown(value).parse::<f64>().unwrap(), value);
        }

        #[test]
        fn no_ordinary_figure_has_an_exponent(value in -1e12..1e12) {
            let text = shown(value);
            prop_assert!(!text.contains('e'), "{}", text);
        }
    }
}
