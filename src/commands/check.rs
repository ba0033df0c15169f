//! `check`: is the configuration valid, and how fresh will the figures be?

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::web::Guard;
use super::{CommandError, configuration, logging};
use crate::check::plan_table;
use crate::cli;
use crate::shard::Share;

pub(super) fn run(typed: &cli::Config, web: Option<&Path>) -> Result<(), CommandError> {
    let loaded = configuration(typed)?;
    let guard = Guard::read(web)?;
    let unwise = guard.as_ref().map(Guard::warnings).unwrap_or_default();
    for warning in loaded.warnings.iter().chain(unwise) {
        logging::aside(warning);
    }
    let out = std::io::stdout();
    let table = plan_table(&loaded.settings, out.is_terminal());
    let part = loaded.share.map(part).unwrap_or_default();
    out.lock()
        .write_all(format!("{part}{table}").as_bytes())
        .map_err(|error| CommandError::System(format!("cannot print the plan: {error}")))
}

/// Which part of the configured accounts follows; a line of its own above them.
fn part(share: Share) -> String {
    let after = if share.accounts == 0 { "" } else { "\n" };
    format!("shard {}: {} of {} accounts\n{after}", share.shard, share.accounts, share.of)
}
