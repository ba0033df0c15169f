//! The demo's accounts: the fictional business as an exporter would be told to collect it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{klar, taprain};
use crate::config::defaults;
use crate::config::defaults::AccountDefaults;
use crate::model::klar::{Detail, Model};
use crate::model::range::Range;
use crate::model::settings::{
    Account, Collection, Credential, CredentialSource, Filters, KlarAccount, KlarView, RangeEvery,
    Settings, TapRainAccount, TapRainView,
};
use crate::secret::{Secret, SecretError};

/// What the demo collects from simulators that listen at these addresses.
///
/// It shows what the contract's tables can show: every TapRain range, a filtered view, and Klar
/// down to single ads.
///
/// # Errors
/// When a simulator's key could not stand in a header; the built-in ones can.
pub fn settings(taprain_at: SocketAddr, klar_at: SocketAddr) -> Result<Settings, SecretError> {
    let (key, token) = (Secret::parse(taprain::KEY)?, Secret::parse(klar::REFRESH_TOKEN)?);
    let taprain = TapRainAccount {
        common: account("demo", key, taprain_at, &defaults::TAPRAIN),
        limits: defaults::TAPRAIN_LIMITS,
        expectations: defaults::EXPECTATIONS,
        views: vec![
            view("all", Filters::default(), taprain_ranges()),
            view("us", united_states(), vec![every(Range::Today, 60)]),
        ],
    };
    let klar = KlarAccount {
        common: account("demo-store", token, klar_at, &defaults::KLAR),
        limits: defaults::KLAR_LIMITS,
        views: vec![
            klar_view(defaults::KLAR_VIEW, defaults::MODEL, Detail::Ad, klar_ranges()),
            klar_view(
                "last-click",
                Model::LastTouch,
                Detail::Channel,
                vec![every(Range::SevenDays, 600)],
            ),
        ],
    };
    Ok(Settings {
        taprain: vec![taprain],
        klar: vec![klar],
        collection: Collection::DEFAULT,
        state_directory: None,
    })
}

fn account(name: &str, secret: Secret, at: SocketAddr, api: &AccountDefaults) -> Account {
    Account {
        name: name.into(),
        credential: Credential { secret, source: CredentialSource::Built },
        base_url: format!("http://{at}"),
        timezone: TimeZone::get(api.timezone).unwrap_or(TimeZone::UTC),
        timezone_name: api.timezone.into(),
        currency: api.currency.into(),
        budget: api.budget,
        history_days: api.history_days,
    }
}

fn view(name: &str, filters: Filters, ranges: Vec<RangeEvery>) -> TapRainView {
    TapRainView { name: name.into(), filters, ranges }
}

fn klar_view(name: &str, model: Model, detail: Detail, ranges: Vec<RangeEvery>) -> KlarView {
    let name: Arc<str> = name.into();
    let (window, basis) = (defaults::WINDOW, defaults::DATE_BREAKDOWN);
    KlarView { name, model, window, basis, detail, ranges }
}

fn united_states() -> Filters {
    Filters { country: vec!["US".to_owned()], ..Filters::default() }
}

fn taprain_ranges() -> Vec<RangeEvery> {
    let mut ranges = listed(&defaults::TAPRAIN_RANGES);
    ranges.push(every(Range::MonthToDate, 1800));
    ranges
}

fn klar_ranges() -> Vec<RangeEvery> {
    listed(&defaults::KLAR_RANGES)
}

fn listed(ranges: &[(Range, Duration)]) -> Vec<RangeEvery> {
    ranges.iter().map(|(range, every)| RangeEvery { range: range.clone(), every: *every }).collect()
}

fn every(range: Range, seconds: u64) -> RangeEvery {
    RangeEvery { range, every: Duration::from_secs(seconds) }
}
