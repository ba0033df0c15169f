//! From what was typed to what is meant.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::credential::{self, Keys};
use super::defaults::{AccountDefaults, SMALLEST_RESPONSE, STATE_DIRECTORY};
use super::error::Fault;
use super::file::{self, List, Text};
use super::scalars::{self, meant, of_key, read};
use super::{Env, currency, klar, quantity, taprain};
use crate::file::absolute;
use crate::model::settings::{Account, BudgetTerms, Collection, Settings};

/// What a file's meaning depends on besides the file, and what it gives rise to.
pub(super) struct Surroundings<'a> {
    /// The file's directory, to which its paths are relative.
    pub(super) base: &'a Path,
    /// The environment.
    pub(super) env: Env<'a>,
    /// What is right but unwise.
    pub(super) warnings: Vec<Fault>,
}

/// What a typed file means.
pub(super) fn settings(
    file: &file::File,
    around: &mut Surroundings<'_>,
) -> Result<Settings, Fault> {
    let taprain = taprain::accounts(file.taprain.as_deref().unwrap_or_default(), around)?;
    let klar = klar::accounts(file.klar.as_deref().unwrap_or_default(), around)?;
    if taprain.is_empty() && klar.is_empty() {
        return Err(Fault::whole(
            "no account is configured; write at least one under `taprain` or `klar`, or start \
             without a file and set TAPRAIN_API_KEY or KLAR_REFRESH_TOKEN",
        ));
    }
    let collection = file.collection.as_ref().map_or(Ok(Collection::DEFAULT), collection)?;
    let state_directory = state_directory(file.state.as_ref(), around.base);
    Ok(Settings { taprain, klar, collection, state_directory })
}

fn collection(typed: &file::Collection) -> Result<Collection, Fault> {
    let default = Collection::DEFAULT;
    Ok(Collection {
        timeout: meant(
            typed.timeout.as_ref(),
            default.timeout,
            of_key("timeout", scalars::interval),
        )?,
        max_response: meant(
            typed.max_response.as_ref(),
            default.max_response,
            of_key("max_response", response_size),
        )?,
        max_series: meant(
            typed.max_series.as_ref(),
            default.max_series,
            of_key("max_series", scalars::count(1)),
        )?,
        ..default
    })
}

fn response_size(text: &str) -> Result<u64, String> {
    let size = quantity::parse_size(text)?;
    if size < SMALLEST_RESPONSE {
        let least = quantity::format_size(SMALLEST_RESPONSE);
        return Err(format!("`{text}` is too small for any answer; write {least} or more"));
    }
    Ok(size)
}

fn state_directory(typed: Option<&file::State>, base: &Path) -> Option<PathBuf> {
    let directory = typed.and_then(|state| state.directory.as_deref()).unwrap_or(STATE_DIRECTORY);
    (!directory.is_empty()).then(|| absolute(&base.join(directory)))
}

/// The keys that accounts of both APIs have.
pub(super) struct Common<'a> {
    pub(super) account: &'a Text,
    pub(super) secret: Keys<'a>,
    pub(super) base_url: Option<&'a Text>,
    pub(super) timezone: Option<&'a Text>,
    pub(super) currency: Option<&'a Text>,
    pub(super) budget: Option<&'a file::Budget>,
    pub(super) history_days: Option<&'a Text>,
}

/// What the common keys of an account mean.
pub(super) fn account(
    typed: &Common<'_>,
    defaults: &AccountDefaults,
    around: &mut Surroundings<'_>,
) -> Result<Account, Fault> {
    let (timezone, timezone_name) = match typed.timezone {
        Some(text) => read(text, of_key("timezone", scalars::zone))?,
        None => scalars::zone(defaults.timezone).map_err(Fault::whole)?,
    };
    Ok(Account {
        name: read(typed.account, scalars::name)?,
        base_url: base_url(typed.base_url, defaults, around)?,
        timezone,
        timezone_name,
        currency: meant(typed.currency, defaults.currency, of_key("currency", currency::parse))?
            .into(),
        budget: budget(typed.budget, defaults.budget)?,
        history_days: meant(
            typed.history_days,
            defaults.history_days,
            of_key("days", history_days(defaults.longest_history)),
        )?,
        credential: credential::read(&typed.secret, typed.account, around.base, around.env)?,
    })
}

fn base_url(
    typed: Option<&Text>,
    defaults: &AccountDefaults,
    around: &mut Surroundings<'_>,
) -> Result<String, Fault> {
    let url = meant(typed, defaults.base_url.to_owned(), scalars::base_url)?;
    if let Some(text) = typed.filter(|_| scalars::is_exposed(&url)) {
        let message =
            format!("{url} is plain http: anyone on the way can read the secret; use https");
        around.warnings.push(Fault::of(text, message));
    }
    Ok(url)
}

fn history_days(most: u32) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let days = scalars::count(0)(text)?;
        if days > most {
            return Err(format!("`{text}` is too long; write {most} days or fewer"));
        }
        Ok(days)
    }
}

fn budget(typed: Option<&file::Budget>, default: BudgetTerms) -> Result<BudgetTerms, Fault> {
    let Some(typed) = typed else { return Ok(default) };
    let terms = BudgetTerms {
        requests: meant(typed.requests.as_ref(), default.requests, of_key("requests", requests))?,
        per: meant(typed.per.as_ref(), default.per, of_key("per", scalars::interval))?,
        reserve: meant(typed.reserve.as_ref(), default.reserve, of_key("reserve", reserve))?,
    };
    let left = u64::from(terms.requests.get()).saturating_sub(terms.reserve_of(None));
    match typed.reserve.as_ref().or(typed.requests.as_ref()) {
        // One request would be spent all the same, and that one was promised to others.
        Some(place) if left == 0 => Err(Fault::of(
            place,
            format!(
                "the reserve of {} leaves no whole request of {}; write a smaller reserve",
                quantity::format_percent(terms.reserve),
                terms.requests
            ),
        )),
        _ => Ok(terms),
    }
}

fn requests(text: &str) -> Result<NonZeroU32, String> {
    let count = scalars::count::<u32>(1)(text)?;
    NonZeroU32::new(count).ok_or_else(|| "write a whole number, 1 or more".to_owned())
}

fn reserve(text: &str) -> Result<f64, String> {
    let share = quantity::parse_percent(text)?;
    if !(0.0..1.0).contains(&share) {
        return Err(format!("{text} leaves nothing to ask with; write 0% to 99%"));
    }
    Ok(share)
}

/// The names of `items`, each once.
pub(super) fn unique<T>(items: &[T], what: &str, name: impl Fn(&T) -> &Text) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    match items.iter().map(name).find(|text| !seen.insert(text.value.as_str())) {
        Some(twice) => {
            let message = format!("there are two {what}s `{}`; rename one of them", twice.value);
            Err(Fault::of(twice, message))
        }
        None => Ok(()),
    }
}

/// The views of an account that has any.
pub(super) fn at_least_one<T>(views: &List<T>) -> Result<&[T], Fault> {
    if views.value.is_empty() {
        return Err(Fault::of(
            views,
            "the list of views is empty; write at least one, or leave `views` out for the default",
        ));
    }
    Ok(&views.value)
}

/// The name of a view.
pub(super) fn view_name(text: &Text) -> Result<Arc<str>, Fault> {
    read(text, scalars::name)
}
