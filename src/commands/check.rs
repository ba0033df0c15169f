//! `check`: is the configuration valid, how fresh will the figures be, and what do the APIs say?

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::serve::with_state;
use super::web::Guard;
use super::{CommandError, configuration, logging, probe};
use crate::check::plan_table;
use crate::cli;
use crate::config::Loaded;

/// The plan, and what the APIs say where that was wished for.
pub(super) fn whole(typed: &cli::Check) -> Result<(), CommandError> {
    let loaded = run(&typed.config, typed.web_config_file.as_deref())?;
    if !typed.probe {
        return Ok(());
    }
    probe::run(&with_state(loaded, typed.state.as_deref()).settings)
}

pub(super) fn run(typed: &cli::Config, web: Option<&Path>) -> Result<Loaded, CommandError> {
    let loaded = configuration(typed)?;
    let guard = Guard::read(web)?;
    let unwise = guard.as_ref().map(Guard::warnings).unwrap_or_default();
    for warning in loaded.warnings.iter().chain(unwise) {
        logging::aside(warning);
    }
    let out = std::io::stdout();
    let table = plan_table(&loaded.settings, out.is_terminal());
    out.lock()
        .write_all(table.as_bytes())
        .map_err(|error| CommandError::System(format!("cannot print the plan: {error}")))?;
    Ok(loaded)
}
