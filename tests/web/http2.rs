//! `http_server_config.http2`: HTTP/2 over TLS, by ALPN.

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::version::{TLS12, TLS13};

use super::client::{Client, basic};
use super::stage::{Stage, TLS, USERS};

async fn agreed(yaml: &str, offered: &[&'static str]) -> Option<String> {
    let stage = Stage::new(yaml).await;
    let client = Client { protocols: offered.to_vec(), ..Client::default() };
    let stream = client.connect(stage.address).await.ok()?;
    let agreed = stream.get_ref().1.alpn_protocol().unwrap_or(b"none");
    Some(String::from_utf8(agreed.to_vec()).unwrap())
}

#[tokio::test]
async fn it_is_offered_over_tls_unless_the_file_says_otherwise() {
    let off = format!("{TLS}http_server_config: {{http2: false}}\n");
    let on = format!("{TLS}http_server_config: {{http2: true}}\n");
    for (yaml, offered, expected) in [
        (TLS, &["h2", "http/1.1"][..], Some("h2")),
        (&on, &["http/1.1", "h2"], Some("h2")),
        (TLS, &["http/1.1"], Some("http/1.1")),
        (TLS, &[], Some("none")),
        (&off, &["h2", "http/1.1"], Some("http/1.1")),
        (&off, &["h2"], None),
    ] {
        assert_eq!(agreed(yaml, offered).await.as_deref(), expected, "{yaml} {offered:?}");
    }
}

#[tokio::test]
async fn many_requests_share_one_connection_and_each_passes_the_lock() {
    let stage = Stage::new(&format!("{TLS}{USERS}")).await;
    for version in [&TLS12, &TLS13] {
        let client = Client { protocols: vec!["h2"], ..Client::over(version) };
        let stream = TokioIo::new(client.connect(stage.address).await.unwrap());
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let right = basic("alice", "open sesame").replace("authorization: ", "");
        for (path, authorization, status) in [
            ("/metrics", Some(&right), 200),
            ("/metrics", None, 401),
            ("/-/healthy", Some(&right), 200),
            ("/nowhere", None, 401),
            ("/nowhere", Some(&right), 404),
        ] {
            let request = Request::get(format!("https://localhost{path}"));
            let request = match authorization {
                Some(value) => request.header("authorization", value),
                None => request,
            };
            let reply =
                sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
            assert_eq!(reply.status(), status, "{path}");
            assert_eq!(reply.version(), http::Version::HTTP_2);
            let length = reply.headers()["content-length"].to_str().unwrap().to_owned();
            let body = reply.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.len().to_string(), length);
        }
        drop(sender);
        connection.await.unwrap().unwrap();
    }
}
