//! What is typed, and what it is taken for.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::words::{listen_address, telemetry_path};
use super::*;
use crate::shard::Shard;

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
