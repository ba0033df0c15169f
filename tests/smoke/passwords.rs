//! Planted passwords: shown rightly, wrongly and where none belongs, and searched for in all that the
//! program says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::ask;
use super::planted::{BASIC_GUESS, BASIC_HASH, BASIC_PASSWORD, TAPRAIN_VARIABLE, sightings};
use super::program::{Program, Setup};

const CONFIGURATION: &str = "\
taprain: [{account: main, base_url: http://127.0.0.1:9, api_key_env: KEY}]
state: {directory: ''}
";

/// Ways to show a password: as it belongs, and as somebody might who has not read how.
fn shown(password: &str) -> Vec<String> {
    let encoded = STANDARD.encode(format!("alice:{password}"));
    vec![
        format!("authorization: Basic {encoded}"),
        format!("authorization: Basic {password}"),
        format!("authorization: Bearer {password}"),
        format!("authorization: {password}"),
        format!("cookie: password={password}"),
    ]
}

fn statuses(program: &Program, seen: &mut Vec<String>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for password in [BASIC_PASSWORD, BASIC_GUESS, BASIC_HASH] {
        for header in shown(password) {
            for path in ["/metrics", "/", "/config", "/nothing"] {
                let reply = ask(program.address, "GET", path, &[&header]);
                seen.extend(sightings(path, &format!("{}\n{}", reply.head, reply.text())));
                statuses.push(reply.status);
            }
        }
    }
    statuses
}

#[test]
fn t18_planted_passwords_and_their_hash_are_nowhere() {
    for format in ["logfmt", "json"] {
        let users = format!("basic_auth_users:\n  alice: {BASIC_HASH}\n");
        let setup = Setup::new(CONFIGURATION)
            .with_variable("KEY", TAPRAIN_VARIABLE)
            .with_file("web.yml", &users)
            .with_log_format(format);
        let file = setup.path("web.yml");
        let program = Program::serve_with(setup, &["--web.config.file", file.to_str().unwrap()]);
        let mut seen = Vec::new();
        let found = statuses(&program, &mut seen);
        assert_eq!(found.iter().filter(|status| **status == 200).count(), 3);
        assert_eq!(found.iter().filter(|status| **status == 401).count(), found.len() - 4);
        // The password itself, where its hash belongs, and under it the hash of another key.
        std::fs::write(&file, users.replace(BASIC_HASH, BASIC_PASSWORD)).unwrap();
        assert!(statuses(&program, &mut seen).iter().all(|status| *status == 500));
        std::fs::write(&file, format!("{users}{BASIC_HASH}: {BASIC_PASSWORD}\n")).unwrap();
        assert!(statuses(&program, &mut seen).iter().all(|status| *status == 500));
        let log = program.log();
        assert!(log.contains("is no bcrypt hash"), "{log}");
        seen.extend(sightings("the log", &log));
        assert_eq!(seen, [""; 0]);
    }
}
