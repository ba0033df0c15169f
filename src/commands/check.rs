//! `check`: is the configuration valid, how fresh will the figures be, and what do the APIs say?

use std::io::IsTerminal;
use std::path::Path;

use super::printed::print;
use super::serve::with_state;
use super::web::Guard;
use super::{CommandError, configuration, logging, probe};
use crate::check::plan_table;
use crate::cli;
use crate::config::Loaded;
use crate::shard::Share;

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
    let table = plan_table(&loaded.settings, std::io::stdout().is_terminal());
    let part = loaded.share.map(part).unwrap_or_default();
    print(&format!("{part}{table}"), "the plan")?;
    Ok(loaded)
}

/// Which part of the configured accounts follows; a line of its own above them.
fn part(share: Share) -> String {
    let after = if share.accounts == 0 { "" } else { "\n" };
    format!("shard {}: {} of {} accounts\n{after}", share.shard, share.accounts, share.of)
}
