//! What a file that changes while the server runs comes to.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{ask, basic};
use super::stage::{Stage, TLS, USERS};

async fn status(stage: &Stage, headers: &[&str]) -> u16 {
    ask(stage.address, "GET", "/metrics", headers).await.status
}

#[tokio::test]
async fn the_next_request_of_a_connection_that_is_open_already_sees_the_change() {
    let stage = Stage::new("").await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let mut status = async || {
        stream.write_all(b"HEAD /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()[9..12].to_owned()
    };
    assert_eq!(status().await, "200");
    stage.put("web.yml", USERS);
    assert_eq!(status().await, "401");
}

#[tokio::test]
async fn changes_in_quick_succession_are_all_seen_also_those_of_the_same_length() {
    let stage = Stage::new(USERS).await;
    let right = basic("alice", "open sesame");
    for _ in 0..20 {
        stage.rewrite("web.yml", USERS);
        assert_eq!(status(&stage, &[&right]).await, 200);
        stage.rewrite("web.yml", &USERS.replace("alice", "clara"));
        assert_eq!(status(&stage, &[&right]).await, 401);
    }
}

#[tokio::test]
async fn a_file_that_broke_refuses_everything_and_tells_nobody_why() {
    let stage = Stage::new(USERS).await;
    let right = basic("alice", "open sesame");
    assert_eq!(status(&stage, &[&right]).await, 200);
    for broken in ["basic_auth_users: [", "tls_server: {}\n", "basic_auth_users: {alice: plain}\n"]
    {
        stage.put("web.yml", broken);
        for headers in [&[][..], &[right.as_str()]] {
            for path in ["/metrics", "/-/healthy", "/", "/nowhere"] {
                let reply = ask(stage.address, "GET", path, headers).await;
                assert_eq!((reply.status, reply.body.as_str()), (500, "Internal Server Error\n"));
            }
        }
    }
    stage.remove("web.yml");
    assert_eq!(status(&stage, &[&right]).await, 500);
    stage.put("web.yml", USERS);
    assert_eq!(status(&stage, &[&right]).await, 200);
}

/// A file that is truncated and then written, as by `>` in a shell, is empty for a moment, and for
/// ever where the disk is full.
#[tokio::test]
async fn a_file_cut_off_anywhere_lets_nobody_in_who_was_not_before() {
    let whole = format!("{USERS}rate_limit: {{interval: 1us, burst: 100000}}\n");
    let stage = Stage::new(&whole).await;
    for end in 0..whole.len() {
        stage.put("web.yml", &whole[..end]);
        let status = status(&stage, &[]).await;
        assert!([401, 500].contains(&status), "{status} after {:?}", &whole[..end]);
    }
}

#[tokio::test]
async fn a_guard_may_come_while_it_runs_and_may_not_go() {
    let stage = Stage::new("").await;
    assert_eq!(status(&stage, &[]).await, 200);
    stage.put("web.yml", USERS);
    assert_eq!(status(&stage, &[]).await, 401);
    stage.put("web.yml", "");
    assert_eq!(status(&stage, &[]).await, 500);
    let told = stage.lock.look().await.unwrap_err();
    assert!(told.contains("`basic_auth_users` guards less than before"), "{told}");
}

#[tokio::test]
async fn demands_on_clients_may_not_go_while_it_runs() {
    let demand = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    let names = "  client_allowed_sans: [scraper.example]\n";
    let full = format!("{TLS}{demand}{names}");
    let stage = Stage::new(&full).await;
    for (less, key) in [
        (String::new(), "tls_server_config"),
        (TLS.to_owned(), "client_auth_type"),
        (format!("{TLS}  client_auth_type: RequestClientCert\n"), "client_auth_type"),
        (format!("{TLS}  client_auth_type: RequireAnyClientCert\n{names}"), "client_auth_type"),
        (format!("{TLS}{demand}"), "client_allowed_sans"),
    ] {
        stage.put("web.yml", &less);
        let told = stage.lock.look().await.unwrap_err();
        assert!(told.contains(&format!("`{key}` guards less")), "{less}: {told}");
    }
    stage.put("web.yml", &full);
    stage.lock.look().await.unwrap();
}

#[tokio::test]
async fn what_did_not_change_is_not_read_again() {
    let stage = Stage::new(USERS).await;
    let before = stage.lock.look().await.unwrap();
    let after = stage.lock.look().await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after));
    stage.put("web.yml", USERS);
    let rewritten = stage.lock.look().await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &rewritten), "the same text means the same");
}
