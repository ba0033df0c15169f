//! Values as they stand in an answer: borrowed where they can be, and never quoted in an error.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::failure::Failure;

/// A field as its JSON text; it may be missing. A null is there, unlike in an `Option`, so that it can be counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Json<'a>(pub(super) Option<&'a str>);

impl Json<'_> {
    /// Whether the field is there and null.
    pub(super) fn is_null(self) -> bool {
        self.0.is_some_and(|raw| raw == "null")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(Some(raw.get())))
    }
}

/// A text without its quotes, borrowed where it has no escapes; other values as their JSON, so
/// that digits stay digits; null as nothing.
pub(super) fn text(raw: Json<'_>) -> Option<Cow<'_, str>> {
    let json = raw.0?;
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).ok().map(|Escaped(text)| Cow::Owned(text)),
        None => (json != "null").then_some(Cow::Borrowed(json)),
    }
}

/// A text with escapes. Half of a surrogate pair, as a name has that was cut inside an emoji,
/// becomes U+FFFD instead of costing the whole name.
struct Escaped(String);

impl<'de> Deserialize<'de> for Escaped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Lossy)
    }
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = Escaped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<Escaped, E> {
        Ok(Escaped(String::from_utf8_lossy(text).into_owned()))
    }
}

/// Names a parser's complaint without quoting the body: its message may hold field names and
/// values, its position holds neither.
pub(super) fn malformed(error: &serde_json::Error) -> Failure {
    let place = format!("line {} column {}", error.line(), error.column());
    if error.is_data() {
        Failure::undocumented(format!("the JSON is not of the documented shape at {place}"))
    } else if error.is_eof() {
        Failure::not_json(format!("the JSON breaks off at {place}"))
    } else {
        Failure::not_json(format!("the answer is no JSON at {place}"))
    }
}
