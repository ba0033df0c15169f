//! The words of the trade: which API, which range, which attribution, how much budget.

pub mod klar;
pub mod meaning;
pub mod range;
pub mod restated;
pub mod settings;

/// One of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// TapRain Stats.
    TapRain,
    /// Klar Attribution.
    Klar,
}

impl Api {
    /// The `api` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TapRain => "taprain",
            Self::Klar => "klar",
        }
    }
}

/// What is wrong with an account, as the `state` label says it. Exactly one holds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountState {
    /// The last request succeeded.
    Ok,
    /// The credential was refused (401).
    Unauthorized,
    /// The account is suspended (403).
    Forbidden,
    /// The API said to wait (429).
    RateLimited,
    /// No usable answer: no connection, no time left, or a server error.
    Unreachable,
    /// An answer that is not what the API documents.
    Invalid,
}

impl AccountState {
    /// Every state, in the order of the page.
    pub const ALL: [Self; 6] = [
        Self::Ok,
        Self::Unauthorized,
        Self::Forbidden,
        Self::RateLimited,
        Self::Unreachable,
        Self::Invalid,
    ];

    /// The `state` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Invalid => "invalid",
        }
    }
}
