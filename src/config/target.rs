//! Where one TapRain account's key is kept, and whom to ask for it: without reading any secret, for the
//! key may be lost or not be there yet.

use std::path::Path;

use super::environment::TAPRAIN_API_KEY;
use super::error::{ConfigError, Fault};
use super::file::{self, Text};
use super::{Env, defaults, scalars, yaml};
use crate::file::absolute;
use crate::model::settings::CredentialSource;

/// An account's key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTarget {
    /// The account's name.
    pub account: String,
    /// Scheme, host and path before `/api`, without a slash at its end.
    pub base_url: String,
    /// Where the key is read from; `None` where nothing says.
    pub place: Option<CredentialSource>,
    /// Whether anybody on the way could read what is sent.
    pub exposed: bool,
}

/// Finds the account that `name` names, or the only one there is: in the configuration file, or in
/// the environment where there is no `file`.
///
/// # Errors
/// When the file cannot be read or has no such account; never a secret.
pub fn key_target(
    file: Option<&Path>,
    name: Option<&str>,
    env: Env<'_>,
) -> Result<KeyTarget, ConfigError> {
    let Some(path) = file else { return in_environment(name, env).map_err(ConfigError::nowhere) };
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let found = super::read(path)
        .and_then(|bytes| yaml::parse::<file::File>(&bytes))
        .and_then(|typed| in_file(typed.taprain.as_deref().unwrap_or_default(), name, base));
    found.map_err(|fault| fault.in_file(path))
}

fn in_file(
    accounts: &[file::TapRainAccount],
    name: Option<&str>,
    base: &Path,
) -> Result<KeyTarget, Fault> {
    let names: Vec<&str> = accounts.iter().map(|each| each.account.value.as_str()).collect();
    let names = names.join(", ");
    let chosen = match (name, accounts) {
        (_, []) => {
            return Err(Fault::whole(
                "there is no account under `taprain`; only TapRain has key endpoints",
            ));
        }
        (None, [only]) => only,
        (None, _) => {
            return Err(Fault::whole(format!(
                "there are several TapRain accounts; choose one with --account: {names}"
            )));
        }
        (Some(name), _) => {
            accounts.iter().find(|each| each.account.value == name).ok_or_else(|| {
                Fault::whole(format!("--account={name} is no TapRain account; there are: {names}"))
            })?
        }
    };
    let url = scalars::meant(
        chosen.base_url.as_ref(),
        defaults::TAPRAIN.base_url.to_owned(),
        scalars::base_url,
    )?;
    Ok(target(&chosen.account.value, url, place(chosen, base)?))
}

fn place(typed: &file::TapRainAccount, base: &Path) -> Result<Option<CredentialSource>, Fault> {
    let file = |text: &Text| CredentialSource::File(absolute(&base.join(&text.value)));
    match (&typed.api_key_file, &typed.api_key_env) {
        (Some(_), Some(name)) => {
            Err(Fault::of(name, "both `api_key_file` and `api_key_env` are set; keep one"))
        }
        (Some(text), None) => Ok(Some(file(text))),
        (None, Some(name)) => Ok(Some(CredentialSource::Environment(name.value.clone()))),
        (None, None) => Ok(None),
    }
}

fn in_environment(name: Option<&str>, env: Env<'_>) -> Result<KeyTarget, String> {
    let only = defaults::ENVIRONMENT_ACCOUNT;
    if let Some(name) = name.filter(|name| *name != only) {
        return Err(format!(
            "--account={name}: without --config.file there is one account, `{only}`; name the file"
        ));
    }
    let file_name = format!("{TAPRAIN_API_KEY}_FILE");
    let place = match (env(TAPRAIN_API_KEY), env(&file_name)) {
        (Some(_), Some(_)) => {
            return Err(format!("both {TAPRAIN_API_KEY} and {file_name} are set; keep one"));
        }
        (Some(_), None) => Some(CredentialSource::Environment(TAPRAIN_API_KEY.to_owned())),
        (None, Some(path)) if path.trim().is_empty() => {
            return Err(format!(
                "{file_name} is empty; write the path of the key's file into it or unset it"
            ));
        }
        (None, Some(path)) => Some(CredentialSource::File(absolute(Path::new(&path)))),
        (None, None) => None,
    };
    Ok(target(only, defaults::TAPRAIN.base_url.to_owned(), place))
}

fn target(account: &str, base_url: String, place: Option<CredentialSource>) -> KeyTarget {
    let exposed = scalars::is_exposed(&base_url);
    KeyTarget { account: account.to_owned(), base_url, place, exposed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(yaml: &str, name: Option<&str>) -> Result<KeyTarget, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.yml");
        std::fs::write(&path, yaml).unwrap();
        let found = key_target(Some(&path), name, &|_| None);
        let root = directory.path().to_str().unwrap();
        found.map_err(|error| error.to_string().replace(root, "")).map(|mut target| {
            if let Some(CredentialSource::File(path)) = &mut target.place {
                *path = path.strip_prefix(root).unwrap().to_owned();
            }
            target
        })
    }

    const TWO: &str = "taprain:\n- {account: a, api_key_file: a.key, base_url: 'http://b.example/'}\n\
                       - {account: b, api_key_env: KEY}\n";

    #[test]
    fn an_account_is_found_though_its_key_is_not_there() {
        let a = of(TWO, Some("a")).unwrap();
        assert_eq!((&*a.base_url, a.exposed), ("http://b.example", true));
        assert_eq!(a.place, Some(CredentialSource::File("a.key".into())));
        let b = of(TWO, Some("b")).unwrap();
        assert_eq!((&*b.base_url, b.exposed), ("https://taprain.com", false));
        assert_eq!(b.place, Some(CredentialSource::Environment("KEY".to_owned())));
    }

    #[test]
    fn which_account_is_meant_must_be_clear() {
        let error = of(TWO, None).unwrap_err();
        assert!(error.ends_with("choose one with --account: a, b"), "{error}");
        let error = of(TWO, Some("c")).unwrap_err();
        assert!(error.ends_with("--account=c is no TapRain account; there are: a, b"), "{error}");
        let klar = "klar: [{account: k, refresh_token_env: K}]";
        assert!(of(klar, None).unwrap_err().contains("only TapRain has key endpoints"));
        assert_eq!(of("taprain: [{account: x}]", None).unwrap().place, None);
    }

    #[test]
    fn without_a_file_the_environment_names_the_place() {
        let of = |known: &'static str, name| {
            key_target(None, name, &move |asked| (asked == known).then(|| "/k".to_owned()))
        };
        let place = of("TAPRAIN_API_KEY_FILE", None).unwrap().place;
        assert_eq!(place, Some(CredentialSource::File("/k".into())));
        let place = of("TAPRAIN_API_KEY", Some("default")).unwrap().place;
        assert_eq!(place, Some(CredentialSource::Environment("TAPRAIN_API_KEY".to_owned())));
        assert_eq!(of("", None).unwrap().place, None);
        assert!(of("", Some("a")).unwrap_err().to_string().contains("name the file"));
    }
}
