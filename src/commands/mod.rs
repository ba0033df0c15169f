//! What was typed becomes what is done: one file a command, exit codes in one place.

mod backfill;
mod check;
mod demo;
mod errand;
mod files;
mod healthcheck;
mod logging;
mod printed;
mod probe;
mod progress;
mod reload;
mod run;
mod serve;
mod signals;
mod systemd;
mod taprain_key;
mod web;

use std::process::ExitCode;

use tracing::{info, warn};

use crate::backfill::Trouble;
use crate::cli::{self, Cli};
use crate::config::{self, ConfigError, Loaded};
use crate::server::BindError;

/// Why a command ended badly. The text is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// The configuration is wrong: exit code 2.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address could not be listened on: exit code 1.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A backfill does not begin or end: exit code 2 for what was typed, else 1.
    #[error(transparent)]
    Backfill(#[from] Trouble),
    /// What was typed or configured cannot be done: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The system refused something else: exit code 1.
    #[error("{0}")]
    System(String),
}

/// Runs the command and returns its exit code: 0 ok, 1 failure, 2 usage or configuration.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.into_command() {
        cli::Command::Serve(serve) if serve.check => {
            check::run(&serve.config, serve.web.config_file.as_deref()).map(drop)
        }
        cli::Command::Serve(serve) => serve::run(&serve),
        cli::Command::Demo(demo) => demo::run(&demo),
        cli::Command::Check(check) => check::whole(&check),
        cli::Command::Backfill(backfill) => backfill::run(&backfill),
        cli::Command::Healthcheck(healthcheck) => healthcheck::run(&healthcheck),
        cli::Command::TaprainKey(key) => taprain_key::run(&key.action),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::last_words(&error.to_string());
            ExitCode::from(error.code())
        }
    }
}

impl CommandError {
    fn code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage(_) | Self::Backfill(Trouble::Usage(_)) => 2,
            Self::Bind(_) | Self::Backfill(_) | Self::System(_) => 1,
        }
    }
}

/// The configuration that the command line names, or the environment's: the part of it that is this shard's.
fn configuration(typed: &cli::Config) -> Result<Loaded, CommandError> {
    let loaded = match &typed.file {
        Some(path) => config::load(path, &environment),
        None => config::from_environment(&environment),
    };
    let loaded = loaded?;
    Ok(match typed.shard {
        Some(shard) => loaded.of_shard(shard),
        None => loaded,
    })
}

/// Says in the log what was read: what is unwise, and which part of it is ours.
fn log_loaded(loaded: &Loaded) {
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    if let Some(share) = loaded.share {
        let accounts = format!("{} of {}", share.accounts, share.of);
        info!(shard = %share.shard, accounts, "this is one shard of several");
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the composition root")]
fn environment(name: &str) -> Option<String> {
    // What is not UTF-8 must not pass for unset: no secret has a replacement character.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
