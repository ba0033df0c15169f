//! `serve`: collect what the configuration says, and serve it.

use std::sync::Arc;

use tracing::warn;

use super::reload::Load;
use super::run::{Plan, block_on};
use super::{CommandError, configuration, logging};
use crate::cli;
use crate::clock::Clock;
use crate::upstream::http::Http;

pub(super) fn run(typed: &cli::Serve) -> Result<(), CommandError> {
    let loaded = configuration(&typed.config)?;
    logging::start(&typed.log);
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    if loaded.settings.state_directory.is_some() {
        // Said aloud until it is built, so that nobody relies on it.
        warn!(
            "what was sent is not remembered over a restart yet: wait one window of the budget before \
             restarting, or the API may see more than it allows"
        );
    }
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    block_on(async {
        let (clock, file) = (Clock::system(), typed.config.clone());
        let load: Load = Arc::new(move || configuration(&file));
        let (settings, web, load) = (loaded.settings, &typed.web, Some(load));
        let plan = Plan { settings, clock, transport, web, load };
        plan.serve(|_| Ok(())).await
    })
}
