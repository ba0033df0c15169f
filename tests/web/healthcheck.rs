//! `healthcheck`: who lives, and who does not, asked by the program itself.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use super::stage::{Stage, TLS, USERS};

/// The exit code, and what was said on either stream.
async fn check(to: SocketAddr, more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
    command.env_clear().args(["healthcheck", "--web.listen-address", &to.to_string()]).args(more);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// The same with the web configuration of the server.
async fn check_with(to: SocketAddr, web: &Path) -> (i32, String) {
    check(to, &["--web.config.file", web.to_str().unwrap()]).await
}

/// A server that answers one request with these bytes.
fn once(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
    });
    address
}

#[tokio::test]
async fn who_answers_lives_whatever_it_wants_of_clients() {
    let client_ca = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    let old = "  max_version: TLS12\n";
    let rate = "rate_limit: {burst: 1, interval: 1h}\n";
    for (yaml, said) in [
        (String::new(), "healthy\n"),
        (USERS.to_owned(), "healthy: answers 401\n"),
        (TLS.to_owned(), "healthy\n"),
        (format!("{TLS}{old}"), "healthy\n"),
        (format!("{TLS}{USERS}"), "healthy: answers 401\n"),
        (format!("{TLS}{client_ca}"), "healthy: answers 401\n"),
        (format!("{TLS}{client_ca}{old}"), "healthy: answers 401\n"),
    ] {
        let stage = Stage::new(&yaml).await;
        let found = check_with(stage.address, &stage.path("web.yml")).await;
        assert_eq!(found, (0, said.to_owned()), "{yaml}");
    }
    let stage = Stage::new(rate).await;
    for said in ["healthy\n", "healthy: answers 429\n"] {
        assert_eq!(check(stage.address, &[]).await, (0, said.to_owned()));
    }
}

#[tokio::test]
async fn an_unspecified_address_is_asked_at_this_host_s_own_end() {
    let stage = Stage::new("").await;
    for unspecified in ["0.0.0.0", "::"] {
        let to = SocketAddr::new(unspecified.parse().unwrap(), stage.address.port());
        assert_eq!(check(to, &[]).await, (0, "healthy\n".to_owned()), "{to}");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_exit_code_1_and_one_sentence_that_says_what_to_do() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = Stage::new(TLS).await;
    let plain = Stage::new("").await;
    let web = tls.path("web.yml");
    let web = ["--web.config.file", web.to_str().unwrap()];
    let broken = Stage::new("").await;
    broken.put("web.yml", "basic_auth_user: {}\n");
    let unreadable = broken.path("web.yml");
    let quick = ["--timeout", "50ms"];
    for (to, more, sentence) in [
        (closed, &[][..], "start the exporter, or say with --web.listen-address"),
        (mute.local_addr().unwrap(), &quick, "within 50ms; if its log stands still as well"),
        (once(b""), &[], "does not answer: "),
        (once(b"SSH-2.0-OpenSSH_9.2\r\n"), &[], "that is no HTTP"),
        (once(b"HTTP/1.1 404 Not Found\r\n\r\n"), &[], "answers 404 instead of 200; see the"),
        (tls.address, &[], "answers 400 instead of 200; see the exporter's log, or give --web"),
        (plain.address, &web, "does not answer over TLS: "),
        (plain.address, &["--web.config.file", unreadable.to_str().unwrap()], "unknown key"),
    ] {
        let (code, said) = check(to, more).await;
        assert_eq!((code, said.lines().count()), (1, 1), "{said}");
        assert!(said.starts_with("error: ") && said.contains(sentence), "{said}");
    }
}

#[tokio::test]
async fn a_time_to_wait_is_a_duration_above_nothing() {
    for bad in ["0s", "soon", "2h"] {
        let (code, said) = check(SocketAddr::from(([127, 0, 0, 1], 1)), &["--timeout", bad]).await;
        let sentence =
            format!("error: --timeout {bad} is no time to wait; write one up to 1h, like 3s\n");
        assert_eq!((code, said), (2, sentence));
    }
}
