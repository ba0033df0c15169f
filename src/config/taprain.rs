//! TapRain's part of the file.

use std::time::Duration;

use super::credential::{self, Keys};
use super::error::Fault;
use super::file::{self, List, Text};
use super::meaning::{Common, Surroundings, account, at_least_one, unique, view_name};
use super::quantity::{format_percent, parse_percent};
use super::ranges::{by_default, ranges};
use super::scalars::{count, meant, of_key, read};
use super::{defaults, duration};
use crate::model::Api;
use crate::model::settings::{Expectations, Filters, TapRainAccount, TapRainLimits, TapRainView};

/// What the accounts under `taprain` mean.
pub(super) fn accounts(
    typed: &[file::TapRainAccount],
    around: &mut Surroundings<'_>,
) -> Result<Vec<TapRainAccount>, Fault> {
    unique(typed, "taprain account", |each| &each.account)?;
    let accounts: Vec<_> =
        typed.iter().map(|each| one_account(each, around)).collect::<Result<_, _>>()?;
    credential::distinct(accounts.iter().map(|each| &each.common).zip(typed.iter().map(keys)))?;
    Ok(accounts)
}

fn keys(typed: &file::TapRainAccount) -> Keys<'_> {
    Keys { stem: "api_key", file: typed.api_key_file.as_ref(), env: typed.api_key_env.as_ref() }
}

fn one_account(
    typed: &file::TapRainAccount,
    around: &mut Surroundings<'_>,
) -> Result<TapRainAccount, Fault> {
    let common = Common {
        account: &typed.account,
        secret: keys(typed),
        base_url: typed.base_url.as_ref(),
        timezone: typed.timezone.as_ref(),
        currency: typed.currency.as_ref(),
        budget: typed.budget.as_ref(),
        history_days: typed.history.as_ref().and_then(|history| history.days.as_ref()),
    };
    let default = defaults::EXPECTATIONS;
    Ok(TapRainAccount {
        common: account(&common, &defaults::TAPRAIN, around)?,
        limits: typed.limits.as_ref().map_or(Ok(defaults::TAPRAIN_LIMITS), limits)?,
        expectations: typed.history.as_ref().map_or(Ok(default), expectations)?,
        views: typed.views.as_ref().map_or_else(|| Ok(vec![default_view()]), views)?,
    })
}

/// The view of an account whose owner names none: everything, in the default ranges.
pub(super) fn default_view() -> TapRainView {
    TapRainView {
        name: defaults::TAPRAIN_VIEW.into(),
        filters: Filters::default(),
        ranges: by_default(&defaults::TAPRAIN_RANGES),
    }
}

fn limits(typed: &file::TapRainLimits) -> Result<TapRainLimits, Fault> {
    let default = defaults::TAPRAIN_LIMITS;
    Ok(TapRainLimits {
        country: meant(typed.country.as_ref(), default.country, of_key("country", count(0)))?,
        source: meant(typed.source.as_ref(), default.source, of_key("source", count(0)))?,
        offer: meant(typed.offer.as_ref(), default.offer, of_key("offer", count(0)))?,
    })
}

fn expectations(typed: &file::TapRainHistory) -> Result<Expectations, Fault> {
    let default = defaults::EXPECTATIONS;
    Ok(Expectations {
        settle: meant(typed.settle.as_ref(), default.settle, of_key("settle", settle))?,
        quantile: meant(typed.quantile.as_ref(), default.quantile, of_key("quantile", quantile))?,
    })
}

fn settle(text: &str) -> Result<Duration, String> {
    let settle = duration::parse(text)?;
    if settle > defaults::LONGEST_SETTLE {
        let most = duration::format(defaults::LONGEST_SETTLE);
        return Err(format!("`{text}` is too long; write {most} or less"));
    }
    Ok(settle)
}

fn quantile(text: &str) -> Result<f64, String> {
    let (least, most) = defaults::QUANTILES;
    let share = parse_percent(text)?;
    if (least..=most).contains(&share) {
        return Ok(share);
    }
    let (least, most) = (format_percent(least), format_percent(most));
    Err(format!("`{text}` is no share of days for a band; write {least} to {most}"))
}

fn views(typed: &List<file::TapRainView>) -> Result<Vec<TapRainView>, Fault> {
    let typed = at_least_one(typed)?;
    unique(typed, "view", |each| &each.view)?;
    typed.iter().map(view).collect()
}

fn view(typed: &file::TapRainView) -> Result<TapRainView, Fault> {
    Ok(TapRainView {
        name: view_name(&typed.view)?,
        filters: Filters {
            country: filter(typed.country.as_ref(), country)?,
            offer: filter(typed.offer.as_ref(), any)?,
            source: filter(typed.source.as_ref(), any)?,
        },
        ranges: ranges(typed.ranges.as_ref(), Api::TapRain, &defaults::TAPRAIN_RANGES)?,
    })
}

fn filter(
    typed: Option<&List<Text>>,
    parse: fn(&str) -> Result<String, String>,
) -> Result<Vec<String>, Fault> {
    let Some(typed) = typed else { return Ok(Vec::new()) };
    if typed.value.is_empty() {
        let message =
            "the filter is empty; write at least one value, or leave it out to filter nothing";
        return Err(Fault::of(typed, message));
    }
    typed.value.iter().map(|text| read(text, parse)).collect()
}

/// The API separates the values of a filter by commas and has no way to quote one (trap T14).
fn any(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the filter value is empty; write one, or remove it".to_owned());
    }
    if text.contains(',') {
        return Err(format!(
            "`{text}` holds a comma, which TapRain reads as two values; write each as an item of \
             its own, or leave this filter out"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{text:?} holds a control character; write the value without it"));
    }
    Ok(text.to_owned())
}

fn country(text: &str) -> Result<String, String> {
    let text = any(text)?;
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text);
    }
    Err(format!("`{text}` is no country code; write two capital letters (ISO 3166-1), like US"))
}
