//! What a collector that is stopped leaves to the one that follows it.

use crate::clock::Tick;
use crate::secret::Secret;

/// Left by a collector, for the next one of the same account.
#[derive(Default)]
pub struct Kept {
    secret: Option<Secret>,
    token: Option<Held>,
}

/// A Klar access token.
pub(super) struct Held {
    /// The token itself.
    pub(super) secret: Secret,
    /// Tells it from the account's other tokens; 0 is none.
    pub(super) number: u64,
    /// It is not used from then on.
    pub(super) serves_until: Tick,
}

impl Kept {
    pub(super) fn new(secret: Secret, token: Option<Held>) -> Self {
        Self { secret: Some(secret), token }
    }

    /// The account's secret that was in use at the end; `None` when the collector had failed.
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Whether an access token is among it.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn into_token(self) -> Option<Held> {
        self.token
    }
}
