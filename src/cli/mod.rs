//! What may be typed on the command line. What it does is the caller's business.
//!
//! Four flags may stand in the environment instead: those that an image or a unit has to preset for every
//! command at once, `demo` and `healthcheck` included, where arguments of its own would get in the way of
//! what is typed after them. What is typed goes before the environment.

mod commands;
mod flags;
mod words;

use clap::{Parser, Subcommand};

pub use commands::{Backfill, Check, Demo, Healthcheck, KeyAction, KeyOptions, Serve, TaprainKey};
pub use flags::{Config, Format, LISTEN_ADDRESS, Level, Log, MAX_REQUESTS, TELEMETRY_PATH, Web};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "revenue-exporter",
    version,
    about = "Collects clicks, leads and revenue from TapRain Stats and Klar Attribution for \
             Prometheus",
    after_help = "Without --config.file, set TAPRAIN_API_KEY or KLAR_REFRESH_TOKEN (or either \
                  with _FILE). To look around without keys: revenue-exporter demo",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

impl Cli {
    /// The command; `serve` when none was typed.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect and serve metrics (the default)
    Serve(Serve),
    /// Serve simulated data: no configuration, no network, no keys
    Demo(Demo),
    /// Validate the configuration and print how its requests fit the budgets
    Check(Check),
    /// Write the time before the exporter as OpenMetrics, for promtool and VictoriaMetrics
    Backfill(Backfill),
    /// Ask a running exporter whether it lives: exit code 0 if it answers, else 1
    Healthcheck(Healthcheck),
    /// Show TapRain's API key, or have a new one made, as whoever is signed in there
    TaprainKey(TaprainKey),
}

#[cfg(test)]
mod tests;
