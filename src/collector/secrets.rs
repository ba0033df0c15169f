//! Which secret an account uses, while new ones come and the API accepts or refuses them.

use tracing::{info, warn};

use super::Collector;
use super::renewal::{Carried, Spoken};
use super::vendor::{Flight, Payload};
use crate::clock::Moment;
use crate::model::AccountState;
use crate::model::settings::Credential;
use crate::secret::Secret;
use crate::telemetry::Outcome;
use crate::upstream::answer::Answer;

/// The secret in use, and the one to return to.
pub(super) struct Keys {
    credential: Credential,
    /// Numbers the secrets.
    number: u64,
    /// Whether the API has accepted this one.
    accepted: bool,
    /// The one before, which the API did accept, until it accepts this one as well: a file may be
    /// written before the API knows what is in it.
    before: Option<Secret>,
}

impl Keys {
    pub(super) fn new(credential: Credential) -> Self {
        Self { credential, number: 0, accepted: false, before: None }
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.credential.secret
    }

    /// What a request carries.
    pub(super) fn carried(&self) -> Carried {
        Carried { number: self.number, credential: self.credential.clone() }
    }

    /// Whether this is another secret than the first, and not accepted yet.
    pub(super) fn is_on_trial(&self) -> bool {
        self.number > 0 && !self.accepted
    }

    fn adopt(&mut self, secret: Secret) {
        let before = std::mem::replace(&mut self.credential.secret, secret);
        self.before = std::mem::take(&mut self.accepted).then_some(before);
        self.number += 1;
    }

    fn accept(&mut self) {
        self.accepted = true;
        self.before = None;
    }
}

impl Collector {
    /// The file or the configuration holds `secret` now. A silence that only a refused secret had
    /// caused is over.
    pub(super) fn told(&mut self, secret: Secret) {
        if *self.keys.secret() == secret {
            return;
        }
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        info!(api, account, "another key or refresh token is used from now on");
        self.adopt(secret);
        if self.budget().forgive() {
            let now = self.around.clock.tick();
            self.schedule.resume(now, self.terms.per);
        }
        if self.part.state == Some(AccountState::Unauthorized) {
            self.refusals = 0;
        }
    }

    /// Whether `flight` is to be sent again because of the secret that it carried.
    pub(super) fn asks_again(
        &mut self,
        flight: &Flight,
        answer: &Answer<Payload>,
        spoken: Option<Spoken>,
        now: Moment,
    ) -> bool {
        let Some(Spoken { number, found }) = spoken else { return false };
        let refused =
            matches!(&answer.result, Err(failure) if failure.outcome == Outcome::Unauthorized);
        let is_current = number == self.keys.number;
        if !refused {
            if is_current && answer.result.is_ok() {
                self.keys.accept();
            }
            return false;
        }
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        if let Some(found) = found.filter(|found| found != self.keys.secret()) {
            info!(api, account, "the key was refused, and its file holds another: asking again");
            self.adopt(found);
        } else if is_current {
            let Some(before) = self.keys.before.take() else { return false };
            warn!(
                api,
                account, "the new key was refused: the one before it is used as long as it serves"
            );
            self.adopt(before);
        }
        // Else it was refused before, in another request, and replaced.
        self.vendor.give_up(flight);
        self.leave_due(flight, now);
        true
    }

    fn adopt(&mut self, secret: Secret) {
        self.keys.adopt(secret.clone());
        self.vendor.renew(secret);
    }
}
