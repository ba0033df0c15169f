//! Values as they stand in an answer: borrowed where they can be, and never quoted in an error.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::failure::Failure;

/// A field that may be missing.
pub(super) type Json<'a> = Option<&'a RawValue>;

/// A text without its quotes, borrowed where it has no escapes; other values as their JSON, so
/// that digits stay digits; null as nothing.
pub(super) fn text(raw: Json<'_>) -> Option<Cow<'_, str>> {
    let json = raw?.get();
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str(json).ok().map(Cow::Owned),
        None => (json != "null").then_some(Cow::Borrowed(json)),
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
