//! Flags that several commands share.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::words::{listen_address, max_requests, maybe_empty, telemetry_path};
use crate::shard::Shard;

/// Where the exporter listens unless told otherwise: on this host only, for revenue is
/// confidential.
pub const LISTEN_ADDRESS: &str = "127.0.0.1:10059";

/// Where the metrics are unless told otherwise.
pub const TELEMETRY_PATH: &str = "/metrics";

/// How many scrapes are answered at once unless told otherwise, as by node_exporter.
pub const MAX_REQUESTS: usize = 40;

/// `--config.*` and `--shard`: what to collect.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// The configuration file; without it the environment configures one account for each API
    #[arg(
        long = "config.file",
        value_name = "PATH",
        env = "REVENUE_EXPORTER_CONFIG_FILE",
        hide_env_values = true
    )]
    pub file: Option<PathBuf>,
    /// Only this shard's part of the accounts: of three exporters 0/3, 1/3 and 2/3
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

/// `--web.*`.
#[derive(Debug, Args)]
pub struct Web {
    /// Listen here; may be repeated. `:10059` means every interface
    #[arg(
        long = "web.listen-address",
        value_name = "ADDRESS:PORT",
        default_value = LISTEN_ADDRESS,
        value_parser = listen_address,
        env = "REVENUE_EXPORTER_WEB_LISTEN_ADDRESS",
        hide_env_values = true
    )]
    pub listen: Vec<SocketAddr>,
    /// Serve the metrics under this path
    #[arg(
        long = "web.telemetry-path",
        value_name = "PATH",
        default_value = TELEMETRY_PATH,
        value_parser = telemetry_path
    )]
    pub telemetry_path: String,
    /// Answer so many scrapes at once, and more with 503; 0 is no limit
    #[arg(
        long = "web.max-requests",
        value_name = "N",
        default_value_t = MAX_REQUESTS,
        value_parser = max_requests,
        allow_negative_numbers = true
    )]
    pub max_requests: usize,
    /// Let POST /-/reload read the configuration again, as SIGHUP does
    #[arg(long = "web.enable-lifecycle")]
    pub enable_lifecycle: bool,
    /// TLS, passwords, headers and a rate limit, in the format of Prometheus' exporter-toolkit
    #[arg(
        long = "web.config.file",
        value_name = "PATH",
        value_parser = maybe_empty(),
        env = "REVENUE_EXPORTER_WEB_CONFIG_FILE",
        hide_env_values = true
    )]
    pub config_file: Option<PathBuf>,
    /// Listen on the sockets that systemd hands over, instead of --web.listen-address
    #[arg(long = "web.systemd-socket")]
    pub systemd_socket: bool,
}

/// `--log.*`.
#[derive(Debug, Args)]
pub struct Log {
    /// Log events of this level and above
    #[arg(long = "log.level", value_name = "LEVEL", value_enum, default_value_t = Level::Info)]
    pub level: Level,
    /// Log lines in this format
    #[arg(long = "log.format", value_name = "FORMAT", value_enum, default_value_t = Format::Logfmt)]
    pub format: Format,
}

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Failures.
    Error,
    /// What may need attention, too.
    Warn,
    /// What happens normally, too.
    Info,
    /// Every request, too.
    Debug,
    /// Everything.
    Trace,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `key=value` pairs.
    Logfmt,
    /// One JSON object.
    Json,
}
