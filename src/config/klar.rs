//! Klar's part of the file.

use super::credential::{self, Keys};
use super::defaults;
use super::error::Fault;
use super::file::{self, List};
use super::meaning::{Common, Surroundings, account, at_least_one, unique, view_name};
use super::ranges::{by_default, ranges};
use super::scalars::{count, meant, of_key, word};
use crate::model::Api;
use crate::model::klar::{DateBasis, Detail, Model, Window};
use crate::model::settings::{KlarAccount, KlarLimits, KlarView};

/// What the accounts under `klar` mean.
pub(super) fn accounts(
    typed: &[file::KlarAccount],
    around: &mut Surroundings<'_>,
) -> Result<Vec<KlarAccount>, Fault> {
    unique(typed, "klar account", |each| &each.account)?;
    let accounts: Vec<_> =
        typed.iter().map(|each| one_account(each, around)).collect::<Result<_, _>>()?;
    credential::distinct(accounts.iter().map(|each| &each.common).zip(typed.iter().map(keys)))?;
    Ok(accounts)
}

fn keys(typed: &file::KlarAccount) -> Keys<'_> {
    Keys {
        stem: "refresh_token",
        file: typed.refresh_token_file.as_ref(),
        env: typed.refresh_token_env.as_ref(),
    }
}

fn one_account(
    typed: &file::KlarAccount,
    around: &mut Surroundings<'_>,
) -> Result<KlarAccount, Fault> {
    let common = Common {
        account: &typed.account,
        secret: keys(typed),
        base_url: typed.base_url.as_ref(),
        timezone: typed.timezone.as_ref(),
        currency: typed.currency.as_ref(),
        budget: typed.budget.as_ref(),
        history_days: typed.history.as_ref().and_then(|history| history.days.as_ref()),
    };
    Ok(KlarAccount {
        common: account(&common, &defaults::KLAR, around)?,
        limits: typed.limits.as_ref().map_or(Ok(defaults::KLAR_LIMITS), limits)?,
        views: typed.views.as_ref().map_or_else(|| Ok(vec![default_view()]), views)?,
    })
}

/// The view of an account whose owner names none.
pub(super) fn default_view() -> KlarView {
    KlarView {
        name: defaults::KLAR_VIEW.into(),
        model: defaults::MODEL,
        window: defaults::WINDOW,
        basis: defaults::DATE_BREAKDOWN,
        detail: defaults::DETAIL,
        ranges: by_default(&defaults::KLAR_RANGES),
    }
}

fn limits(typed: &file::KlarLimits) -> Result<KlarLimits, Fault> {
    let default = defaults::KLAR_LIMITS;
    Ok(KlarLimits {
        channel: meant(typed.channel.as_ref(), default.channel, of_key("channel", count(0)))?,
        campaign: meant(typed.campaign.as_ref(), default.campaign, of_key("campaign", count(0)))?,
        ad_group: meant(typed.ad_group.as_ref(), default.ad_group, of_key("ad_group", count(0)))?,
        ad: meant(typed.ad.as_ref(), default.ad, of_key("ad", count(0)))?,
    })
}

fn views(typed: &List<file::KlarView>) -> Result<Vec<KlarView>, Fault> {
    let typed = at_least_one(typed)?;
    unique(typed, "view", |each| &each.view)?;
    typed.iter().map(view).collect()
}

fn view(typed: &file::KlarView) -> Result<KlarView, Fault> {
    let model = word("attribution model", Model::ALL, Model::as_str);
    let window = word("attribution window", Window::ALL, Window::as_str);
    let basis = word("date breakdown", DateBasis::ALL, DateBasis::as_str);
    let detail = word("level of detail", Detail::ALL, Detail::as_str);
    Ok(KlarView {
        name: view_name(&typed.view)?,
        model: meant(typed.model.as_ref(), defaults::MODEL, model)?,
        window: meant(typed.window.as_ref(), defaults::WINDOW, window)?,
        basis: meant(typed.date_breakdown.as_ref(), defaults::DATE_BREAKDOWN, basis)?,
        detail: meant(typed.detail.as_ref(), defaults::DETAIL, detail)?,
        ranges: ranges(typed.ranges.as_ref(), Api::Klar, &defaults::KLAR_RANGES)?,
    })
}
