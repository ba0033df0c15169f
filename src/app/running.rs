//! One account that is collected: its task, and how to talk to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::error;

use super::supervise::Supervisor;
use crate::collector::Surroundings;
use crate::collector::kept::Kept;
use crate::model::settings::{Credential, Subject};
use crate::secret::Secret;
use crate::shutdown::{self, Stop};
use crate::snapshot::AccountPart;
use crate::telemetry::Who;

/// An account while it is collected. Dropping it ends the task as well.
pub(super) struct Running {
    subject: Subject,
    stop: Stop,
    secrets: watch::Sender<Secret>,
    task: JoinHandle<Kept>,
}

/// An account that was collected.
pub(super) struct Ended {
    /// As it was configured.
    pub(super) subject: Subject,
    /// The credential with the secret that was in use at last.
    pub(super) credential: Credential,
    /// What its collector left.
    pub(super) kept: Kept,
    /// What was known of it at last.
    pub(super) part: Arc<AccountPart>,
}

impl Running {
    /// Starts the account's task on `thread`; it goes on from its part of the board after `turn`.
    pub(super) fn start(
        thread: &Handle,
        subject: Subject,
        around: Surroundings,
        kept: Kept,
        turn: Duration,
    ) -> Self {
        let (stop, shutdown) = shutdown::channel();
        let (secrets, _) = watch::channel(subject.common().credential.secret.clone());
        let supervisor = Supervisor::new(subject.clone(), around);
        let task = thread.spawn(supervisor.run(kept, secrets.clone(), shutdown, turn));
        Self { subject, stop, secrets, task }
    }

    /// As it was configured.
    pub(super) fn secret(&self) -> Secret {
        self.subject.common().credential.secret.clone()
    }

    pub(super) fn is_of(&self, subject: &Subject) -> bool {
        same_account(&self.subject, subject)
    }

    /// Whether `subject` is the same but for the secret, and the task may run on.
    pub(super) fn serves(&self, subject: &Subject) -> bool {
        // Who has another name is not worth a copy: of thousands, each is compared with each.
        let secret = &subject.common().credential.secret;
        self.is_of(subject) && self.subject.clone().with_secret(secret.clone()) == *subject
    }

    /// Tells the task the secret of `subject`, where that is another.
    pub(super) fn follow(&mut self, subject: &Subject) {
        let secret = &subject.common().credential.secret;
        if self.subject.common().credential.secret != *secret {
            self.secrets.send_replace(secret.clone());
        }
        self.subject = subject.clone();
    }

    /// Asks the task to end.
    pub(super) fn stop(&self) {
        self.stop.now();
    }

    /// Awaits its end, after which it publishes nothing any more.
    pub(super) async fn end(mut self, around: &Surroundings) -> Option<Ended> {
        self.stop();
        let kept = (&mut self.task).await.unwrap_or_else(|error| {
            let account = &*self.subject.common().name;
            error!(api = self.subject.api().as_str(), account, %error, "an account's task failed");
            Kept::default()
        });
        let part = around.board.part(self.subject.api(), &self.subject.common().name)?;
        let secret = kept.secret().cloned().unwrap_or_else(|| self.secrets.borrow().clone());
        let source = self.subject.common().credential.source.clone();
        let credential = Credential { secret, source };
        Some(Ended { subject: self.subject.clone(), credential, kept, part })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether both speak of one account.
pub(super) fn same_account(one: &Subject, other: &Subject) -> bool {
    one.api() == other.api() && one.common().name == other.common().name
}

/// The labels of an account.
pub(super) fn who(subject: &Subject) -> Who {
    Who { api: subject.api(), account: Arc::clone(&subject.common().name) }
}
