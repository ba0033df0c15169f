//! Listening beyond this host without TLS or without asking who comes is said.

use http::Request;
use http_body_util::BodyExt as _;
use revenue_exporter::clock::Clock;
use revenue_exporter::server::exposure::Exposure;
use std::sync::Arc;

use super::stage::{Stage, TLS, USERS, site};

#[tokio::test]
async fn what_is_careless_depends_on_who_can_reach_it_and_what_guards_it() {
    let clients = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    let any = "  client_auth_type: RequireAnyClientCert\n";
    let unlocked = Some(Exposure::Unlocked);
    for (yaml, expected) in [
        (String::new(), unlocked),
        (TLS.to_owned(), unlocked),
        (format!("{TLS}{any}"), unlocked),
        (USERS.to_owned(), Some(Exposure::Unencrypted)),
        (format!("{TLS}{USERS}"), None),
        (format!("{TLS}{clients}"), None),
    ] {
        let stage = Stage::new(&yaml).await;
        let lock = Some(Arc::clone(&stage.lock));
        assert_eq!(site(Clock::system(), lock, true).exposure(), expected, "{yaml}");
        assert_eq!(stage.site.exposure(), None, "loopback");
    }
    assert_eq!(site(Clock::system(), None, true).exposure(), unlocked);
    let path = ["/", "/api/v1/status"];
    for (reachable, path) in path.iter().flat_map(|path| [(true, path), (false, path)]) {
        let request = Request::get(*path).body(()).unwrap();
        let answer = site(Clock::system(), None, reachable).answer(&request).await;
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        let said = String::from_utf8(page.to_vec()).unwrap();
        let sentence = "Anyone who reaches this address reads the revenue";
        assert_eq!(said.contains(sentence), reachable, "{path}");
    }
    assert_eq!(site(Clock::system(), None, false).exposure(), None);
}
