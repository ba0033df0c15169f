//! Every default of the configuration, and the bounds of what may be written instead.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::model::klar::{DateBasis, Detail, Model, Window};
use crate::model::range::Range;
use crate::model::restated::KEPT_DAYS;
use crate::model::settings::{BudgetTerms, Expectations, KlarLimits, TapRainLimits};

/// What an account of one API has unless its owner says otherwise.
#[derive(Debug)]
pub struct AccountDefaults {
    /// Where the API is.
    pub base_url: &'static str,
    /// The zone that decides what `today` means.
    pub timezone: &'static str,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// What the API allows one credential.
    pub budget: BudgetTerms,
    /// Whole days before today that are kept in detail.
    pub history_days: u32,
    /// No more are kept.
    pub longest_history: u32,
}

/// TapRain: its own default zone (trap T1), 600 requests an hour, a tenth left to others (T20).
pub const TAPRAIN: AccountDefaults = AccountDefaults {
    base_url: "https://taprain.com",
    timezone: "America/New_York",
    currency: "USD",
    budget: BudgetTerms {
        requests: NonZeroU32::MIN.saturating_add(599),
        per: Duration::from_secs(3600),
        reserve: 0.1,
    },
    // Four weeks to compare with, and a fifth so that each of them can be left out in turn.
    history_days: 35,
    longest_history: 35,
};

/// Klar: Germany's zone and currency, 2 requests in 30 s with the token's among them (trap K6).
pub const KLAR: AccountDefaults = AccountDefaults {
    base_url: "https://api.getklar.com",
    timezone: "Europe/Berlin",
    currency: "EUR",
    budget: BudgetTerms {
        requests: NonZeroU32::MIN.saturating_add(1),
        per: Duration::from_secs(30),
        reserve: 0.0,
    },
    // Both vendors restate for weeks, and a weekday comes every seven days.
    history_days: 60,
    longest_history: KEPT_DAYS,
};

/// Rows shown for each TapRain dimension.
pub const TAPRAIN_LIMITS: TapRainLimits = TapRainLimits { country: 60, source: 50, offer: 50 };

/// Late leads by the vendor's trade: most within the hour, some within three.
pub const EXPECTATIONS: Expectations =
    Expectations { settle: Duration::from_secs(3 * 3600), quantile: 0.95 };

/// Leads are not waited for longer than a day.
pub const LONGEST_SETTLE: Duration = Duration::from_secs(24 * 3600);

/// The bounds of a band's share: a narrower one is no band, and a wider one nobody can measure.
pub const QUANTILES: (f64, f64) = (0.5, 0.999);

/// Rows shown at each Klar level.
pub const KLAR_LIMITS: KlarLimits =
    KlarLimits { channel: 50, campaign: 100, ad_group: 100, ad: 100 };

/// The name of TapRain's default view, which filters nothing.
pub const TAPRAIN_VIEW: &str = "all";

/// The name of Klar's default view.
pub const KLAR_VIEW: &str = "default";

/// What a TapRain view asks for, and how often.
pub const TAPRAIN_RANGES: [(Range, Duration); 5] = [
    (Range::Today, Duration::from_secs(30)),
    (Range::Hour, minutes(5)),
    (Range::Yesterday, minutes(15)),
    (Range::SevenDays, minutes(60)),
    (Range::ThirtyDays, minutes(60)),
];

/// What a Klar view asks for, and how often.
pub const KLAR_RANGES: [(Range, Duration); 4] = [
    (Range::Today, minutes(5)),
    (Range::Yesterday, minutes(15)),
    (Range::SevenDays, minutes(60)),
    (Range::ThirtyDays, minutes(360)),
];

/// Klar's attribution model, the API's `metric`.
pub const MODEL: Model = Model::DataDriven;

/// How long before an order a touchpoint may lie.
pub const WINDOW: Window = Window::SevenDays;

/// Which date a row is booked to.
pub const DATE_BREAKDOWN: DateBasis = DateBasis::Order;

/// How deep the labels go.
pub const DETAIL: Detail = Detail::Channel;

/// Where state is kept, relative to the configuration file.
pub const STATE_DIRECTORY: &str = "state";

/// The account that the environment configures.
pub const ENVIRONMENT_ACCOUNT: &str = "default";

/// No interval, window or timeout is shorter.
pub const SHORTEST: Duration = Duration::from_secs(1);

/// A TapRain custom range has at most this many days: the vendor says 365 and leaves open how it
/// counts them (trap T7).
pub const TAPRAIN_LONGEST_RANGE: u32 = 364;

/// A Klar custom range has at most this many days. Every 28 of them are a request, so a longer
/// one would take a budget of two requests per half minute for minutes.
pub const KLAR_LONGEST_RANGE: u32 = 400;

/// A name of an account, view or range has at most this many characters: it is a label value.
pub const LONGEST_NAME: usize = 100;

/// No answer is limited to less: even an empty report takes a few hundred bytes.
pub const SMALLEST_RESPONSE: u64 = 1024;

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
