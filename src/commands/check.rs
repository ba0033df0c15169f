//! `check`: is the configuration valid, and how fresh will the figures be?

use std::io::{IsTerminal, Write};

use super::{CommandError, configuration, logging};
use crate::check::plan_table;
use crate::cli;

pub(super) fn run(typed: &cli::Config) -> Result<(), CommandError> {
    let loaded = configuration(typed)?;
    for warning in &loaded.warnings {
        logging::aside(warning);
    }
    let out = std::io::stdout();
    let table = plan_table(&loaded.settings, out.is_terminal());
    out.lock()
        .write_all(table.as_bytes())
        .map_err(|error| CommandError::System(format!("cannot print the plan: {error}")))
}
