//! The rows that nearly all are: one object of plain texts, plain numbers and nulls, read in one go.
//!
//! It takes a fifth off the time a row takes (`cargo bench --bench speed -- --only klar`). Whatever is
//! not plain (an escape, an exponent, something nested, a field twice, a cut row) is left to the general
//! parser, which alone decides what is wrong with it: what is read here, it would read just so.

/// Reads the object that begins `text` and hands each field's name and JSON to `take`, which returns
/// whether it may have it. Returns the object's length; `None` leaves it to the parser.
pub(super) fn object<'a>(
    text: &'a str,
    mut take: impl FnMut(&'a str, &'a str) -> bool,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = blank(bytes, after(bytes, 0, b'{')?);
    loop {
        let (begin, end) = (at + 1, plain_text(bytes, at)?);
        let name = text.get(begin..end - 1)?;
        at = blank(bytes, after(bytes, blank(bytes, end), b':')?);
        let end = value(bytes, at)?;
        if !take(name, text.get(at..end)?) {
            return None;
        }
        at = blank(bytes, end);
        match bytes.get(at)? {
            b',' => at = blank(bytes, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn after(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

fn blank(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value at `at` ends.
fn value(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => plain_text(bytes, at),
        b'n' => bytes.get(at..at + 4).filter(|word| *word == b"null").map(|_| at + 4),
        _ => plain_number(bytes, at),
    }
}

/// Where the text at `at` ends, its quotes included.
fn plain_text(bytes: &[u8], at: usize) -> Option<usize> {
    let begin = after(bytes, at, b'"')?;
    after(bytes, first(bytes, begin, special), b'"')
}

/// Where the number at `at` ends; one without an exponent, behind which something follows.
fn plain_number(bytes: &[u8], at: usize) -> Option<usize> {
    let begin = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = digits(bytes, begin)?;
    if end > begin + 1 && bytes.get(begin) == Some(&b'0') {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(bytes, end + 1)?;
    }
    (!matches!(bytes.get(end)?, b'e' | b'E')).then_some(end)
}

/// Where the digits at `at` end, of which there must be one.
fn digits(bytes: &[u8], at: usize) -> Option<usize> {
    let end = first(bytes, at, no_digit);
    (end > at).then_some(end)
}

/// The first byte from `at` on that is one of `kind`, or the end. `kind` looks at eight at a time and
/// sets the highest bit of those that are; only the lowest of these bits must be right.
fn first(bytes: &[u8], mut at: usize, kind: fn(u64) -> u64) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let found = kind(u64::from_le_bytes(*eight));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_one = |byte: &u8| kind(u64::from(*byte) * ALL) != 0;
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_one).unwrap_or(rest.len())
}

/// A byte times this is eight of them.
const ALL: u64 = u64::from_le_bytes([1; 8]);

/// The highest bit of each.
const HIGH: u64 = ALL * 0x80;

/// Quotes, backslashes and control characters.
const fn special(eight: u64) -> u64 {
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
    use serde_json::Value;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    use super::*;

    type Fields<'a> = Vec<(&'a str, &'a str)>;

    fn scanned(text: &str) -> Option<(Fields<'_>, usize)> {
        let mut fields = Vec::new();
        let length = object(text, |name, json| {
            fields.push((name, json));
            true
        })?;
        Some((fields, length))
    }

    #[test]
    fn a_plain_row_is_read_and_whatever_is_not_plain_is_left() {
        let row = r#"{ "a" : "x y" ,"b":-0.50,"c":null, "d":12}rest"#;
        let (fields, length) = scanned(row).unwrap();
        assert_eq!(fields, [("a", "\"x y\""), ("b", "-0.50"), ("c", "null"), ("d", "12")]);
        assert_eq!(&row[length..], "rest");
        for left in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"a":1"#,
            r#"{"a":1,}"#,
            r#"{"a":1,"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":1e5}"#,
            r#"{"a":true}"#,
            r#"{"a":{}}"#,
            r#"{"a":nul}"#,
            r#"{"a":"\u0041"}"#,
            "{\"a\":\"\t\"}",
            r#"{"a" 1}"#,
            r#"{"a":1 "b":2}"#,
            "{a:1}",
            r#"{"a":-}"#,
            r#"{"a":"x}"#,
            r#"{"a":12"#,
        ] {
            assert_eq!(scanned(left), None, "{left}");
        }
        assert_eq!(object(r#"{"a":1}"#, |_, _| false), None);
    }

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
        fn what_is_read_is_what_the_parser_reads(text in r#"\{("[ab]"|[:,{}"\\ ne01.-]|"a":|1|null|"x"){0,12}\}?"#) {
            if let Some((fields, length)) = scanned(&text) {
                let parsed: BTreeMap<&str, &RawValue> = serde_json::from_str(&text[..length]).unwrap();
                let last: BTreeMap<&str, &str> = fields.into_iter().collect();
                let parsed: BTreeMap<&str, &str> = parsed.iter().map(|(k, v)| (*k, v.get())).collect();
                prop_assert_eq!(last, parsed);
            }
        }

        #[test]
        fn every_plain_object_is_read(fields in prop::collection::btree_map("[a-z]{1,3}", prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[ -!#-Z]{0,5}".prop_map(Value::from),
        ], 1..6)) {
            let text = serde_json::to_string(&fields).unwrap();
            prop_assert_eq!(scanned(&text).map(|(read, length)| (read.len(), length)), Some((fields.len(), text.len())));
        }
    }
}
