//! Figures as they stand in JSON, exact: money is never added up in binary fractions.
//!
//! Sister APIs of both vendors send numbers as texts or as null (trap T8), so reading is lenient:
//! what is missing is absent, what is no number is absent and counted.

use rust_decimal::Decimal;

/// One figure of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Missing, null or an empty text.
    Absent,
    /// A number, exact to 28 digits.
    Known(Decimal),
    /// Something else, or a number beyond 7.9e28.
    Bad,
}

impl Figure {
    /// Reads JSON: a number, or a text that holds one.
    pub fn read(json: Option<&str>) -> Self {
        json.map_or(Self::Absent, Self::parse)
    }

    fn parse(json: &str) -> Self {
        // Before anything else is looked for: nearly all figures are plain.
        if let Some(value) = short(json) {
            return Self::Known(value);
        }
        let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let text = text.unwrap_or(json).trim();
        if text.is_empty() || text == "null" {
            return Self::Absent;
        }
        match decimal(text) {
            Some(value) => Self::Known(value),
            None => Self::Bad,
        }
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    if text.bytes().any(|byte| byte | 0x20 == b'e') {
        return Decimal::from_scientific(text).ok();
    }
    // `from_str` knows digits, one point and a sign; an underscore is no JSON.
    if text.contains('_') { None } else { text.parse().ok() }
}

/// What nearly all figures are: up to 18 digits and at most one point among them, each digit kept.
fn short(text: &str) -> Option<Decimal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mut mantissa, mut seen, mut scale, mut point) = (0_i64, 0_u32, 0_u32, false);
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
                seen += 1;
                scale += u32::from(point);
            }
            b'.' if !point && seen > 0 => point = true,
            _ => return None,
        }
    }
    let plain = (1..=18).contains(&seen) && (!point || scale > 0);
    plain.then(|| Decimal::new(if negative { -mantissa } else { mantissa }, scale))
}

/// The nearest f64, as Prometheus keeps it: exactly what parsing the vendor's own digits gives.
pub fn to_f64(value: Decimal) -> f64 {
    // A decimal of up to 15 digits is one correctly rounded division away from its f64.
    let (mantissa, scale) = (value.mantissa(), value.scale());
    if mantissa.unsigned_abs() < 1 << 53 && scale <= 22 {
        #[expect(clippy::cast_possible_wrap, reason = "scale is at most 22")]
        let power = 10_f64.powi(scale as i32);
        return mantissa as f64 / power;
    }
    value.normalize().to_string().parse().unwrap_or(f64::NAN)
}

/// `a + b` where both are known; the known one where one is; `None` when the sum overflows.
pub fn add(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    match (a, b) {
        // Most figures of most rows are nothing.
        (Some(sum), Some(zero)) | (Some(zero), Some(sum)) if zero.is_zero() => Some(sum),
        (Some(a), Some(b)) => a.checked_add(b),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(text: &str) -> Decimal {
        match Figure::parse(text) {
            Figure::Known(value) => value,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn t8_numbers_may_be_texts_or_null() {
        assert_eq!(Figure::parse("\"12.50\""), Figure::Known(Decimal::new(1250, 2)));
        assert_eq!(Figure::parse("null"), Figure::Absent);
        assert_eq!(Figure::parse("\"\""), Figure::Absent);
        for bad in ["true", "{}", "[1]", "\"abc\"", "1e999", "\"1_000\"", "9e99", "\"NaN\""] {
            assert_eq!(Figure::parse(bad), Figure::Bad, "{bad}");
        }
    }

    #[test]
    fn the_vendors_figures_come_out_exactly() {
        for text in ["126.8840278483", "138.24", "12.6168", "0.645981", "-3", "1.5e3", "1E-7"] {
            let direct: f64 = text.parse().unwrap();
            assert_eq!(to_f64(known(text)), direct, "{text}");
        }
    }

    #[test]
    fn cents_add_up_to_cents() {
        let sum = add(Some(known("98.80")), Some(known("39.44")));
        assert_eq!(sum.map(to_f64), Some(138.24));
        assert_eq!(add(Some(Decimal::MAX), Some(Decimal::MAX)), None);
    }

    proptest! {
        #[test]
        fn any_printed_f64_is_read_back(value in -1e15_f64..1e15) {
            let text = format!("{value}");
            let back = to_f64(known(&text));
            // 28 digits hold every f64 of this size to well below a millionth of a cent.
            prop_assert!((back - value).abs() <= value.abs() * 1e-15 + 1e-27, "{text} {back}");
        }

        #[test]
        fn up_to_28_digits_are_exact(mantissa in -(10_i64.pow(17))..10_i64.pow(17), scale in 0_u32..15) {
            let value = Decimal::new(mantissa, scale);
            prop_assert_eq!(to_f64(value), value.to_string().parse::<f64>().unwrap());
        }

        #[test]
        fn short_numbers_are_read_as_all_are(text in "-?[0-9]{1,20}(\\.[0-9]{1,20})?") {
            if let Some(value) = short(&text) {
                let whole: Decimal = text.parse().unwrap();
                prop_assert_eq!((value, value.scale()), (whole, whole.scale()));
            }
        }

        #[test]
        fn what_is_no_short_number_is_left_to_the_parser(text in "[-+.0-9e_]{0,6}") {
            prop_assert!(short(&text).is_none() || text.parse::<Decimal>().is_ok(), "{}", text);
        }

        #[test]
        fn any_text_is_survived(text in ".*") {
            let _ = Figure::parse(&text);
        }
    }
}
