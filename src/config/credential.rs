//! Secrets: read from where the configuration points, and never repeated in an error.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::error::Fault;
use super::file::Text;
use super::{Env, bounded};
use crate::file::absolute;
use crate::model::settings::{Account, Credential, CredentialSource};
use crate::secret::Secret;

/// A longer name may be the secret itself, written where its place belongs.
const LONGEST_SHOWN: usize = 32;

/// A file that is longer holds no key.
const LONGEST_FILE: u64 = 64 * 1024;

/// The two keys of which one tells where a secret is.
pub(super) struct Keys<'a> {
    /// What the keys begin with: `api_key`.
    pub(super) stem: &'static str,
    pub(super) file: Option<&'a Text>,
    pub(super) env: Option<&'a Text>,
}

impl<'a> Keys<'a> {
    /// Where the secret's place is written.
    fn place(&self) -> Option<&'a Text> {
        self.file.or(self.env)
    }
}

/// Refuses two accounts with one secret: the API counts by key, so each would spend the whole
/// limit and together they would pass it.
pub(super) fn distinct<'a>(
    accounts: impl Iterator<Item = (&'a Account, Keys<'a>)>,
) -> Result<(), Fault> {
    let mut seen: Vec<&Account> = Vec::new();
    for (account, keys) in accounts {
        let secret = &account.credential.secret;
        let twin = seen.iter().find(|other| other.credential.secret == *secret);
        if let (Some(other), Some(place)) = (twin, keys.place()) {
            let message = format!(
                "accounts `{}` and `{}` use the same key, whose limit is one; put both accounts' \
                 views under one account",
                other.name, account.name
            );
            return Err(Fault::of(place, message));
        }
        seen.push(account);
    }
    Ok(())
}

/// Reads the secret of the account that `account` names.
pub(super) fn read(
    keys: &Keys<'_>,
    account: &Text,
    base: &Path,
    env: Env<'_>,
) -> Result<Credential, Fault> {
    let stem = keys.stem;
    match (keys.file, keys.env) {
        (Some(file), None) => {
            from_file(&base.join(&file.value)).map_err(|message| Fault::of(file, message))
        }
        (None, Some(name)) => {
            from_environment(&name.value, env).map_err(|message| Fault::of(name, message))
        }
        (Some(_), Some(name)) => {
            Err(Fault::of(name, format!("both `{stem}_file` and `{stem}_env` are set; keep one")))
        }
        (None, None) => Err(Fault::of(
            account,
            format!(
                "account `{}` has no secret; write `{stem}_file: PATH` or `{stem}_env: NAME`",
                account.value
            ),
        )),
    }
}

/// Reads a secret from a file.
///
/// # Errors
/// A sentence with the file's name, never its content.
pub(super) fn from_file(path: &Path) -> Result<Credential, String> {
    let shown = shown_path(path);
    let text = text_of(path).map_err(|error| unreadable(&shown, &error))?;
    let secret = Secret::parse(&text).map_err(|error| format!("the file {shown} {error}"))?;
    Ok(Credential { secret, source: CredentialSource::File(absolute(path)) })
}

fn text_of(path: &Path) -> std::io::Result<String> {
    String::from_utf8(bounded::read(path, LONGEST_FILE)?)
        .map_err(|_| Error::from(ErrorKind::InvalidData))
}

fn unreadable(shown: &str, error: &Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::NotFound => "create it, or correct the path",
        ErrorKind::PermissionDenied => "let the exporter's user read it",
        ErrorKind::InvalidData => {
            return format!(
                "the file {shown} is no text; write the key alone into it, on one line"
            );
        }
        ErrorKind::FileTooLarge => "write the key alone into it",
        _ => "write the path of a text file",
    };
    format!("cannot read the secret in {shown}: {}; {remedy}", plain(error))
}

/// Reads a secret from an environment variable.
///
/// # Errors
/// A sentence with the variable's name, if it can be no secret, and never its content.
pub(super) fn from_environment(name: &str, env: Env<'_>) -> Result<Credential, String> {
    let shown = shown_variable(name);
    let text = env(name).ok_or_else(|| format!("{shown} is not set; set it to the secret"))?;
    let secret = Secret::parse(&text).map_err(|error| format!("{shown} {error}"))?;
    Ok(Credential { secret, source: CredentialSource::Environment(name.to_owned()) })
}

fn shown_path(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.chars().count() > LONGEST_SHOWN {
        return "the file with this long name".to_owned();
    }
    path.display().to_string()
}

fn shown_variable(name: &str) -> String {
    let conventional =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.is_empty() && name.len() <= LONGEST_SHOWN && name.bytes().all(conventional) {
        return format!("the environment variable {name}");
    }
    "the environment variable of this name".to_owned()
}

/// The reason without Rust's `(os error 2)`.
pub(super) fn plain(error: &Error) -> String {
    let text = error.to_string();
    if error.raw_os_error().is_none() {
        return text;
    }
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_written_where_its_place_belongs_is_not_repeated() {
        let key = format!("tr_live_{}", "0123456789abcdef".repeat(4));
        let from_env = from_environment(&key, &|_| None).unwrap_err();
        let from_file = from_file(Path::new(&key)).unwrap_err();
        assert!(
            !from_env.contains("0123") && !from_file.contains("0123"),
            "{from_env} {from_file}"
        );
    }

    #[test]
    fn a_variable_in_capitals_is_named() {
        let error = from_environment("TAPRAIN_API_KEY", &|_| None).unwrap_err();
        assert_eq!(
            error,
            "the environment variable TAPRAIN_API_KEY is not set; set it to the secret"
        );
    }
}
