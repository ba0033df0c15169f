//! `check`: is the configuration valid, and how fresh will the figures be?

use std::io::{IsTerminal, Write};

use super::{CommandError, configuration, logging};
use crate::check::plan_table;
use crate::cli;
use crate::clock::Clock;
use crate::model::range::local_date;

pub(super) fn run(typed: &cli::Config) -> Result<(), CommandError> {
    let loaded = configuration(typed)?;
    for warning in &loaded.warnings {
        logging::aside(warning);
    }
    let out = std::io::stdout();
    let today = local_date(Clock::system().wall(), &jiff::tz::TimeZone::UTC);
    let table = plan_table(&loaded.settings, out.is_terminal(), today);
    out.lock()
        .write_all(table.as_bytes())
        .map_err(|error| CommandError::System(format!("cannot print the plan: {error}")))
}
