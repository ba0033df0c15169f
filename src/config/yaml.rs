//! From bytes to the typed file, and from the parser's errors to sentences.

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location, MessageFormatter, UserMessageFormatter};

use super::error::Fault;
use super::nearest::{listed, nearest};

/// Reads the bytes of a configuration file. An empty file is a file without keys.
pub(super) fn parse<T: DeserializeOwned + Default>(bytes: &[u8]) -> Result<T, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    // Ten thousand accounts are half a million nodes. The file's length bounds them as well.
    let budget = serde_saphyr::budget! { max_nodes: 2_000_000, max_events: 8_000_000 };
    let options = serde_saphyr::options! { with_snippet: false, budget: budget };
    serde_saphyr::from_str_with_options::<Option<T>>(text, options)
        .map(Option::unwrap_or_default)
        .map_err(|error| sentence(&error, text))
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Fault {
    let before = String::from_utf8_lossy(bytes.get(..valid_up_to).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Fault::at(line as u64, column as u64, "the file is not UTF-8; save it with that encoding")
}

fn sentence(error: &Error, text: &str) -> Fault {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        return sentence(error, text);
    }
    let location = error.location().unwrap_or(Location::UNKNOWN);
    // The other sentences name their key, or are about none.
    let keyless = matches!(error, Error::NullIntoString { .. } | Error::Unexpected { .. });
    match key_before(text, location).filter(|_| keyless) {
        Some(key) => Fault::here(location, format!("`{key}`: {}", message(error))),
        None => Fault::here(location, message(error)),
    }
}

/// The key whose value begins at `location`, if it stands right before it. The parser does not
/// tell.
fn key_before(text: &str, location: Location) -> Option<&str> {
    let line = usize::try_from(location.line()).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column()).ok()?.checked_sub(1)?;
    let current = text.lines().nth(line)?;
    let cut = current.char_indices().nth(column).map_or(current.len(), |(at, _)| at);
    let (before, after) = current.split_at_checked(cut)?;
    // A value that is missing is located at the colon.
    let before = if after.starts_with(':') { current.get(..=cut)? } else { before };
    let before = if before.trim().is_empty() {
        text.lines().take(line).filter(|line| !line.trim().is_empty()).last()?
    } else {
        before
    };
    let key = before.trim_end().strip_suffix(':')?;
    let start = key.rfind(|c: char| !c.is_ascii_lowercase() && c != '_').map_or(0, |at| at + 1);
    key.get(start..).filter(|key| !key.is_empty())
}

fn message(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown_key(field, expected),
        Error::SerdeMissingField { field, .. } => missing_key(field),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("key `{key}` is written twice; keep one of the two")
        }
        Error::NullIntoString { .. } => {
            "the value is missing; write one, or remove its place".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "a second YAML document begins; keep one, and remove the line `---`".to_owned()
        }
        Error::UnknownAnchor { .. } => {
            "nothing above has this anchor; write the value, or mark one with `&`".to_owned()
        }
        Error::Unexpected { expected, .. } => wrong_shape(expected),
        other => syntax(other),
    }
}

fn unknown_key(typed: &str, known: &[&str]) -> String {
    if let Some(sentence) = written_secret(typed, known) {
        return sentence;
    }
    match renamed(typed, known).or_else(|| nearest(typed, known.iter().copied())) {
        Some(near) => format!("unknown key `{typed}`; did you mean `{near}`?"),
        None => format!("unknown key `{typed}`; write {}", listed(known)),
    }
}

/// Keys that look as if the secret itself were written behind them.
const SECRET_KEYS: [&str; 8] =
    ["api_key", "apikey", "key", "refresh_token", "token", "secret", "password", "credential"];

fn written_secret(typed: &str, known: &[&str]) -> Option<String> {
    let file = known.iter().find(|key| matches!(**key, "api_key_file" | "refresh_token_file"))?;
    SECRET_KEYS.contains(&typed).then(|| {
        let env = file.replace("_file", "_env");
        format!(
            "`{typed}` would put a secret into this file; put it into a file of its own and write \
             `{file}: PATH`, or into the environment and write `{env}: NAME`"
        )
    })
}

/// Other programs' words for our keys, and the APIs' own.
const OTHER_WORDS: [(&str, &str); 17] = [
    ("metric", "model"),
    ("attribution_model", "model"),
    ("attribution_window", "window"),
    ("date_basis", "date_breakdown"),
    ("level", "detail"),
    ("interval", "every"),
    ("refresh", "every"),
    ("scrape_interval", "every"),
    ("time_zone", "timezone"),
    ("tz", "timezone"),
    ("url", "base_url"),
    ("name", "account"),
    ("name", "view"),
    ("countries", "country"),
    ("window", "per"),
    ("filename", "directory"),
    ("path", "directory"),
];

fn renamed<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let ours = OTHER_WORDS.iter().filter(|(other, _)| *other == typed).map(|(_, key)| *key);
    ours.into_iter().find_map(|key| known.iter().copied().find(|known| *known == key))
}

fn missing_key(key: &str) -> String {
    let example = match key {
        "account" => "account: main",
        "view" => "view: all",
        "range" => "range: today",
        "every" => "every: 5m",
        other => return format!("key `{other}` is missing; add it"),
    };
    format!("key `{key}` is missing; add it, as in `{example}`")
}

fn wrong_shape(expected: &str) -> String {
    match expected {
        "string scalar" => "a list or mapping stands where one value belongs; write a single value",
        "sequence start" => {
            "a single value or mapping stands where a list belongs; write `- ` before each item, \
             or [one, two]"
        }
        "mapping start" => "a value or list stands where keys belong; write them as `key: value`",
        other => return format!("this is not what belongs here; write a {other}"),
    }
    .to_owned()
}

fn syntax(error: &Error) -> String {
    let text = UserMessageFormatter.format_message(error);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains("tabs disallowed") {
        return "a tab indents this line; write spaces instead".to_owned();
    }
    format!("invalid YAML: {text}; check indentation, quotes and brackets")
}
