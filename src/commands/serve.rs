//! `serve`: collect what the configuration says, and serve it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::run::{Plan, runtime};
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
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    runtime()?.block_on(async {
        let clock = Clock::system();
        let mut settings = loaded.settings;
        if let Some(directory) = &typed.state {
            settings.state_directory = named(directory);
        }
        let plan = Plan { settings, clock, transport, web: &typed.web };
        plan.serve(|_| Ok(())).await
    })
}

/// The directory that was typed, from the root; an empty name is none.
fn named(directory: &Path) -> Option<PathBuf> {
    let absolute = || std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    (!directory.as_os_str().is_empty()).then(absolute)
}
