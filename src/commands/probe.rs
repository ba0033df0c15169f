//! `check --probe`: what the APIs themselves say to a handful of requests.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::CommandError;
use super::run::block_on;
use crate::backfill::gather::Around;
use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::model::settings::{Settings, Subject};
use crate::probe::{Sheet, announcement, probe, words};
use crate::state::{Disk, State, Store};
use crate::telemetry::Telemetry;
use crate::upstream::http::Http;

/// Asks every account's API, through the ledgers in the state directory where there is one.
pub(super) fn run(settings: &Settings) -> Result<(), CommandError> {
    let subjects = settings.subjects();
    let directory = directory(settings);
    tell(&ledgers(settings, directory.as_ref()));
    for subject in &subjects {
        tell(&announcement(subject));
    }
    block_on(ask(&subjects, settings, directory))
}

async fn ask(
    subjects: &[Subject],
    settings: &Settings,
    directory: Option<PathBuf>,
) -> Result<(), CommandError> {
    let clock = Clock::system();
    let nanos = clock.wall().subsec_nanosecond().unsigned_abs();
    let seed = u64::from(std::process::id()) << 32 | u64::from(nanos);
    let store = directory.map(|at| Arc::new(Disk::new(at)) as Arc<dyn Store>);
    let state = Arc::new(State::new(store, clock.clone(), Arc::new(Telemetry::default()), seed));
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
    let sheets = probe(subjects, &Around { clock, fetch, state, seed }, &tell).await;
    let text = format!("\n{}", words::list(&sheets));
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(|error| CommandError::System(format!("cannot print the facts: {error}")))?;
    verdict(&sheets)
}

fn verdict(sheets: &[Sheet]) -> Result<(), CommandError> {
    let failed = sheets.iter().filter(|sheet| sheet.failed.is_some());
    let names: Vec<&str> = failed.map(|sheet| sheet.title.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(CommandError::System(format!("could not be asked: {}", names.join(", "))))
}

/// A directory that is not there is not made: no exporter runs with it, and it would be ours.
fn directory(settings: &Settings) -> Option<PathBuf> {
    settings.state_directory.clone().filter(|directory| directory.is_dir())
}

fn ledgers(settings: &Settings, found: Option<&PathBuf>) -> String {
    match (found, &settings.state_directory) {
        (Some(at), _) => {
            format!("the requests count in the ledgers in {}, as a running exporter's do", at.display())
        }
        (None, Some(at)) => format!(
            "there is no state directory {}: if an exporter runs with these keys, name its --state.directory, or \
             stop it",
            at.display()
        ),
        (None, None) => "without a state directory nothing is known of what a running exporter sends: stop it, or \
                         name its --state.directory"
            .to_owned(),
    }
}

/// Tells a person how far it is; standard output has the facts.
fn tell(text: &str) {
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
