//! What the exporter was told to do: the configuration as it is meant, after every check.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::Api;
use super::klar::{DateBasis, Detail, Model, Window};
use super::range::Range;
use crate::secret::Secret;

/// Everything to collect, and the limits of collecting it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// TapRain accounts, in the file's order; their names are unique.
    pub taprain: Vec<TapRainAccount>,
    /// Klar accounts, in the file's order; their names are unique.
    pub klar: Vec<KlarAccount>,
    /// Limits that hold for every request.
    pub collection: Collection,
    /// Where state is kept; `None` keeps nothing.
    pub state_directory: Option<PathBuf>,
}

impl Settings {
    /// Every account, in the order of the page.
    pub fn subjects(&self) -> Vec<Subject> {
        let taprain = self.taprain.iter().cloned().map(Subject::TapRain);
        taprain.chain(self.klar.iter().cloned().map(Subject::Klar)).collect()
    }
}

/// One account of either API.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Of TapRain.
    TapRain(TapRainAccount),
    /// Of Klar.
    Klar(KlarAccount),
}

impl Subject {
    /// Which API.
    pub fn api(&self) -> Api {
        match self {
            Self::TapRain(_) => Api::TapRain,
            Self::Klar(_) => Api::Klar,
        }
    }

    /// What every account has.
    pub fn common(&self) -> &Account {
        match self {
            Self::TapRain(account) => &account.common,
            Self::Klar(account) => &account.common,
        }
    }

    /// The same account with another secret from the same source.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        match &mut self {
            Self::TapRain(account) => account.common.credential.secret = secret,
            Self::Klar(account) => account.common.credential.secret = secret,
        }
        self
    }

    /// What is asked, view after view.
    pub fn ranges(&self) -> Vec<RangeEvery> {
        match self {
            Self::TapRain(account) => {
                account.views.iter().flat_map(|view| view.ranges.clone()).collect()
            }
            Self::Klar(account) => {
                account.views.iter().flat_map(|view| view.ranges.clone()).collect()
            }
        }
    }
}

/// A credential and where it came from, so that an error can name the place and never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The secret itself.
    pub secret: Secret,
    /// Where it was read.
    pub source: CredentialSource,
}

/// Where a credential was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A file, which is read again when it changes and when the API refuses the secret.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// Made by the program itself (the demo).
    Built,
}

/// What every account has, whichever API it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The `account` label.
    pub name: Arc<str>,
    /// The API key or refresh token.
    pub credential: Credential,
    /// Scheme, host and optional path prefix, without a slash at its end.
    pub base_url: String,
    /// The zone that decides what `today` means.
    pub timezone: TimeZone,
    /// The zone's IANA name.
    pub timezone_name: Arc<str>,
    /// ISO 4217 code, the `currency` label.
    pub currency: Arc<str>,
    /// What the API allows this credential.
    pub budget: BudgetTerms,
    /// How many whole days before today are kept in detail, and fetched where they are missing;
    /// 0 fetches nothing and expects nothing.
    pub history_days: u32,
}

/// One TapRain account.
#[derive(Clone, Debug, PartialEq)]
pub struct TapRainAccount {
    /// What every account has.
    pub common: Account,
    /// How many rows each dimension shows.
    pub limits: TapRainLimits,
    /// How what is normal is told from the hours that are kept.
    pub expectations: Expectations,
    /// What to ask; names are unique.
    pub views: Vec<TapRainView>,
}

/// How what is normal is told from history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expectations {
    /// How long after a click its lead comes at the latest, as far as is known before that was
    /// observed: no window of hours ends later than this before now.
    pub settle: Duration,
    /// The share of quiet days on which revenue lies within its band, above 0 and below 1.
    pub quantile: f64,
}

/// Rows shown for each TapRain dimension; the rest folds into `(other)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapRainLimits {
    /// Countries.
    pub country: usize,
    /// Traffic sources (s2 values).
    pub source: usize,
    /// Offers.
    pub offer: usize,
}

/// One filter combination of one TapRain account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapRainView {
    /// The `view` label.
    pub name: Arc<str>,
    /// The filters, sent as the API's own parameters.
    pub filters: Filters,
    /// What to ask and how often; labels are unique.
    pub ranges: Vec<RangeEvery>,
}

/// TapRain's filters; an empty list filters nothing. No value holds a comma (trap T14).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// ISO 3166-1 alpha-2 codes.
    pub country: Vec<String>,
    /// Offer names, exact match.
    pub offer: Vec<String>,
    /// Campaign sources, s2 values.
    pub source: Vec<String>,
}

/// One Klar account.
#[derive(Clone, Debug, PartialEq)]
pub struct KlarAccount {
    /// What every account has.
    pub common: Account,
    /// How many rows each level shows.
    pub limits: KlarLimits,
    /// What to ask; names are unique.
    pub views: Vec<KlarView>,
}

/// Rows shown at each Klar level; the rest folds into `(other)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KlarLimits {
    /// Channels.
    pub channel: usize,
    /// Campaigns.
    pub campaign: usize,
    /// Ad groups.
    pub ad_group: usize,
    /// Ads.
    pub ad: usize,
}

/// One attribution of one Klar account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KlarView {
    /// The `view` label.
    pub name: Arc<str>,
    /// The API's `metric`.
    pub model: Model,
    /// The API's `window`.
    pub window: Window,
    /// The API's `date_breakdown`.
    pub basis: DateBasis,
    /// How deep the labels go.
    pub detail: Detail,
    /// What to ask and how often; labels are unique.
    pub ranges: Vec<RangeEvery>,
}

/// A range and how often it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeEvery {
    /// The range.
    pub range: Range,
    /// The interval asked for; the budget may stretch it.
    pub every: Duration,
}

/// What the API allows one credential, and how much of it is left to others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetTerms {
    /// Requests per window.
    pub requests: NonZeroU32,
    /// The window.
    pub per: Duration,
    /// The share left for the credential's other users, 0 to below 1.
    pub reserve: f64,
}

impl BudgetTerms {
    /// Requests per window that the exporter allows itself: the reserve is rounded up, but one
    /// request is always left, or nothing would ever be collected.
    pub fn allowance(&self) -> u32 {
        let reserve = u32::try_from(self.reserve_of(None)).unwrap_or(u32::MAX);
        self.requests.get().saturating_sub(reserve).max(1)
    }

    /// The reserve in requests, rounded up: its share of the configured limit, or of the API's own
    /// `limit` where that is smaller.
    pub fn reserve_of(&self, limit: Option<u64>) -> u64 {
        let configured = u64::from(self.requests.get());
        let limit = limit.map_or(configured, |limit| limit.min(configured));
        // In range: a share of at most 1 of a number that came from a u32.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=limit")]
        let reserved = (limit as f64 * self.reserve.clamp(0.0, 1.0)).ceil() as u64;
        reserved
    }
}

/// Limits of collecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// A request and its whole answer take at most this long.
    pub timeout: Duration,
    /// An answer is at most this many bytes, after decompression.
    pub max_response: u64,
    /// The page shows at most this many vendor series; beyond it details fold into `(other)`.
    pub max_series: usize,
    /// How often a secret's file is looked at.
    pub secrets_every: Duration,
}

impl Collection {
    /// The documented defaults: 30 s, 128 MiB, 100,000 series; 5 s, which no file can change.
    pub const DEFAULT: Self = Self {
        timeout: Duration::from_secs(30),
        max_response: 128 * 1024 * 1024,
        max_series: 100_000,
        secrets_every: Duration::from_secs(5),
    };
}

impl Default for Collection {
    fn default() -> Self {
        Self::DEFAULT
    }
}
