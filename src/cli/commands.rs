//! The commands, each with its own flags and those that it shares.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::flags::{Config, LISTEN_ADDRESS, Log, Web};
use super::words::{listen_address, maybe_empty, seed, speed};

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration.
    #[command(flatten)]
    pub config: Config,
    /// Validate the configuration, print the request plan and exit, as `check` does
    #[arg(long = "config.check")]
    pub check: bool,
    /// Keep state in this directory instead of the configuration's; empty keeps nothing
    #[arg(
        long = "state.directory",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_STATE_DIRECTORY",
        hide_env_values = true
    )]
    pub state: Option<PathBuf>,
    /// Where and how metrics are served.
    #[command(flatten)]
    pub web: Web,
    /// How events are logged.
    #[command(flatten)]
    pub log: Log,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Run the simulated business this many times as fast as the clock
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = speed, allow_negative_numbers = true)]
    pub speed: u32,
    /// Simulate another business; the same number gives the same one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Where and how metrics are served.
    #[command(flatten)]
    pub web: Web,
    /// How events are logged.
    #[command(flatten)]
    pub log: Log,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration.
    #[command(flatten)]
    pub config: Config,
    /// Validate this web configuration, too
    #[arg(
        long = "web.config.file",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_WEB_CONFIG_FILE",
        hide_env_values = true
    )]
    pub web_config_file: Option<PathBuf>,
    /// Also ask each API, with about 6 requests, and report what its documentation leaves open
    #[arg(long)]
    pub probe: bool,
    /// The state directory of the exporter whose budget --probe shares; empty shares nothing
    #[arg(
        long = "state.directory",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_STATE_DIRECTORY",
        hide_env_values = true
    )]
    pub state: Option<PathBuf>,
}

/// `backfill`.
#[derive(Debug, Args)]
pub struct Backfill {
    /// The configuration.
    #[command(flatten)]
    pub config: Config,
    /// The state directory of the exporter whose budget is shared; empty shares and keeps nothing
    #[arg(
        long = "state.directory",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_STATE_DIRECTORY",
        hide_env_values = true
    )]
    pub state: Option<PathBuf>,
    /// Begin with this date, in each account's own time zone
    #[arg(long, value_name = "DATE")]
    pub from: String,
    /// End with this date, or before this moment (2026-03-18T09:30:00Z); three hours ago at the latest
    #[arg(long, value_name = "DATE|TIME")]
    pub to: Option<String>,
    /// Only the accounts of this name; may be repeated
    #[arg(long = "account", value_name = "NAME")]
    pub accounts: Vec<String>,
    /// Only the views of this name; may be repeated
    #[arg(long = "view", value_name = "NAME")]
    pub views: Vec<String>,
    /// Write to this file; `-` is standard output
    #[arg(long, value_name = "FILE|-")]
    pub output: PathBuf,
    /// Spend this share of each budget, like 0.5, instead of what the exporter leaves over
    #[arg(long = "budget-share", value_name = "SHARE", allow_negative_numbers = true)]
    pub share: Option<String>,
    /// Repeat each figure at this distance, which divides an hour; Prometheus looks back 5m
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub step: String,
    /// Add a label to every sample, as Prometheus does to live ones: job=revenue-exporter; may be
    /// repeated
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub labels: Vec<String>,
    /// How events are logged.
    #[command(flatten)]
    pub log: Log,
}

/// `healthcheck`.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Where the exporter listens; of `:10059` and `0.0.0.0:10059` this host's own end is asked
    #[arg(
        long = "web.listen-address",
        value_name = "ADDRESS:PORT",
        default_value = LISTEN_ADDRESS,
        value_parser = listen_address,
        env = "REVENUE_EXPORTER_WEB_LISTEN_ADDRESS",
        hide_env_values = true
    )]
    pub listen: SocketAddr,
    /// Its web configuration, which says whether it speaks TLS
    #[arg(
        long = "web.config.file",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_WEB_CONFIG_FILE",
        hide_env_values = true
    )]
    pub web_config_file: Option<PathBuf>,
    /// Wait so long for an answer
    #[arg(long, value_name = "DURATION", default_value = "3s")]
    pub timeout: String,
}

/// `taprain-key`.
#[derive(Debug, Args)]
pub struct TaprainKey {
    /// What to do with the key.
    #[command(subcommand)]
    pub action: KeyAction,
}

/// What to do with the key.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Print the account's present key, and say whether the key file holds it
    Show(KeyOptions),
    /// Have a new key made, which kills the old one at once, and write it into the key file
    Rotate(KeyOptions),
}

/// What both need.
#[derive(Debug, Args)]
pub struct KeyOptions {
    /// The configuration.
    #[command(flatten)]
    pub config: Config,
    /// The TapRain account's name in the configuration; needed where there are several
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// A file with the `Cookie` header of a browser that is signed in to TapRain; `-` is standard
    /// input
    #[arg(long, value_name = "PATH|-")]
    pub cookie_file: PathBuf,
}
