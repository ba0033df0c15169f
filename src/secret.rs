//! A secret that cannot be printed.

use std::fmt;

/// An API key or token. `Debug` shows `***`; there is no `Display` and no serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text is no secret. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing but white space.
    #[error("is empty; write the key into it, on one line")]
    Empty,
    /// A line break, control character or non-ASCII character inside, which no header can carry.
    #[error(
        "holds a line break or another character no HTTP header can carry; write the key alone, on one line"
    )]
    Unprintable,
}

impl Secret {
    /// Takes a secret as it stands in a file or variable: white space at both ends is trimmed.
    ///
    /// # Errors
    /// [`SecretError`] when nothing is left, or when what is left cannot stand in a header.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(SecretError::Unprintable);
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for the one header that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A header value marked sensitive, so that no HTTP library logs or compresses it.
    pub fn header(&self) -> http::HeaderValue {
        self.header_after("")
    }

    /// The same with `prefix` before it (`Bearer `).
    pub fn header_after(&self, prefix: &str) -> http::HeaderValue {
        let text = format!("{prefix}{}", self.0);
        let mut value = http::HeaderValue::try_from(text)
            .unwrap_or_else(|_| http::HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_at_the_end_is_trimmed_and_one_inside_refused() {
        assert_eq!(Secret::parse("abc\n").unwrap().reveal(), "abc");
        assert_eq!(Secret::parse("ab\nc"), Err(SecretError::Unprintable));
        assert_eq!(Secret::parse(" \n"), Err(SecretError::Empty));
    }

    #[test]
    fn debug_shows_stars() {
        let secret = Secret::parse("hunter2").unwrap();
        assert_eq!(format!("{secret:?} {:?}", secret.header_after("Bearer ")), "*** Sensitive");
    }
}
