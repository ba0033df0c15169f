//! Whether state can be kept: said once when it cannot, once when it can again, and counted.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{error, info, warn};

use crate::telemetry::{StateTrouble, Telemetry};

/// All accounts share one: a full disk is one piece of news.
pub(super) struct Health {
    telemetry: Arc<Telemetry>,
    ailing: Mutex<BTreeSet<String>>,
}

impl Health {
    /// `kept` tells whether anything is to be kept at all.
    pub(super) fn new(telemetry: Arc<Telemetry>, kept: bool) -> Self {
        if kept {
            telemetry.state_is(true);
        }
        Self { telemetry, ailing: Mutex::default() }
    }

    /// `folder` cannot be locked, read or written.
    pub(super) fn fails(&self, folder: &str, trouble: StateTrouble, why: &dyn Display) {
        self.telemetry.state_trouble(trouble);
        self.telemetry.state_is(false);
        let mut ailing = self.ailing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = ailing.is_empty();
        ailing.insert(folder.to_owned());
        if is_news {
            error!(
                folder,
                "state cannot be kept: {why}; half of the budget is spent until it can, so that a \
                 restart cannot overspend; mend the disk or the directory's rights"
            );
        }
    }

    /// `folder` was written.
    pub(super) fn works(&self, folder: &str) {
        let mut ailing = self.ailing.lock().unwrap_or_else(PoisonError::into_inner);
        if ailing.remove(folder) && ailing.is_empty() {
            self.telemetry.state_is(true);
            info!("state is kept again");
        }
    }

    /// A file holds nothing that can be used.
    pub(super) fn unreadable(&self, folder: &str, file: &str, why: &dyn Display, so: &str) {
        self.telemetry.state_trouble(StateTrouble::Unreadable);
        warn!(folder, file, "the state file {why}: {so}");
    }
}
