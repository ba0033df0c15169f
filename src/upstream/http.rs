//! The network behind the seam: the one file that names hyper's client.
//!
//! It follows no redirect and repeats nothing that it has begun to send, so that every attempt on the wire is one
//! that the ledger counted, and a key never goes on to another host (trap T18).

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use http::Uri;
use http::header::{HeaderValue, USER_AGENT};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tower_http::decompression::Decompression;
use tower_service::Service;

use super::transport::{Request, Response, Transport, TransportError};

/// A connection that does not open within this time, TLS included, is no connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a silent connection is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The most that is read at once, in bytes: hyper would take up to 400 kB a connection, which cost more memory
/// than all figures of an account, and time too, as that much is new to the processor each time.
const READ_BUFFER: usize = 64 * 1024;

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("revenue-exporter/", env!("CARGO_PKG_VERSION")));

/// A connection pool over TLS by rustls with the web's roots, so that an image needs no CA store.
#[derive(Clone, Debug)]
pub struct Http {
    client: Decompression<Client<Opener, Empty<Bytes>>>,
}

impl Http {
    /// A pool without connections.
    ///
    /// # Errors
    /// When TLS cannot be set up; its text is fit to be shown.
    pub fn new() -> Result<Self, String> {
        let opener = Opener(https(tls()?));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(READ_BUFFER)
            .build(opener);
        Ok(Self { client: Decompression::new(client) })
    }
}

fn tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Opens connections; with a scheme of `http` without TLS, as for simulators.
fn https(tls: ClientConfig) -> HttpsConnector<HttpConnector> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp)
}

/// Opens connections, and does not wait for them without end: what is inside it limits TCP's part only.
#[derive(Clone)]
struct Opener(HttpsConnector<HttpConnector>);

type Opened = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;

impl Service<Uri> for Opener {
    type Response = Opened;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Opened, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    #[expect(clippy::disallowed_methods, reason = "the network keeps no other time than its own")]
    fn call(&mut self, uri: Uri) -> Self::Future {
        tokio::time::timeout(CONNECT_TIMEOUT, self.0.call(uri))
            .map(|opened| opened.unwrap_or_else(|_| Err(NotOpened.into())))
            .boxed()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it did not open within {} s", CONNECT_TIMEOUT.as_secs())]
struct NotOpened;

impl Transport for Http {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        let mut client = self.client.clone();
        let host = request.uri().host().unwrap_or_default().to_owned();
        let mut request = request.map(|()| Empty::new());
        request.headers_mut().insert(USER_AGENT, AGENT);
        async move {
            let answer = client.call(request).await.map_err(|error| unanswered(&host, &error))?;
            Ok(answer.map(|body| {
                let pieces = body.into_data_stream();
                pieces.map_err(|error| TransportError::Broken(innermost(&*error))).boxed()
            }))
        }
        .boxed()
    }
}

fn unanswered(host: &str, error: &legacy::Error) -> TransportError {
    let text = format!("{host}: {}", innermost(error));
    if error.is_connect() { TransportError::Connect(text) } else { TransportError::Broken(text) }
}

/// The innermost cause, which says most; none of them names more than a host.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_accepts_and_then_says_nothing_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://{}/?key=hidden", silent.local_addr().unwrap());
        let request = http::Request::get(uri).body(()).unwrap();
        let Err(error) = Http::new().unwrap().send(request).await else { panic!("it answered") };
        let TransportError::Connect(why) = error else { panic!("{error:?}") };
        assert!(why.starts_with("127.0.0.1: ") && !why.contains("hidden"), "{why}");
    }
}
