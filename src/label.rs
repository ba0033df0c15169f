//! Label values: made harmless, escaped once, and kept as they stand between the braces.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A label value is at most this many characters long.
pub const MAX_CHARS: usize = 200;

/// A long value keeps this many of its characters, before `…` and eight digits of its hash.
const KEPT_CHARS: usize = MAX_CHARS - 9;

/// A label set while it is written: `account="main",view="all"`.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    text: String,
}

impl Labels {
    /// No labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a label. `name` must be a valid label name and new to the set; `value` is escaped.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(name);
        self.text.push_str("=\"");
        label_value(value, &mut self.text);
        self.text.push('"');
        self
    }

    /// This set and one more label, as it stands between the braces.
    pub fn and(&self, name: &str, value: &str) -> Box<str> {
        // Exact unless something is escaped: the comma, the equals sign and two quotes.
        let mut text = String::with_capacity(self.text.len() + name.len() + value.len() + 4);
        text.push_str(&self.text);
        Self { text }.with(name, value).finish()
    }

    /// The set as it stands between the braces.
    pub fn finish(self) -> Box<str> {
        self.text.into_boxed_str()
    }
}

/// The value of `name` in a set as it stands between the braces, unescaped; `None` where the set
/// has no such label.
pub fn value<'a>(labels: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut rest = labels;
    loop {
        let (found, tail) = rest.split_once("=\"")?;
        let end = closing(tail)?;
        let (escaped, after) = tail.split_at(end);
        if found == name {
            return Some(unescaped(escaped));
        }
        rest = after.strip_prefix("\",")?;
    }
}

/// Where the quote is that ends an escaped value.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => chars.next().map_or('\\', |next| if next == 'n' { '\n' } else { next }),
            other => other,
        });
    }
    Cow::Owned(plain)
}

/// Appends `value` escaped for both exposition formats: backslash, quote and line feed.
pub fn label_value(value: &str, out: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(match special.as_bytes()[0] {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = &special[1..];
    }
    out.push_str(rest);
}

/// A vendor's value made harmless, and whether that changed it.
///
/// Characters that hide or reorder text become U+FFFD; a value of more than [`MAX_CHARS`] is cut
/// and ends in a hash of the whole, so that two long values with the same beginning stay two.
/// Different values may still become equal (a hash is a hash): whoever sums rows must do so by the
/// cleaned value.
pub fn clean(value: &str) -> (Cow<'_, str>, bool) {
    let too_long = value.len() > MAX_CHARS && value.chars().nth(MAX_CHARS).is_some();
    if !too_long && !value.contains(hides) {
        return (Cow::Borrowed(value), false);
    }
    let kept = if too_long { KEPT_CHARS } else { MAX_CHARS };
    let shown = |char| if hides(char) { char::REPLACEMENT_CHARACTER } else { char };
    let mut cleaned: String = value.chars().take(kept).map(shown).collect();
    if too_long {
        // Writing to a string cannot fail.
        let _ = write!(cleaned, "…{:08x}", hash(value));
    }
    (Cow::Owned(cleaned), true)
}

/// Control characters, line and paragraph separators, and what overrides the writing direction.
fn hides(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}'..='\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// FNV-1a, folded to 32 bits: the same in every build and run, as label values must be.
fn hash(value: &str) -> u32 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded in")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hostile_value_stays_on_its_line() {
        let labels = Labels::new().with("offer", "a\\b\"c\nd, {x=\"y\"} 1");
        assert_eq!(&*labels.finish(), r#"offer="a\\b\"c\nd, {x=\"y\"} 1""#);
    }

    #[test]
    fn ordinary_and_exotic_names_stay_as_they_come() {
        for name in ["Freecash – iOS, \"v2\"", "🔥 Sale", "日本", "{clickid}", "", "עברית"]
        {
            assert_eq!(clean(name), (Cow::Borrowed(name), false));
        }
    }

    #[test]
    fn what_hides_text_is_shown_as_replaced() {
        let (cleaned, changed) = clean("a\u{0}b\u{7f}c\u{85}d\u{2028}e\u{202e}f\u{2066}\ng");
        assert_eq!(
            (&*cleaned, changed),
            ("a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}\u{fffd}g", true)
        );
    }

    #[test]
    fn long_values_with_one_beginning_stay_two() {
        let (a, b) = ("ä".repeat(200) + "1", "ä".repeat(200) + "2");
        let (a, b) = (clean(&a).0, clean(&b).0);
        assert_ne!(a, b);
        assert_eq!((a.chars().count(), b.chars().count()), (MAX_CHARS, MAX_CHARS));
        assert!(!clean(&"ä".repeat(200)).1);
    }

    #[test]
    fn the_hash_never_changes() {
        assert!(clean(&"x".repeat(300)).0.ends_with("…fc258aca"));
    }

    fn set(values: &[String]) -> Box<str> {
        let names = ["account", "view", "offer"];
        let add =
            |labels: Labels, (name, value): (&&str, &String)| labels.with(name, &clean(value).0);
        names.iter().zip(values).fold(Labels::new(), add).finish()
    }

    proptest! {
        #[test]
        fn distinct_sets_never_read_the_same(
            a in proptest::collection::vec("[a\\\\\"\n,={}ä\u{1}]{0,6}", 3),
            b in proptest::collection::vec("[a\\\\\"\n,={}ä\u{1}]{0,6}", 3),
        ) {
            let cleaned = |values: &[String]| values.iter().map(|v| clean(v).0.into_owned()).collect::<Vec<_>>();
            prop_assert_eq!(cleaned(&a) == cleaned(&b), set(&a) == set(&b));
        }

        #[test]
        fn a_value_is_read_back_and_no_other(
            values in proptest::collection::vec("[a\\\\\"\n,={}ä\u{1}]{0,6}|view=\"", 3),
        ) {
            let labels = set(&values);
            for (name, text) in ["account", "view", "offer"].into_iter().zip(&values) {
                prop_assert_eq!(value(&labels, name).unwrap(), clean(text).0);
            }
            prop_assert_eq!(value(&labels, "iew"), None);
        }

        #[test]
        fn cleaning_is_done_once(value in "\\PC{0,20}|[\\s\\S]{150,260}") {
            let (once, _) = clean(&value);
            prop_assert_eq!(clean(&once), (Cow::Borrowed(&*once), false));
            prop_assert!(once.chars().count() <= MAX_CHARS && !once.contains(hides));
        }
    }
}
