//! What may be typed on the command line. What it does is the caller's business.
//!
//! Four flags may stand in the environment instead: those that an image or a unit has to preset for every
//! command at once, `demo` and `healthcheck` included, where arguments of its own would get in the way of
//! what is typed after them. What is typed goes before the environment.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::shard::Shard;

/// Where the exporter listens unless told otherwise: on this host only, for revenue is
/// confidential.
pub const LISTEN_ADDRESS: &str = "127.0.0.1:10059";

/// Where the metrics are unless told otherwise.
pub const TELEMETRY_PATH: &str = "/metrics";

/// How many scrapes are answered at once unless told otherwise, as by node_exporter.
pub const MAX_REQUESTS: usize = 40;

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

/// An IP address and a port; `:port` is every interface, IPv4 and IPv6, and `localhost` is
/// 127.0.0.1.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let wanted = "write an address like 127.0.0.1:10059, [::1]:10059 or :10059";
    let (host, port) = text.rsplit_once(':').ok_or(wanted)?;
    let port: u16 = port.parse().map_err(|_| wanted)?;
    match host {
        // Both families, as a Go program would: Linux lets IPv4 in through `::`.
        "" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
        "localhost" => Ok(([127, 0, 0, 1], port).into()),
        _ => text.parse().map_err(|_| wanted.to_owned()),
    }
}

/// A path that a URL holds as it is and that none of the exporter's own pages has.
fn telemetry_path(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if !text.starts_with('/') {
        return Err("write a path that begins with a slash, like /metrics".to_owned());
    }
    if !text.bytes().all(plain) {
        return Err(
            "write a path without spaces, `?` or `#`: letters a to z, digits and / - . _ ~ \
                    only, like /metrics"
                .to_owned(),
        );
    }
    if text.contains("//") || text.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("write a path without `//`, `/./` or `/../`, like /metrics".to_owned());
    }
    let taken = match text {
        "/" => "`/` is the landing page".to_owned(),
        "/config" | "/config/" => "`/config` shows the configuration".to_owned(),
        _ => match ["/-", "/api"].into_iter().find(|own| within(text, own)) {
            Some(own) => format!("what is under `{own}/` are pages of the exporter's own"),
            None => return Ok(text.to_owned()),
        },
    };
    Err(format!("{taken}; choose another path, like /metrics"))
}

fn within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn max_requests(text: &str) -> Result<usize, String> {
    let wanted = "write a whole number from 0 to 1000000; 0 is no limit";
    text.parse().ok().filter(|number| *number <= 1_000_000).ok_or_else(|| wanted.to_owned())
}

fn speed(text: &str) -> Result<u32, String> {
    let speed = text.parse().ok().filter(|speed| (1..=3600).contains(speed));
    speed.ok_or_else(|| "write a whole number from 1 to 3600".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("write a whole number from 0 to {}", u64::MAX))
}

/// A path, or nothing.
fn maybe_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(args: &[&str]) -> Result<Command, clap::Error> {
        let args = std::iter::once("revenue-exporter").chain(args.iter().copied());
        Cli::try_parse_from(args).map(Cli::into_command)
    }

    fn serve(args: &[&str]) -> Serve {
        match parse(args).unwrap() {
            Command::Serve(serve) => serve,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_serve_with_its_defaults() {
        for args in [&[][..], &["serve"]] {
            let serve = serve(args);
            assert_eq!(serve.web.listen, [LISTEN_ADDRESS.parse().unwrap()]);
            assert_eq!(serve.web.telemetry_path, "/metrics");
            assert_eq!((serve.log.level, serve.log.format), (Level::Info, Format::Logfmt));
            assert_eq!((serve.config.file, serve.check), (None, false));
        }
    }

    #[test]
    fn so_many_scrapes_at_once_are_a_whole_number() {
        assert_eq!(serve(&[]).web.max_requests, 40);
        assert_eq!(serve(&["--web.max-requests=0"]).web.max_requests, 0);
        for bad in ["--web.max-requests=-1", "--web.max-requests=x", "--web.max-requests=1000001"] {
            let error = parse(&[bad]).unwrap_err().to_string();
            assert!(error.contains("write a whole number from 0"), "{error}");
        }
    }

    #[test]
    fn flags_stand_with_and_without_serve() {
        let flags = ["--config.file=a.yaml", "--config.check", "--log.level=debug"];
        let with: Vec<&str> = std::iter::once("serve").chain(flags).collect();
        for args in [&flags[..], &with] {
            let serve = serve(args);
            assert_eq!(serve.config.file.unwrap().to_str(), Some("a.yaml"));
            assert!(serve.check);
            assert_eq!(serve.log.level, Level::Debug);
        }
    }

    #[test]
    fn a_shard_is_one_of_so_many() {
        let Command::Check(check) = parse(&["check", "--shard=2/3"]).unwrap() else {
            panic!("no check")
        };
        assert_eq!(check.config.shard, Shard::new(2, 3));
        assert_eq!(serve(&["--shard", "0/1"]).config.shard, Shard::new(0, 1));
        let error = parse(&["--shard=3/3"]).unwrap_err();
        assert!(
            error.exit_code() == 2 && error.to_string().contains("like 0/3, 1/3 and 2/3"),
            "{error}"
        );
    }

    #[test]
    fn no_state_directory_can_be_said() {
        for args in [&["--state.directory="][..], &["--state.directory", ""]] {
            assert_eq!(serve(args).state, Some(PathBuf::new()), "{args:?}");
        }
    }

    #[test]
    fn listen_addresses_repeat_and_a_bare_port_means_every_interface() {
        let serve = serve(&["--web.listen-address=:80", "--web.listen-address=[::1]:81"]);
        let expected: Vec<SocketAddr> = ["[::]:80", "[::1]:81"].map(|a| a.parse().unwrap()).into();
        assert_eq!(serve.web.listen, expected);
        assert_eq!(listen_address("localhost:80"), Ok("127.0.0.1:80".parse().unwrap()));
        for bad in ["", "10059", ":", "host:1", ":99999", "::1:80x"] {
            assert!(listen_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_demo_has_a_speed_and_a_seed() {
        let Command::Demo(demo) = parse(&["demo", "--speed=3600", "--seed", "7"]).unwrap() else {
            panic!("no demo")
        };
        assert_eq!((demo.speed, demo.seed), (3600, 7));
        for bad in ["--speed=0", "--speed=3601", "--config.file=a.yaml"] {
            assert_eq!(parse(&["demo", bad]).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn a_flag_before_another_command_is_refused_rather_than_ignored() {
        let error = parse(&["--config.file=a.yaml", "check"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(parse(&["check", "--config.file=a.yaml"]).is_ok());
    }

    #[test]
    fn a_telemetry_path_begins_with_a_slash() {
        assert!(telemetry_path("/a/metrics").is_ok());
        for bad in ["", "/", "metrics", "/a?b", "/a b"] {
            assert!(telemetry_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_telemetry_path_shadows_no_page_and_needs_no_escapes() {
        let cases = [
            ("/", "landing page"),
            ("/config", "shows the configuration"),
            ("/-/healthy", "under `/-/`"),
            ("/api/v1", "under `/api/`"),
            ("//", "without `//`"),
            ("/a/../-/ready", "without `//`"),
            ("/<b>", "letters a to z"),
            ("/a b", "without spaces"),
            ("/ü", "letters a to z"),
            ("/%2d/", "letters a to z"),
        ];
        for (bad, sentence) in cases {
            let error = telemetry_path(bad).unwrap_err();
            assert!(error.contains(sentence), "{bad}: {error}");
        }
        assert!(telemetry_path("/apis").is_ok() && telemetry_path("/configs").is_ok());
    }

    #[test]
    fn a_number_that_is_none_is_asked_for_as_a_whole_number() {
        for bad in [["--speed", "x"], ["--speed", "-1"], ["--seed", "-1"], ["--seed", "1.5"]] {
            let error = parse(&["demo", bad[0], bad[1]]).unwrap_err().to_string();
            assert!(error.contains("write a whole number from"), "{error}");
        }
    }

    #[test]
    fn a_preset_is_named_after_its_flag_in_every_command() {
        let presets = ["config.file", "state.directory", "web.config.file", "web.listen-address"];
        let root = Cli::command();
        let mut seen = Vec::new();
        for command in std::iter::once(&root).chain(root.get_subcommands()) {
            for argument in command.get_arguments() {
                let long = argument.get_long().unwrap_or_default();
                let name = long.to_uppercase().replace(['.', '-'], "_");
                let wanted = presets.contains(&long).then(|| format!("REVENUE_EXPORTER_{name}"));
                let found = argument.get_env().map(|name| name.to_str().unwrap().to_owned());
                assert_eq!(found, wanted, "{}: --{long}", command.get_name());
                seen.extend(found);
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), presets.len());
    }

    #[test]
    fn the_version_is_asked_for_by_flag() {
        assert_eq!(parse(&["--version"]).unwrap_err().kind(), ErrorKind::DisplayVersion);
    }
}
