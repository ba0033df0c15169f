//! The configuration file as it was typed: keys are known, values are still text in its place.
//!
//! What tests derive from these types is `config.schema.json`; the program itself has no schema.

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

#[cfg(test)]
use super::{defaults, duration, format_percent, quantity::format_size, schema};
#[cfg(test)]
use crate::model::settings::Collection as CollectionLimits;

/// A scalar as it was typed, and where.
pub(super) type Text = Spanned<String>;
/// A list as it was typed, and where.
pub(super) type List<T> = Spanned<Vec<T>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct File {
    /// Accounts of TapRain Stats.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<TapRainAccount>>"))]
    pub(super) taprain: Option<Vec<TapRainAccount>>,
    /// Accounts of Klar Attribution.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<KlarAccount>>"))]
    pub(super) klar: Option<Vec<KlarAccount>>,
    /// Limits of every request.
    pub(super) collection: Option<Collection>,
    /// What survives a restart.
    pub(super) state: Option<State>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("oneOf" = schema::one_of(["api_key_file", "api_key_env"]))))]
pub(super) struct TapRainAccount {
    /// The `account` label; unique within `taprain`.
    #[cfg_attr(test, schemars(with = "schema::Name"))]
    pub(super) account: Text,
    /// The file that holds the API key alone, relative to this file.
    #[cfg_attr(test, schemars(with = "Option<schema::Plain>"))]
    pub(super) api_key_file: Option<Text>,
    /// The environment variable that holds the API key.
    #[cfg_attr(test, schemars(with = "Option<schema::Plain>"))]
    pub(super) api_key_env: Option<Text>,
    /// Where the API is: scheme, host and path.
    #[cfg_attr(test, schemars(with = "Option<schema::Url>", extend("default" = defaults::TAPRAIN.base_url)))]
    pub(super) base_url: Option<Text>,
    /// Decides when `today` begins, and is always sent to the API: an IANA name.
    #[cfg_attr(test, schemars(with = "Option<schema::Zone>", extend("default" = defaults::TAPRAIN.timezone)))]
    pub(super) timezone: Option<Text>,
    /// ISO 4217; the `currency` label. Nothing is converted.
    #[cfg_attr(test, schemars(with = "Option<schema::Currency>", extend("default" = defaults::TAPRAIN.currency)))]
    pub(super) currency: Option<Text>,
    /// What the API allows a key, and the share left for whoever else uses that key.
    #[cfg_attr(test, schemars(extend("default" = schema::budget(&defaults::TAPRAIN))))]
    pub(super) budget: Option<Budget>,
    /// The largest so many of each dimension are shown; the rest is added up as `(other)`.
    pub(super) limits: Option<TapRainLimits>,
    /// What is kept to tell what is normal.
    pub(super) history: Option<TapRainHistory>,
    /// What to ask, by filters; default: one view `all` without filters.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<TapRainView>>"))]
    pub(super) views: Option<List<TapRainView>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("oneOf" = schema::one_of(["refresh_token_file", "refresh_token_env"]))))]
pub(super) struct KlarAccount {
    /// The `account` label; unique within `klar`.
    #[cfg_attr(test, schemars(with = "schema::Name"))]
    pub(super) account: Text,
    /// The file that holds the refresh token alone, relative to this file.
    #[cfg_attr(test, schemars(with = "Option<schema::Plain>"))]
    pub(super) refresh_token_file: Option<Text>,
    /// The environment variable that holds the refresh token.
    #[cfg_attr(test, schemars(with = "Option<schema::Plain>"))]
    pub(super) refresh_token_env: Option<Text>,
    /// Where the API is: scheme, host and path.
    #[cfg_attr(test, schemars(with = "Option<schema::Url>", extend("default" = defaults::KLAR.base_url)))]
    pub(super) base_url: Option<Text>,
    /// Decides which dates `today` means, for the API has no zone: an IANA name.
    #[cfg_attr(test, schemars(with = "Option<schema::Zone>", extend("default" = defaults::KLAR.timezone)))]
    pub(super) timezone: Option<Text>,
    /// ISO 4217; the `currency` label. The API names none.
    #[cfg_attr(test, schemars(with = "Option<schema::Currency>", extend("default" = defaults::KLAR.currency)))]
    pub(super) currency: Option<Text>,
    /// What the API allows; requests for access tokens count too.
    #[cfg_attr(test, schemars(extend("default" = schema::budget(&defaults::KLAR))))]
    pub(super) budget: Option<Budget>,
    /// The largest so many of each level are shown; the rest is added up as `(other)`.
    pub(super) limits: Option<KlarLimits>,
    /// What is fetched at the start and kept.
    pub(super) history: Option<KlarHistory>,
    /// What to ask, by attribution; default: one view `default`.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<KlarView>>"))]
    pub(super) views: Option<List<KlarView>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Budget {
    /// Requests in each window.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<1>>"))]
    pub(super) requests: Option<Text>,
    /// The window.
    #[cfg_attr(test, schemars(with = "Option<schema::Span>"))]
    pub(super) per: Option<Text>,
    /// The share that is left to others.
    #[cfg_attr(test, schemars(with = "Option<schema::Percent>"))]
    pub(super) reserve: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TapRainLimits {
    /// Countries shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::TAPRAIN_LIMITS.country)))]
    pub(super) country: Option<Text>,
    /// Sources shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::TAPRAIN_LIMITS.source)))]
    pub(super) source: Option<Text>,
    /// Offers shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::TAPRAIN_LIMITS.offer)))]
    pub(super) offer: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KlarLimits {
    /// Channels shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::KLAR_LIMITS.channel)))]
    pub(super) channel: Option<Text>,
    /// Campaigns shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::KLAR_LIMITS.campaign)))]
    pub(super) campaign: Option<Text>,
    /// Ad groups shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::KLAR_LIMITS.ad_group)))]
    pub(super) ad_group: Option<Text>,
    /// Ads shown.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<0>>", extend("default" = defaults::KLAR_LIMITS.ad)))]
    pub(super) ad: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TapRainHistory {
    /// Days whose hours are fetched at the start and kept; 0: none.
    #[cfg_attr(test, schemars(with = "Option<schema::Days<{ defaults::TAPRAIN.longest_history }>>", extend("default" = defaults::TAPRAIN.history_days)))]
    pub(super) days: Option<Text>,
    /// How long leads are awaited until it was observed how late they come.
    #[cfg_attr(test, schemars(with = "Option<schema::Span>", extend("default" = duration::format(defaults::EXPECTATIONS.settle))))]
    pub(super) settle: Option<Text>,
    /// The share of quiet days on which revenue lies within its band.
    #[cfg_attr(test, schemars(with = "Option<schema::Percent>", extend("default" = format_percent(defaults::EXPECTATIONS.quantile))))]
    pub(super) quantile: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KlarHistory {
    /// Days that are fetched at the start and kept; 0: none.
    #[cfg_attr(test, schemars(with = "Option<schema::Days<{ defaults::KLAR.longest_history }>>", extend("default" = defaults::KLAR.history_days)))]
    pub(super) days: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TapRainView {
    /// The `view` label; unique within the account.
    #[cfg_attr(test, schemars(with = "schema::Name"))]
    pub(super) view: Text,
    /// ISO 3166-1 alpha-2 codes; default: every country.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<schema::Country>>"))]
    pub(super) country: Option<List<Text>>,
    /// Offer names, exactly; default: every offer.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<schema::FilterValue>>"))]
    pub(super) offer: Option<List<Text>>,
    /// Campaign sources (s2); default: every source.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<schema::FilterValue>>"))]
    pub(super) source: Option<List<Text>>,
    /// What to ask, and how often.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<schema::TapRainRange>>", extend("default" = schema::ranges(&defaults::TAPRAIN_RANGES))))]
    pub(super) ranges: Option<List<RangeEvery>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KlarView {
    /// The `view` label; unique within the account.
    #[cfg_attr(test, schemars(with = "schema::Name"))]
    pub(super) view: Text,
    /// The attribution model, which the API calls `metric`.
    #[cfg_attr(test, schemars(with = "Option<schema::Model>", extend("default" = defaults::MODEL.as_str())))]
    pub(super) model: Option<Text>,
    /// How long before an order a touchpoint may lie.
    #[cfg_attr(test, schemars(with = "Option<schema::Window>", extend("default" = defaults::WINDOW.as_str())))]
    pub(super) window: Option<Text>,
    /// Which date a row is booked to.
    #[cfg_attr(test, schemars(with = "Option<schema::DateBasis>", extend("default" = defaults::DATE_BREAKDOWN.as_str())))]
    pub(super) date_breakdown: Option<Text>,
    /// How deep the labels go; each level includes those before it.
    #[cfg_attr(test, schemars(with = "Option<schema::Detail>", extend("default" = defaults::DETAIL.as_str())))]
    pub(super) detail: Option<Text>,
    /// What to ask, and how often.
    #[cfg_attr(test, schemars(with = "Option<schema::NonEmpty<schema::KlarRange>>", extend("default" = schema::ranges(&defaults::KLAR_RANGES))))]
    pub(super) ranges: Option<List<RangeEvery>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RangeEvery {
    /// Which days; `custom` has dates of its own.
    #[cfg_attr(test, schemars(with = "schema::Plain"))]
    pub(super) range: Text,
    /// How often it is wanted.
    #[cfg_attr(test, schemars(with = "schema::Span"))]
    pub(super) every: Text,
    /// The `range` label of a custom range.
    #[cfg_attr(test, schemars(with = "Option<schema::Name>"))]
    pub(super) name: Option<Text>,
    /// The first day of a custom range.
    #[cfg_attr(test, schemars(with = "Option<schema::Date>"))]
    pub(super) start: Option<Text>,
    /// The last day of a custom range.
    #[cfg_attr(test, schemars(with = "Option<schema::Date>"))]
    pub(super) end: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Collection {
    /// For one request, from sending to the last byte.
    #[cfg_attr(test, schemars(with = "Option<schema::Span>", extend("default" = duration::format(CollectionLimits::DEFAULT.timeout))))]
    pub(super) timeout: Option<Text>,
    /// A longer answer is given up.
    #[cfg_attr(test, schemars(with = "Option<schema::Size>", extend("default" = format_size(CollectionLimits::DEFAULT.max_response))))]
    pub(super) max_response: Option<Text>,
    /// What would exceed it is folded into `(other)`.
    #[cfg_attr(test, schemars(with = "Option<schema::Count<1>>", extend("default" = CollectionLimits::DEFAULT.max_series)))]
    pub(super) max_series: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct State {
    /// Where it is kept, relative to this file; empty: nowhere.
    #[serde(deserialize_with = "text_or_nothing")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("default" = defaults::STATE_DIRECTORY)))]
    pub(super) directory: Option<String>,
}

/// `directory:` with nothing behind it means the empty text, not the default.
fn text_or_nothing<'de, D: Deserializer<'de>>(typed: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(typed).map(|text| Some(text.unwrap_or_default()))
}
