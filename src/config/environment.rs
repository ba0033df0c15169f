//! The configuration without a file: one account for each API whose secret is in the environment.

use std::path::Path;

use super::defaults::{self, AccountDefaults, ENVIRONMENT_ACCOUNT, STATE_DIRECTORY};
use super::error::ConfigError;
use super::{Env, Loaded, credential, klar, scalars, taprain};
use crate::file::absolute;
use crate::model::settings::{
    Account, Collection, Credential, KlarAccount, Settings, TapRainAccount,
};

/// The variable that holds a TapRain key; with `_FILE` behind it, the one that names its file.
pub const TAPRAIN_API_KEY: &str = "TAPRAIN_API_KEY";

/// The variable that holds a Klar refresh token; with `_FILE` behind it, the one that names its
/// file.
pub const KLAR_REFRESH_TOKEN: &str = "KLAR_REFRESH_TOKEN";

/// Reads the configuration from the environment alone: up to one account for each API, named
/// `default`, with the default views; state is kept in `./state`.
///
/// An empty variable is refused: it is more likely a secret that got lost than one unwanted.
///
/// # Errors
/// When no variable is set, one is empty, both of a pair are set, or a secret cannot be read. The message says what
/// to set, and never carries a secret.
pub fn from_environment(env: Env<'_>) -> Result<Loaded, ConfigError> {
    let taprain = secret(TAPRAIN_API_KEY, env).map_err(ConfigError::nowhere)?;
    let klar = secret(KLAR_REFRESH_TOKEN, env).map_err(ConfigError::nowhere)?;
    if taprain.is_none() && klar.is_none() {
        return Err(ConfigError::nowhere(nothing_to_collect()));
    }
    let settings = Settings {
        taprain: taprain.map(taprain_account).transpose()?.into_iter().collect(),
        klar: klar.map(klar_account).transpose()?.into_iter().collect(),
        collection: Collection::DEFAULT,
        state_directory: Some(absolute(Path::new(STATE_DIRECTORY))),
    };
    Ok(Loaded { settings, warnings: Vec::new(), share: None })
}

fn nothing_to_collect() -> String {
    format!(
        "nothing to collect; start in one of three ways: with a file \
         (--config.file=revenue-exporter.yml), with the environment ({TAPRAIN_API_KEY} or \
         {KLAR_REFRESH_TOKEN}, or either with _FILE), or with simulated data \
         (revenue-exporter demo)"
    )
}

fn secret(name: &str, env: Env<'_>) -> Result<Option<Credential>, String> {
    let file_name = format!("{name}_FILE");
    let (key, file) = (env(name), env(&file_name));
    for (name, value, wanted) in
        [(name, &key, "key"), (&file_name, &file, "path of the key's file")]
    {
        if value.as_deref().is_some_and(|value| value.trim().is_empty()) {
            return Err(format!("{name} is empty; write the {wanted} into it or unset it"));
        }
    }
    match (key, file) {
        (None, None) => Ok(None),
        (Some(_), None) => credential::from_environment(name, env).map(Some),
        (None, Some(path)) => credential::from_file(Path::new(&path))
            .map(Some)
            .map_err(|message| format!("{file_name}: {message}")),
        (Some(_), Some(_)) => Err(format!("both {name} and {file_name} are set; keep one")),
    }
}

fn taprain_account(credential: Credential) -> Result<TapRainAccount, ConfigError> {
    Ok(TapRainAccount {
        common: account(credential, &defaults::TAPRAIN)?,
        limits: defaults::TAPRAIN_LIMITS,
        expectations: defaults::EXPECTATIONS,
        views: vec![taprain::default_view()],
    })
}

fn klar_account(credential: Credential) -> Result<KlarAccount, ConfigError> {
    Ok(KlarAccount {
        common: account(credential, &defaults::KLAR)?,
        limits: defaults::KLAR_LIMITS,
        views: vec![klar::default_view()],
    })
}

fn account(credential: Credential, defaults: &AccountDefaults) -> Result<Account, ConfigError> {
    let (timezone, timezone_name) =
        scalars::zone(defaults.timezone).map_err(ConfigError::nowhere)?;
    Ok(Account {
        name: ENVIRONMENT_ACCOUNT.into(),
        credential,
        base_url: defaults.base_url.to_owned(),
        timezone,
        timezone_name,
        currency: defaults.currency.into(),
        budget: defaults.budget,
        history_days: defaults.history_days,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::CredentialSource;

    fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        from_environment(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_key_alone_is_a_configuration() {
        let settings = load(&[("TAPRAIN_API_KEY", "tr_test\n")]).unwrap().settings;
        assert_eq!(settings.taprain[0].common.credential.secret.reveal(), "tr_test");
        let source = CredentialSource::Environment("TAPRAIN_API_KEY".to_owned());
        assert_eq!(settings.taprain[0].common.credential.source, source);
        assert_eq!((&*settings.taprain[0].views[0].name, settings.klar.len()), ("all", 0));
    }

    #[test]
    fn a_token_may_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "token\n").unwrap();
        let path = file.path().to_str().unwrap();
        let settings = load(&[("KLAR_REFRESH_TOKEN_FILE", path)]).unwrap().settings;
        let account = &settings.klar[0].common;
        assert_eq!(account.credential.source, CredentialSource::File(path.into()));
        assert_eq!((&*account.name, &*account.timezone_name), ("default", "Europe/Berlin"));
    }

    #[test]
    fn both_of_a_pair_are_one_too_many() {
        let both = [("KLAR_REFRESH_TOKEN", "hunter2"), ("KLAR_REFRESH_TOKEN_FILE", "/t")];
        let error = load(&both).unwrap_err().to_string();
        assert_eq!(error, "both KLAR_REFRESH_TOKEN and KLAR_REFRESH_TOKEN_FILE are set; keep one");
    }

    #[test]
    fn nothing_at_all_is_answered_with_the_three_ways_to_start() {
        let error = load(&[]).unwrap_err().to_string();
        for way in ["--config.file", "TAPRAIN_API_KEY", "revenue-exporter demo"] {
            assert!(error.contains(way), "{error}");
        }
    }

    #[test]
    fn a_variable_that_is_set_but_empty_is_refused_by_name() {
        let klar = ("KLAR_REFRESH_TOKEN", "token");
        let error = load(&[("TAPRAIN_API_KEY", ""), klar]).unwrap_err().to_string();
        assert_eq!(error, "TAPRAIN_API_KEY is empty; write the key into it or unset it");
        let error = load(&[("TAPRAIN_API_KEY_FILE", " "), klar]).unwrap_err().to_string();
        let wanted = "write the path of the key's file into it or unset it";
        assert_eq!(error, format!("TAPRAIN_API_KEY_FILE is empty; {wanted}"));
        let both = [("TAPRAIN_API_KEY", ""), ("TAPRAIN_API_KEY_FILE", "/t")];
        assert!(load(&both).unwrap_err().to_string().starts_with("TAPRAIN_API_KEY is empty"));
    }

    #[test]
    fn a_variable_that_is_not_utf8_is_refused_by_name() {
        // The caller hands such a value in with its bad bytes replaced.
        let error = load(&[("TAPRAIN_API_KEY", "tr_\u{fffd}")]).unwrap_err().to_string();
        assert!(error.contains("TAPRAIN_API_KEY"), "{error}");
    }

    #[test]
    fn an_unusable_secret_is_not_repeated() {
        let error = load(&[("TAPRAIN_API_KEY", "hun\nter2")]).unwrap_err().to_string();
        assert!(error.contains("TAPRAIN_API_KEY") && !error.contains("ter2"), "{error}");
        let error = load(&[("TAPRAIN_API_KEY_FILE", "/no/such/key")]).unwrap_err().to_string();
        assert!(error.starts_with("TAPRAIN_API_KEY_FILE: cannot read"), "{error}");
    }
}
