//! A client that says of TLS exactly what a test wants it to say.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::authorities::{Pair, WORLD};

/// An answer, read until the connection closed.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    /// A header's value; the name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// An `authorization` header.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("authorization: Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What a client says of itself.
pub(super) struct Client {
    pub(super) provider: CryptoProvider,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    pub(super) certificate: Option<Pair>,
    pub(super) protocols: Vec<&'static str>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            provider: default_provider(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            certificate: None,
            protocols: Vec::new(),
        }
    }
}

impl Client {
    pub(super) fn showing(certificate: &Pair) -> Self {
        Self { certificate: Some(certificate.clone()), ..Self::default() }
    }

    pub(super) fn over(version: &'static SupportedProtocolVersion) -> Self {
        Self { versions: vec![version], ..Self::default() }
    }

    pub(super) async fn connect(self, to: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let config = ClientConfig::builder_with_provider(Arc::new(self.provider))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(WORLD.roots());
        let mut config = match self.certificate {
            Some(pair) => config.with_client_auth_cert(pair.chain(), pair.private()).unwrap(),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols =
            self.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(to).await?;
        let name = "localhost".try_into().unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// One request; an error where the handshake failed, which a client of TLS 1.3 may learn only
    /// when it reads.
    pub(super) async fn ask(self, to: SocketAddr, path: &str) -> io::Result<Reply> {
        let stream = self.connect(to).await?;
        exchange(stream, &request("GET", path, &[])).await
    }
}

/// One request without TLS.
pub(super) async fn ask(to: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Reply {
    let stream = TcpStream::connect(to).await.unwrap();
    exchange(stream, &request(method, path, headers)).await.unwrap()
}

fn request(method: &str, path: &str, headers: &[&str]) -> String {
    let first = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close");
    [&[first.as_str()], headers, &["\r\n"]].concat().join("\r\n")
}

async fn exchange<S>(mut stream: S, request: &str) -> io::Result<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
}
