//! `client_auth_type`, `client_ca_file` and `client_allowed_sans`.

use rustls::version::{TLS12, TLS13};

use super::authorities::{Pair, WORLD};
use super::client::Client;
use super::stage::{Stage, TLS, indented};

/// Who is let in: without a certificate, with one of a stranger, with one of ours.
async fn admitted(more: &str) -> [bool; 3] {
    let stage = Stage::new(&format!("{TLS}{more}")).await;
    let mut admitted = [true; 3];
    for version in [&TLS12, &TLS13] {
        let shown: [Option<&Pair>; 3] = [None, Some(&WORLD.stranger), Some(&WORLD.client)];
        for (admitted, certificate) in admitted.iter_mut().zip(shown) {
            let client = Client { certificate: certificate.cloned(), ..Client::over(version) };
            let reply = client.ask(stage.address, "/-/healthy").await;
            *admitted &= reply.is_ok_and(|reply| reply.status == 200);
        }
    }
    admitted
}

#[tokio::test]
async fn the_five_modes_are_go_s() {
    let cases = [
        ("", [true, true, true]),
        ("  client_auth_type: NoClientCert\n", [true, true, true]),
        ("  client_auth_type: RequestClientCert\n", [true, true, true]),
        ("  client_auth_type: RequireAnyClientCert\n", [false, true, true]),
        ("  client_auth_type: RequireClientCert\n", [false, true, true]),
        (
            "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n",
            [true, false, true],
        ),
        (
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n",
            [false, false, true],
        ),
        (
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: other-ca.crt\n",
            [false, true, false],
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(admitted(more).await, expected, "{more}");
    }
}

#[tokio::test]
async fn the_authority_may_stand_in_the_file_itself() {
    let lines = indented(&WORLD.authority());
    let more = format!("  client_auth_type: RequireAndVerifyClientCert\n  client_ca: |\n{lines}\n");
    assert_eq!(admitted(&more).await, [false, false, true]);
}

#[tokio::test]
async fn a_client_must_bear_one_of_the_allowed_names_exactly() {
    let with = |name: &str| {
        format!(
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  \
             client_allowed_sans: [nobody.example, '{name}']\n"
        )
    };
    for name in
        ["scraper.example", "ops@example.com", "spiffe://example.com/prometheus", "10.1.2.3"]
    {
        assert_eq!(admitted(&with(name)).await, [false, false, true], "{name}");
    }
    for name in ["example", "Scraper.example", "*.example", "10.1.2.30", "spiffe://example.com"] {
        assert_eq!(admitted(&with(name)).await, [false, false, false], "{name}");
    }
    let any =
        "  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [scraper.example]\n";
    assert_eq!(admitted(any).await, [false, true, true]);
}

#[tokio::test]
async fn another_authority_is_believed_at_the_next_handshake_and_none_refuses_all() {
    let stage = Stage::new(&format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
    ))
    .await;
    let ask = |pair| Client::showing(pair).ask(stage.address, "/-/healthy");
    assert_eq!(ask(&WORLD.client).await.unwrap().status, 200);
    stage.put("ca.crt", &WORLD.other_authority());
    assert!(ask(&WORLD.client).await.is_err());
    assert_eq!(ask(&WORLD.stranger).await.unwrap().status, 200);
    stage.put("ca.crt", "nobody");
    assert_eq!(ask(&WORLD.stranger).await.unwrap().status, 500);
}
