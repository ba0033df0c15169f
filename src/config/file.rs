//! The configuration file as it was typed: keys are known, values are still text in its place.

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

/// A scalar as it was typed, and where.
pub(super) type Text = Spanned<String>;
/// A list as it was typed, and where.
pub(super) type List<T> = Spanned<Vec<T>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) taprain: Option<Vec<TapRainAccount>>,
    pub(super) klar: Option<Vec<KlarAccount>>,
    pub(super) collection: Option<Collection>,
    pub(super) state: Option<State>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapRainAccount {
    pub(super) account: Text,
    pub(super) api_key_file: Option<Text>,
    pub(super) api_key_env: Option<Text>,
    pub(super) base_url: Option<Text>,
    pub(super) timezone: Option<Text>,
    pub(super) currency: Option<Text>,
    pub(super) budget: Option<Budget>,
    pub(super) limits: Option<TapRainLimits>,
    pub(super) history: Option<TapRainHistory>,
    pub(super) views: Option<List<TapRainView>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KlarAccount {
    pub(super) account: Text,
    pub(super) refresh_token_file: Option<Text>,
    pub(super) refresh_token_env: Option<Text>,
    pub(super) base_url: Option<Text>,
    pub(super) timezone: Option<Text>,
    pub(super) currency: Option<Text>,
    pub(super) budget: Option<Budget>,
    pub(super) limits: Option<KlarLimits>,
    pub(super) history: Option<KlarHistory>,
    pub(super) views: Option<List<KlarView>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Budget {
    pub(super) requests: Option<Text>,
    pub(super) per: Option<Text>,
    pub(super) reserve: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TapRainLimits {
    pub(super) country: Option<Text>,
    pub(super) source: Option<Text>,
    pub(super) offer: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KlarLimits {
    pub(super) channel: Option<Text>,
    pub(super) campaign: Option<Text>,
    pub(super) ad_group: Option<Text>,
    pub(super) ad: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TapRainHistory {
    pub(super) days: Option<Text>,
    pub(super) settle: Option<Text>,
    pub(super) quantile: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KlarHistory {
    pub(super) days: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapRainView {
    pub(super) view: Text,
    pub(super) country: Option<List<Text>>,
    pub(super) offer: Option<List<Text>>,
    pub(super) source: Option<List<Text>>,
    pub(super) ranges: Option<List<RangeEvery>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KlarView {
    pub(super) view: Text,
    pub(super) model: Option<Text>,
    pub(super) window: Option<Text>,
    pub(super) date_breakdown: Option<Text>,
    pub(super) detail: Option<Text>,
    pub(super) ranges: Option<List<RangeEvery>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeEvery {
    pub(super) range: Text,
    pub(super) every: Text,
    pub(super) name: Option<Text>,
    pub(super) start: Option<Text>,
    pub(super) end: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Collection {
    pub(super) timeout: Option<Text>,
    pub(super) max_response: Option<Text>,
    pub(super) max_series: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct State {
    #[serde(deserialize_with = "text_or_nothing")]
    pub(super) directory: Option<String>,
}

/// `directory:` with nothing behind it means the empty text, not the default.
fn text_or_nothing<'de, D: Deserializer<'de>>(typed: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(typed).map(|text| Some(text.unwrap_or_default()))
}
