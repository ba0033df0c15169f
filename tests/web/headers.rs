//! `http_server_config.headers`: what every answer carries.

use super::client::{ask, basic};
use super::stage::{Stage, USERS};

const ALL: &str = "\
http_server_config:
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: '0'
    Content-Security-Policy: default-src 'none'
";

#[tokio::test]
async fn every_answer_carries_them_whatever_it_is() {
    let limit = "rate_limit: {interval: 1h, burst: 4}\n";
    let stage = Stage::new(&format!("{ALL}{USERS}{limit}")).await;
    let right = basic("alice", "open sesame");
    for (path, headers, status) in [
        ("/metrics", vec![right.as_str()], 200),
        ("/", vec![right.as_str()], 200),
        ("/nowhere", vec![right.as_str()], 404),
        ("/metrics", vec![], 401),
        ("/metrics", vec![right.as_str()], 429),
    ] {
        let reply = ask(stage.address, "GET", path, &headers).await;
        assert_eq!(reply.status, status, "{path}");
        for (name, value) in [
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "deny"),
            ("x-xss-protection", "0"),
            ("content-security-policy", "default-src 'none'"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {status} {name}");
            assert_eq!(reply.head.to_lowercase().matches(&format!("\n{name}:")).count(), 1);
        }
    }
}

#[tokio::test]
async fn a_blank_one_is_not_sent() {
    let stage =
        Stage::new("http_server_config: {headers: {X-Frame-Options: '', X-XSS-Protection: ' '}}\n")
            .await;
    let reply = ask(stage.address, "GET", "/metrics", &[]).await;
    assert_eq!(reply.status, 200);
    assert_eq!((reply.header("x-frame-options"), reply.header("x-xss-protection")), (None, None));
}
