//! `check --probe`: what the APIs themselves say to a handful of requests.

use std::path::PathBuf;

use super::CommandError;
use super::errand::around;
use super::logging::tell;
use super::printed::print;
use super::run::block_on;
use crate::clock::Clock;
use crate::model::settings::{Settings, Subject};
use crate::probe::{Sheet, announcement, probe, words};

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
    let settings = Settings { state_directory: directory, ..settings.clone() };
    let sheets = probe(subjects, &around(&settings, &Clock::system())?, &tell).await;
    print(&format!("\n{}", words::list(&sheets)), "the facts")?;
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
