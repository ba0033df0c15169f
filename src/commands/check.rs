//! `check`: is the configuration valid, and how fresh will the figures be?

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::web::Guard;
use super::{CommandError, configuration, logging};
use crate::check::plan_table;
use crate::cli;

pub(super) fn run(typed: &cli::Config, web: Option<&Path>) -> Result<(), CommandError> {
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
        .map_err(|error| CommandError::System(format!("cannot print the plan: {error}")))
}
