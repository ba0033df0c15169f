//! What is said, and how it ends, when the command line or the configuration is wrong.

use std::net::TcpListener;
use std::process::Output;

use revenue_exporter::config::{effective, from_environment};

use super::program::{Setup, command};

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// The exit code and the whole of standard error.
fn refused(args: &[&str]) -> (i32, String) {
    let output = run(args);
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_taken_port_is_exit_code_1_and_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let args = ["demo", "--web.listen-address", &address, "--log.level", "error"];
    let sentence = format!(
        "error: cannot listen on {address}: another program listens there; stop it or choose \
         --web.listen-address\n"
    );
    assert_eq!(refused(&args), (1, sentence));
}

#[test]
fn an_image_may_preset_flags_for_every_command_and_what_is_typed_goes_before() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = |args: &[&str], name: &str, value: &str| {
        let output = command(args).env(format!("REVENUE_EXPORTER_{name}"), value).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = said(&["demo", "--log.level=error"], "WEB_LISTEN_ADDRESS", &address);
    assert_eq!(code, Some(1));
    assert!(text.contains(&format!("cannot listen on {address}")), "{text}");
    let typed = ["demo", "--log.level=error", "--web.listen-address", &address];
    assert_eq!(said(&typed, "WEB_LISTEN_ADDRESS", "127.0.0.1:0"), (code, text));
    for args in [&[][..], &["serve"], &["check"]] {
        let (code, text) = said(args, "CONFIG_FILE", "/preset/absent.yml");
        assert_eq!(code, Some(2), "{args:?}");
        assert!(text.starts_with("error: /preset/absent.yml: "), "{args:?} {text}");
    }
    let (_, text) = said(&["check", "--config.file=/typed/absent.yml"], "CONFIG_FILE", "/preset");
    assert!(text.starts_with("error: /typed/absent.yml: "), "{text}");
}

#[test]
fn who_stops_reading_has_seen_enough() {
    let setup = Setup::new("");
    let file = setup.path("revenue-exporter.yaml");
    std::fs::write(&file, "klar: [{account: k, refresh_token_env: KEY}]\n").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut check = command(&["check", "--config.file", file.to_str().unwrap()]);
    let output = check.env("KEY", "hunter2").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_missing_file_is_exit_code_2_and_one_sentence() {
    let setup = Setup::new("");
    let path = setup.path("absent.yaml");
    for command in ["serve", "check"] {
        let (code, said) = refused(&[command, "--config.file", path.to_str().unwrap()]);
        assert_eq!((code, said.lines().count()), (2, 1), "{said}");
        let place = format!("error: {}: cannot read the configuration", path.display());
        assert!(said.starts_with(&place), "{said}");
    }
}

#[test]
fn a_flag_nobody_knows_is_exit_code_2() {
    for args in [&["--web.listen-adress=:1"][..], &["demo", "--config.file=x"], &["scrape"]] {
        let (code, said) = refused(args);
        assert!(code == 2 && said.contains("--help"), "{args:?} {said}");
    }
}

#[test]
fn no_configuration_at_all_names_the_three_ways() {
    for args in [&[][..], &["serve"], &["check"], &["--config.check"]] {
        let (code, said) = refused(args);
        assert_eq!((code, said.lines().count()), (2, 1), "{said}");
        for way in ["--config.file", "TAPRAIN_API_KEY", "revenue-exporter demo"] {
            assert!(said.contains(way), "{said}");
        }
    }
}

#[test]
fn check_prints_the_plan_or_the_place_of_the_fault() {
    let setup = Setup::new("").with_file("key", "hunter2\n");
    let good = "taprain:\n  - account: main\n    api_key_file: key\n";
    let bad = "taprain:\n  - account: main\n    api_key_flie: key\n";
    let setup = setup.with_file("good.yaml", good).with_file("bad.yaml", bad);
    let (good, bad) = (setup.path("good.yaml"), setup.path("bad.yaml"));
    for args in [&["check"][..], &["--config.check"]] {
        let output = run(&[args, &["--config.file", good.to_str().unwrap()]].concat());
        let table = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(table.contains("taprain main") && table.contains("yesterday"), "{table}");
        assert!(!table.contains("hunter2") && !table.contains('\u{1b}'), "{table}");
    }
    let (code, said) = refused(&["check", "--config.file", bad.to_str().unwrap()]);
    assert_eq!((code, said.lines().count()), (2, 1), "{said}");
    assert!(said.starts_with(&format!("error: {}:3:5: ", bad.display())), "{said}");
    assert!(said.contains("api_key_file"), "{said}");
}

/// A process with this configuration would ask the vendors themselves, which no test may.
#[test]
fn the_environment_alone_is_a_configuration_that_shows_no_secret() {
    let variables = |name: &str| match name {
        "TAPRAIN_API_KEY" => Some("hunter2".to_owned()),
        "KLAR_REFRESH_TOKEN" => Some("hunter3".to_owned()),
        _ => None,
    };
    let shown = effective(&from_environment(&variables).unwrap().settings);
    assert!(shown.contains("api_key_env: TAPRAIN_API_KEY\n"), "{shown}");
    assert!(shown.contains("refresh_token_env: KLAR_REFRESH_TOKEN\n"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
    let mut check = command(&["check"]);
    let output = check.env("TAPRAIN_API_KEY", "hunter2").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(table.contains("taprain default") && !table.contains("hunter2"), "{table}");
}
