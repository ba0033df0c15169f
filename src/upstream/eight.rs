//! Texts looked at eight bytes at a time, for rows that come by the hundred thousand.
//!
//! A word's lowest byte is the first of the eight.

/// The first byte from `at` on that is one of `kind`, or the end. `kind` looks at eight at a time and
/// sets the highest bit of those that are; only the lowest of these bits must be right.
pub(super) fn first(bytes: &[u8], mut at: usize, kind: fn(u64) -> u64) -> usize {
    while let Some(eight) = word(bytes, at) {
        let found = kind(eight);
        if found != 0 {
            return at + lowest(found);
        }
        at += 8;
    }
    let is_one = |byte: &u8| kind(u64::from(*byte) * ALL) != 0;
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_one).unwrap_or(rest.len())
}

/// The number that the digits from `at` on are, after those of `before`, and where they end. It is right where
/// there are up to 19 digits in all.
pub(super) fn number(bytes: &[u8], mut at: usize, before: u64) -> (u64, usize) {
    let mut number = before;
    while let Some(eight) = word(bytes, at) {
        let digits = lowest(no_digit(eight));
        number = number.wrapping_mul(POWERS[digits]).wrapping_add(value(eight, digits));
        at += digits;
        if digits < 8 {
            return (number, at);
        }
    }
    while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    (number, at)
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|eight| u64::from_le_bytes(*eight))
}

/// How many bytes stand before the first whose highest bit is set; 8 where none is.
const fn lowest(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

/// What the first `digits` of eight bytes are as a number.
const fn value(eight: u64, digits: usize) -> u64 {
    let ones = eight ^ (ALL * 0x30);
    // They move behind as many zeros as there are other bytes, of which nothing is left.
    let ones = if digits == 0 { 0 } else { ones << (64 - 8 * digits) };
    // Two of one digit become one of two digits, and so on; each step uses every other one.
    let twos = (ones.wrapping_mul(10) + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100) + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff
}

/// The powers of ten that up to eight digits need.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// A byte times this is eight of them.
const ALL: u64 = u64::from_le_bytes([1; 8]);

/// The highest bit of each.
const HIGH: u64 = ALL * 0x80;

/// Quotes, backslashes and control characters.
pub(super) const fn special(eight: u64) -> u64 {
    let quotes = (eight ^ (ALL * 0x22)).wrapping_sub(ALL);
    let backslashes = (eight ^ (ALL * 0x5c)).wrapping_sub(ALL);
    // What is above ASCII is none of them; a borrow from a lower byte follows one that is.
    (quotes | backslashes | eight.wrapping_sub(ALL * 0x20)) & !eight & HIGH
}

/// All but 0 to 9.
const fn no_digit(eight: u64) -> u64 {
    let from_zero = eight ^ (ALL * 0x30);
    // Up to 9 there is no carry into the highest bit, and nothing carries beyond it.
    (((from_zero & !HIGH) + ALL * 0x76) | from_zero) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_byte_is_of_its_kind_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = [b'7'; 20];
                text[place] = byte;
                let stands = |is_one: bool| if is_one { place } else { text.len() };
                assert_eq!(first(&text, 0, no_digit), stands(!byte.is_ascii_digit()), "{byte}");
                let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(first(&text, 0, special), stands(is_special), "{byte}");
            }
        }
    }

    proptest! {
        #[test]
        fn digits_are_the_number_that_they_are_wherever_they_stand(
            before in "[a-z]{0,9}", digits in "[0-9]{0,19}", behind in "([^0-9].{0,9})?"
        ) {
            let text = format!("{before}{digits}{behind}");
            let wanted = digits.parse().unwrap_or(0);
            let end = before.len() + digits.len();
            prop_assert_eq!(number(text.as_bytes(), before.len(), 0), (wanted, end));
        }

        #[test]
        fn digits_go_on_where_others_ended(whole in "[1-9][0-9]{0,8}", rest in "[0-9]{1,9}") {
            let begun = whole.parse().unwrap();
            let all = format!("{whole}{rest}").parse().unwrap();
            prop_assert_eq!(number(rest.as_bytes(), 0, begun), (all, rest.len()));
        }
    }
}
