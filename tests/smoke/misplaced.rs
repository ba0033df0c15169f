//! A secret at the wrong place of a configuration: refused, and not repeated.

use super::planted::{KLAR_REFRESH, MISPLACED, TAPRAIN_FILE, TAPRAIN_VARIABLE, sightings};
use super::program::{Setup, command};

#[test]
fn a_secret_at_the_wrong_place_of_a_configuration_is_not_repeated() {
    let places = [
        "api_key: SECRET",
        "api_key_file: SECRET",
        "api_key_env: SECRET",
        "SECRET: 1",
        "api_key_file: key\n    base_url: SECRET",
        "api_key_file: key\n    base_url: https://SECRET@taprain.com",
        "api_key_file: key\n    base_url: https://user:SECRET@taprain.com",
        "api_key_file: key\n    base_url: https://taprain.com/?api_key=SECRET",
        "api_key_file: key\n    timezone: SECRET",
        "api_key_file: key\n    currency: SECRET",
        "api_key_file: key\n    budget: {requests: SECRET}",
        "api_key_file: key\n    budget: SECRET",
        "api_key_file: key\n    views: [{view: all, ranges: [{range: SECRET, every: 1m}]}]",
        "api_key_file: key\n    views: [{view: all, ranges: [{range: today, every: SECRET}]}]",
        "api_key_file: key\n  SECRET",
        "api_key_file: *SECRET",
        "api_key_file: key\n    x: &SECRET",
        "api_key_file: \"SECRET",
        "api_key_file: key\n    account: SECRET",
    ];
    for place in places {
        let yaml =
            format!("taprain:\n  - account: main\n    {}\n", place.replace("SECRET", MISPLACED));
        let setup = Setup::new("").with_file("key", TAPRAIN_FILE).with_file("bad.yaml", &yaml);
        let file = setup.path("bad.yaml");
        for args in [&["check"][..], &["serve", "--log.level", "trace"]] {
            let args = [args, &["--config.file", file.to_str().unwrap()]].concat();
            let output = command(&args).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert_eq!(output.status.code(), Some(2), "{yaml}");
            assert_eq!(sightings(place, &String::from_utf8(said).unwrap()), [""; 0]);
        }
    }
}

#[test]
fn variables_that_hold_a_secret_are_named_and_never_shown() {
    let check = |variables: &[(&str, &str)]| {
        let output = command(&["check"]).envs(variables.iter().copied()).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let two_lines = format!("{TAPRAIN_VARIABLE}\n{KLAR_REFRESH}");
    for variables in [
        &[("TAPRAIN_API_KEY", TAPRAIN_VARIABLE), ("KLAR_REFRESH_TOKEN", KLAR_REFRESH)][..],
        &[("TAPRAIN_API_KEY", TAPRAIN_VARIABLE), ("KLAR_REFRESH_TOKEN", "")],
        &[("TAPRAIN_API_KEY", &two_lines)],
        &[("TAPRAIN_API_KEY_FILE", MISPLACED)],
        &[("KLAR_REFRESH_TOKEN", KLAR_REFRESH), ("KLAR_REFRESH_TOKEN_FILE", MISPLACED)],
    ] {
        let said = check(variables);
        assert!(!said.is_empty());
        assert_eq!(sightings("check", &said), [""; 0]);
    }
}
