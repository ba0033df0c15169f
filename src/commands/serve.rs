//! `serve`: collect what the configuration says, and serve it.

use std::path::Path;
use std::sync::Arc;

use tracing::warn;

use super::reload::Load;
use super::run::{Plan, beside_collectors};
use super::web::Guard;
use super::{CommandError, configuration, log_loaded, logging};
use crate::cli;
use crate::clock::Clock;
use crate::config;
use crate::file::absolute;
use crate::upstream::http::Http;

pub(super) fn run(typed: &cli::Serve) -> Result<(), CommandError> {
    let loaded = configuration(&typed.config)?;
    let guard = Guard::read(typed.web.config_file.as_deref())?;
    logging::start(&typed.log);
    log_loaded(&loaded);
    for warning in guard.as_ref().map(Guard::warnings).unwrap_or_default() {
        warn!("{warning}");
    }
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    beside_collectors(|crew| async {
        let (clock, file, state) = (Clock::system(), typed.config.clone(), typed.state.clone());
        let load: Load = Arc::new(move || Ok(with_state(configuration(&file)?, state.as_deref())));
        let settings = with_state(loaded, typed.state.as_deref()).settings;
        let (web, load) = (&typed.web, Some(load));
        let plan = Plan { settings, clock, transport, crew, web, guard, load };
        plan.serve(|_| Ok(())).await
    })
}

/// The directory that was typed goes before the file's; an empty name is none.
pub(super) fn with_state(mut loaded: config::Loaded, typed: Option<&Path>) -> config::Loaded {
    if let Some(directory) = typed {
        let is_named = !directory.as_os_str().is_empty();
        loaded.settings.state_directory = is_named.then(|| absolute(directory));
    }
    loaded
}
