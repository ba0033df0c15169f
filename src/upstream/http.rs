//! The network behind the seam: the one file that names reqwest.
//!
//! Redirects and retries are off, so that every attempt on the wire is one that the ledger
//! counted, and a key never follows a redirect to another host (trap T18).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use super::transport::{Request, Response, Transport, TransportError};

/// A connection that does not open within this time is no connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection pool over TLS by rustls with the web's roots, so that an image needs no CA store.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

impl Http {
    /// A pool without connections.
    ///
    /// # Errors
    /// When TLS cannot be set up; its text is fit to be shown.
    pub fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
        let roots: rustls::RootCertStore = roots.collect();
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("revenue-exporter/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| format!("the HTTP client cannot be set up: {}", plain(error)))?;
        Ok(Self { client })
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        let client = self.client.clone();
        async move {
            let (parts, ()) = request.into_parts();
            let url = reqwest::Url::parse(&parts.uri.to_string())
                .map_err(|error| TransportError::Connect(error.to_string()))?;
            let host = url.host_str().unwrap_or_default().to_owned();
            let request = client.request(parts.method, url).headers(parts.headers);
            let answer = request.send().await.map_err(|e| unanswered(&host, e))?;
            let mut response = http::Response::new(());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            let body = answer.bytes_stream().map_err(|e| TransportError::Broken(plain(e)));
            Ok(response.map(|()| body.boxed()))
        }
        .boxed()
    }
}

fn unanswered(host: &str, error: reqwest::Error) -> TransportError {
    let connected = !error.is_connect();
    let text = format!("{host}: {}", plain(error));
    if connected { TransportError::Broken(text) } else { TransportError::Connect(text) }
}

/// The innermost cause, which says most, without a URL, whose query may say more than a log should.
fn plain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
