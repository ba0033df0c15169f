//! `tls_server_config`: certificates, versions, suites and curves.

use rustls::crypto::ring::{cipher_suite, default_provider, kx_group};
use rustls::version::{TLS12, TLS13};
use rustls::{NamedGroup, SupportedCipherSuite};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::authorities::WORLD;
use super::client::{Client, ask};
use super::stage::{Stage, TLS, indented};

fn tls(more: &str) -> String {
    format!("{TLS}{more}")
}

#[tokio::test]
async fn pages_come_over_tls_with_the_certificate_of_the_file() {
    let stage = Stage::new(TLS).await;
    for (path, status) in [("/-/healthy", 200), ("/metrics", 200), ("/nowhere", 404)] {
        let reply = Client::default().ask(stage.address, path).await.unwrap();
        assert_eq!(reply.status, status, "{path}");
    }
}

#[tokio::test]
async fn certificate_and_key_may_stand_in_the_file_itself() {
    let (certificate, key) = (indented(&WORLD.server.certificate), indented(&WORLD.server.key));
    let yaml = format!("tls_server_config:\n  cert: |\n{certificate}  key: |\n{key}\n");
    let stage = Stage::new(&yaml).await;
    assert_eq!(Client::default().ask(stage.address, "/-/healthy").await.unwrap().status, 200);
}

#[tokio::test]
async fn without_the_section_it_is_plain_http() {
    let stage = Stage::new("").await;
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[]).await.status, 200);
    assert!(Client::default().ask(stage.address, "/-/healthy").await.is_err());
}

#[tokio::test]
async fn plain_http_on_a_port_of_tls_is_told_so() {
    let stage = Stage::new(TLS).await;
    let reply = ask(stage.address, "GET", "/metrics", &[]).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body, "Client sent an HTTP request to an HTTPS server.\n");
}

#[tokio::test]
async fn versions_are_from_min_to_max_and_tls_1_2_is_the_least_by_default() {
    let cases = [
        ("", [true, true]),
        ("  min_version: TLS13\n", [false, true]),
        ("  max_version: TLS12\n", [true, false]),
        ("  min_version: TLS12\n  max_version: TLS13\n", [true, true]),
    ];
    for (more, expected) in cases {
        let stage = Stage::new(&tls(more)).await;
        for (version, expected) in [&TLS12, &TLS13].into_iter().zip(expected) {
            let reply = Client::over(version).ask(stage.address, "/-/healthy").await;
            assert_eq!(reply.is_ok(), expected, "{more} {version:?} {reply:?}");
        }
    }
}

/// A client of TLS 1.2 with these suites in its order.
fn with_suites(suites: &[SupportedCipherSuite]) -> Client {
    let provider =
        rustls::crypto::CryptoProvider { cipher_suites: suites.to_vec(), ..default_provider() };
    Client { provider, ..Client::over(&TLS12) }
}

async fn suite(client: Client, stage: &Stage) -> Option<rustls::CipherSuite> {
    let stream = client.connect(stage.address).await.ok()?;
    stream.get_ref().1.negotiated_cipher_suite().map(|suite| suite.suite())
}

#[tokio::test]
async fn only_the_suites_of_the_list_are_taken_and_those_of_tls_1_3_always() {
    let (gcm_128, gcm_256) = (
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    );
    let stage =
        Stage::new(&tls("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n")).await;
    assert_eq!(suite(with_suites(&[gcm_128]), &stage).await, Some(gcm_128.suite()));
    assert_eq!(suite(with_suites(&[gcm_256]), &stage).await, None);
    assert!(suite(Client::over(&TLS13), &stage).await.is_some());
}

#[tokio::test]
async fn the_server_s_order_goes_first_unless_the_file_says_otherwise() {
    let (gcm, chacha) = (
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    );
    let list = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
                TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n";
    for (more, expected) in [
        ("", chacha),
        ("  prefer_server_cipher_suites: true\n", chacha),
        ("  prefer_server_cipher_suites: false\n", gcm),
    ] {
        let stage = Stage::new(&tls(&format!("{list}{more}"))).await;
        assert_eq!(suite(with_suites(&[gcm, chacha]), &stage).await, Some(expected.suite()));
    }
}

#[tokio::test]
async fn only_the_curves_of_the_list_are_taken_in_the_client_s_order() {
    let stage = Stage::new(&tls("  curve_preferences: [CurveP384, CurveP256]\n")).await;
    let with = |groups: &[&'static dyn rustls::crypto::SupportedKxGroup]| {
        let provider =
            rustls::crypto::CryptoProvider { kx_groups: groups.to_vec(), ..default_provider() };
        Client { provider, ..Client::default() }
    };
    let all = with(&[kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1]);
    let stream = all.connect(stage.address).await.unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::secp256r1);
    assert!(with(&[kx_group::X25519]).connect(stage.address).await.is_err());
}

/// The certificate that the server shows.
async fn shown(stage: &Stage) -> Vec<u8> {
    let stream = Client::default().connect(stage.address).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn another_certificate_is_shown_at_the_next_handshake() {
    let stage = Stage::new(TLS).await;
    assert_eq!(shown(&stage).await, WORLD.server.chain()[0].to_vec());
    let another = WORLD.another_server();
    // Renewal writes two files, one after the other: the pair before stays in use in between.
    stage.put("server.crt", &another.certificate);
    assert_eq!(shown(&stage).await, WORLD.server.chain()[0].to_vec());
    assert_eq!(Client::default().ask(stage.address, "/-/healthy").await.unwrap().status, 200);
    stage.put("server.key", &another.key);
    assert_eq!(shown(&stage).await, another.chain()[0].to_vec());
    stage.remove("server.crt");
    assert_eq!(shown(&stage).await, another.chain()[0].to_vec());
}

#[tokio::test]
async fn whoever_is_slow_to_shake_hands_keeps_nobody_waiting() {
    let stage = Stage::new(TLS).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream.write_all(b"\x16\x03\x01\x02").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(Client::default().ask(stage.address, "/-/healthy").await.unwrap().status, 200);
}

#[tokio::test]
async fn nonsense_instead_of_a_handshake_ends_one_connection() {
    let stage = Stage::new(TLS).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream.write_all(b"\x16nonsense without end").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(Client::default().ask(stage.address, "/-/healthy").await.unwrap().status, 200);
}
