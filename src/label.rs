//! Label values: cleaned, escaped, joined.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Placeholder until the full rules arrive.
pub fn clean(value: &str) -> (Cow<'_, str>, bool) {
    if value.chars().any(char::is_control) {
        (
            Cow::Owned(
                value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            ),
            true,
        )
    } else {
        (Cow::Borrowed(value), false)
    }
}

/// A label set under construction.
#[derive(Clone, Debug, Default)]
pub struct Labels(String);

impl Labels {
    /// No labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one label.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(self.0, "{name}=\"{value}\"");
        self
    }

    /// The text between the braces.
    pub fn finish(self) -> Box<str> {
        self.0.into_boxed_str()
    }
}
