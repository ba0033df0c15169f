//! Numbers as the page shows them: the shortest text that reads back as the same value.

use std::io::Write as _;

/// Below this a number of millionths has 14 digits at most. Numbers of up to 15 are all different
/// f64s, so digits that read back as the value are the shortest but for zeros at the end.
const MOST: f64 = 1e8;

/// One, in millionths: vendors round money to cents and ratios to millionths at the finest.
const ONE: u64 = 1_000_000;

/// 2^52: from here on f64s are whole numbers, and each has the next number's bits.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// What makes characters of eight digits.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// Writes numbers, reusing one small buffer.
#[derive(Default)]
pub struct Numbers {
    buffer: zmij::Buffer,
}

impl Numbers {
    /// Appends `value`: whole numbers without a point, and no exponent for ordinary figures.
    pub fn append(&mut self, value: f64, out: &mut Vec<u8>) {
        self.line(value, out);
        out.pop();
    }

    /// The same, and ends the line.
    pub fn line(&mut self, value: f64, out: &mut Vec<u8>) {
        if let Some(size) = millionths(value) {
            if value < 0.0 {
                out.push(b'-');
            }
            plain(size, out);
        } else {
            self.any(value, out);
            out.push(b'\n');
        }
    }

    /// Figures of more digits.
    #[cold]
    fn any(&mut self, value: f64, out: &mut Vec<u8>) {
        let size = value.abs();
        if (1e-4..1e15).contains(&size) {
            let shown = self.buffer.format_finite(value);
            out.extend_from_slice(shown.strip_suffix(".0").unwrap_or(shown).as_bytes());
        } else {
            rare(value, size, out);
        }
    }
}

/// The size of `value` where it is a whole number of millionths, and small enough.
fn millionths(value: f64) -> Option<u64> {
    let size = value.abs();
    if size < MOST {
        // Up to 10^14 the sum is rounded to a whole number, which its lowest bits are.
        let shifted = size * 1e6 + WHOLE;
        let nearest = shifted - WHOLE;
        // A correctly rounded quotient of whole numbers is what reading the digits gives.
        return (nearest / 1e6 == size).then_some(shifted.to_bits() - WHOLE.to_bits());
    }
    None
}

/// Nearly all figures, in a third of the time of the general way: no branch hangs on a digit, for
/// those are guessed wrongly, and no byte is written twice.
fn plain(millionths: u64, out: &mut Vec<u8>) {
    let whole = digits(millionths / ONE);
    let zeros = (whole.trailing_zeros() / 8).min(7);
    word((whole | ZEROS) >> (8 * zeros), 8 - zeros, out);
    let part = millionths % ONE;
    if part == 0 {
        out.push(b'\n');
        return;
    }
    let part = digits(part) >> 16;
    let kept = 9 - part.leading_zeros() / 8;
    let text = u64::from(b'.') | (part | ZEROS) << 8;
    let text = text & !(u64::MAX << (8 * kept)) | u64::from(b'\n') << (8 * kept);
    word(text, kept + 1, out);
}

/// The eight digits of `number`, the first in the lowest byte. `number` must be below 10^8.
///
/// All are found at once: the halves of four digits, their halves, and theirs. A multiplication and
/// a shift divide by 100 and by 10, exactly for numbers as small as these.
const fn digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (pairs - 10 * tens) << 8
}

/// Appends the `length` lowest bytes of `word`. All eight are copied, which needs no call.
fn word(word: u64, length: u32, out: &mut Vec<u8>) {
    let end = out.len() + length as usize;
    out.extend_from_slice(&word.to_le_bytes());
    out.truncate(end);
}

/// The very small, the very large, and what is no number.
fn rare(value: f64, size: f64, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = match value {
        f64::INFINITY => out.write_all(b"+Inf"),
        f64::NEG_INFINITY => out.write_all(b"-Inf"),
        _ if value.is_nan() => out.write_all(b"NaN"),
        _ if (1e-9..1e18).contains(&size) => write!(out, "{value}"),
        _ => write!(out, "{value:e}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: f64) -> String {
        let mut out = Vec::new();
        Numbers::default().append(value, &mut out);
        String::from_utf8(out).unwrap()
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
        fn what_has_six_decimals_is_shown_as_any_number_is(
            size in prop_oneof![0_u64..10_000_000, 0_u64..200_000_000_000_000],
            unit in prop::sample::select(vec![1_u64, 10, 100, 10_000, 1_000_000]),
            negative: bool,
        ) {
            let size = (size / unit * unit) as f64;
            let value = if negative { -size } else { size } / 1e6;
            let mut any = Vec::new();
            Numbers::default().any(value, &mut any);
            let any = String::from_utf8(any).unwrap();
            prop_assert_eq!(shown(value), if size == 0.0 { "0".to_owned() } else { any });
        }

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
