//! Encrypted connections: the terms, and the handshake that comes before the first request.

mod clients;
mod san;

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use self::clients::Clients;
use super::lock::Lock;
use super::lock::rules::Tls;

/// A client has this long for the handshake, as for a request's head.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The names of the protocols that ALPN chooses from.
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// What a client gets that does not encrypt, as from Go's servers.
const NOT_ENCRYPTED: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// The terms of encryption.
#[derive(Debug)]
pub struct Terms {
    /// The certificate and its key.
    pub pair: Arc<CertifiedKey>,
    /// The versions of TLS.
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// The cipher suites, the best first.
    pub suites: Vec<SupportedCipherSuite>,
    /// The groups for the key exchange; rustls takes the first of the client's that is among them.
    pub groups: Vec<&'static dyn SupportedKxGroup>,
    /// Whether our order of suites goes before the client's.
    pub prefer_ours: bool,
    /// Whether HTTP/2 is offered.
    pub http2: bool,
    /// What is asked of clients.
    pub clients: Clients,
}

impl Terms {
    /// What rustls needs.
    ///
    /// # Errors
    /// A sentence, where the terms contradict each other.
    pub fn build(self) -> Result<Tls, String> {
        let provider = Arc::new(CryptoProvider {
            cipher_suites: self.suites,
            kx_groups: self.groups,
            ..rustls::crypto::ring::default_provider()
        });
        let verifier = self.clients.verifier(&provider)?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .map_err(|error| format!("these terms of TLS cannot be met: {error}"))?;
        let config = match verifier {
            Some(verifier) => config.with_client_cert_verifier(verifier),
            None => config.with_no_client_auth(),
        };
        let pair = SingleCertAndKey::from(CertifiedKey::clone(&self.pair));
        let mut config = config.with_cert_resolver(Arc::new(pair));
        config.ignore_client_order = self.prefer_ours;
        config.alpn_protocols = [HTTP_2, HTTP_1].map(<[u8]>::to_vec).into();
        if !self.http2 {
            config.alpn_protocols.remove(0);
        }
        Ok(Tls { config: Arc::new(config), demand: self.clients.demand })
    }
}

/// A connection on which a request may come.
#[derive(Debug)]
pub(super) enum Opened {
    /// Plain HTTP/1.1.
    Plain(TcpStream),
    /// HTTP/1.1 over TLS.
    One(Box<TlsStream<TcpStream>>),
    /// HTTP/2 over TLS.
    Two(Box<TlsStream<TcpStream>>),
}

/// Makes a connection ready for requests, or ends it.
pub(super) async fn open(stream: TcpStream, lock: Arc<Lock>) -> Option<Opened> {
    // Trouble is told to whoever asks for a page, with the certificate that was good last.
    let rules = lock.look().await.unwrap_or_else(|_| lock.rules());
    let Some(tls) = &rules.tls else { return Some(Opened::Plain(stream)) };
    let work = shake(stream, Arc::clone(&tls.config));
    lock.clock().timeout(HANDSHAKE_TIMEOUT, work).await.flatten()
}

async fn shake(mut stream: TcpStream, config: Arc<ServerConfig>) -> Option<Opened> {
    let mut first = [0; 1];
    // A handshake begins with 22, and a method of HTTP with a capital letter.
    if stream.peek(&mut first).await.is_ok() && first.iter().all(u8::is_ascii_uppercase) {
        // Whoever has left already needs no answer.
        let _ = stream.write_all(NOT_ENCRYPTED).await;
        let _ = stream.shutdown().await;
        return None;
    }
    match TlsAcceptor::from(config).accept(stream).await {
        Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) => {
            Some(Opened::Two(Box::new(stream)))
        }
        Ok(stream) => Some(Opened::One(Box::new(stream))),
        Err(error) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
    }
}
