//! What a test or a demo can change about a simulator while it runs.

use std::sync::Mutex;
use std::time::Duration;

use super::locked;

/// The position of every switch.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The account is suspended: 403.
    pub suspended: bool,
    /// The whole service is ill.
    pub fault: Option<Fault>,
    /// The advice that comes with a 429; neither page promises any.
    pub retry_after: Option<RetryAfter>,
    /// `meta.requests_remaining`, which TapRain's prose promises and its sample lacks (trap T4).
    pub requests_remaining: bool,
    /// Rate-limit headers, which no page mentions.
    pub quota_headers: Option<QuotaHeaders>,
    /// Minutes by which the figures lag behind the world: at midnight `today` is still the old day
    /// (trap T10), and a new day has no rows yet.
    pub lag_minutes: u16,
    /// 429 for everyone, however little was asked; the wait that it advises where
    /// [`Setting::retry_after`] says how.
    pub storm: Option<Duration>,
    /// The `Date` header, by the simulator's own clock.
    pub date: bool,
    /// A `custom` range of one day comes in days, one row, not in hours: which granularity has
    /// which range, no page says (trap T6).
    pub custom_in_days: bool,
    /// TapRain's days begin at standard time all year, as its own sample has it (trap T2): in
    /// summer an hour late.
    pub standard_time: bool,
}

impl Setting {
    /// The vendors' pages as they stand.
    pub const DOCUMENTED: Self = Self {
        suspended: false,
        fault: None,
        retry_after: None,
        requests_remaining: true,
        quota_headers: None,
        lag_minutes: 0,
        storm: None,
        date: true,
        custom_in_days: false,
        standard_time: false,
    };
}

impl Default for Setting {
    fn default() -> Self {
        Self::DOCUMENTED
    }
}

/// An illness of the service (trap T15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 500 with the API's own error body.
    ServerError,
    /// 502 with a proxy's HTML page.
    BadGateway,
    /// 200 with an HTML page.
    Html,
    /// 200 with `"success": false` from TapRain; 200 with an object for an array from Klar.
    ApiError,
}

/// How `Retry-After` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// Seconds to wait.
    Seconds,
    /// The date until which to wait.
    HttpDate,
}

/// Which family of rate-limit headers is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaHeaders {
    /// `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`.
    RateLimit,
    /// The same with `X-` before it.
    XRateLimit,
}

/// The switches themselves; all who share them see a change at once.
#[derive(Debug, Default)]
pub struct Switches(Mutex<Setting>);

impl Switches {
    /// Switches in this position.
    pub fn new(setting: Setting) -> Self {
        Self(Mutex::new(setting))
    }

    /// The present position.
    pub fn setting(&self) -> Setting {
        *locked(&self.0)
    }

    /// Changes some of them.
    pub fn change(&self, change: impl FnOnce(&mut Setting)) {
        change(&mut locked(&self.0));
    }
}
