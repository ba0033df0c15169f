//! What is wrong with a configuration, where, and what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_saphyr::{Location, Spanned};

/// A configuration that cannot be used. Whoever wrote it must change it; exit code 2.
///
/// `Display` is one sentence, `file:line:column: what is wrong; what to write instead`, and never
/// carries a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: Option<Place>,
    message: String,
}

/// A place in a file; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: PathBuf,
    position: Option<(u64, u64)>,
}

impl ConfigError {
    /// Something wrong outside any file.
    pub(super) fn nowhere(message: impl Into<String>) -> Self {
        Self { place: None, message: presentable(&message.into()) }
    }
}

/// A word this long that has a digit may be a secret, written at the wrong place.
const SHORTEST_SECRET: usize = 20;

/// A sentence quotes what was typed: that may hold line breaks and worse, or be a secret.
fn presentable(message: &str) -> String {
    let ends = |char: char| !char.is_ascii_alphanumeric() && !"_-.+=".contains(char);
    let (mut shown, mut rest) = (String::with_capacity(message.len()), message);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        let secret = word.len() >= SHORTEST_SECRET
            && word.contains(|c: char| c.is_ascii_digit())
            && !is_suite(word);
        shown.push_str(if secret { "…" } else { word });
        let mut after = after.chars();
        let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        shown.extend(after.next().map(visible));
        rest = after.as_str();
    }
    shown
}

/// Whether the word has the shape of a cipher suite's name.
fn is_suite(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    word.starts_with("TLS_") && word.chars().all(allowed)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, position }) = &self.place {
            write!(f, "{}:", file.display())?;
            if let Some((line, column)) = position {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Something wrong, or worth a warning, at a place in a file that the fault does not know.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    position: Option<(u64, u64)>,
    message: String,
}

impl Fault {
    /// Wrong as a whole, with no line to point at.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { position: None, message: message.into() }
    }

    /// Wrong at `line` and `column`, both from 1.
    pub(super) fn at(line: u64, column: u64, message: impl Into<String>) -> Self {
        Self { position: Some((line, column)), message: message.into() }
    }

    /// Wrong where `location` points.
    pub(super) fn here(location: Location, message: impl Into<String>) -> Self {
        if location == Location::UNKNOWN {
            return Self::whole(message);
        }
        Self::at(location.line(), location.column(), message)
    }

    /// Wrong where `typed` stands.
    pub(super) fn of<T>(typed: &Spanned<T>, message: impl Into<String>) -> Self {
        Self::here(typed.referenced, message)
    }

    /// The same with what becomes of it.
    pub(super) fn but(self, comfort: &str) -> Self {
        Self { message: format!("{}; {comfort}", self.message), ..self }
    }

    /// The same, now that the file is known.
    pub(super) fn in_file(self, file: &Path) -> ConfigError {
        let place = Place { file: file.to_owned(), position: self.position };
        ConfigError { place: Some(place), message: presentable(&self.message) }
    }
}
