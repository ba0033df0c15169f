//! A server that speaks TLS with a certificate that nobody has signed but itself.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::waiting::PATIENCE;

/// For 127.0.0.1, and good for a hundred years.
const CERTIFICATE: &[u8] = include_bytes!("../fixtures/untrusted.cert.der");
const KEY: &[u8] = include_bytes!("../fixtures/untrusted.key.der");

/// How a handshake ends that nothing stops.
pub(super) const SHAKEN: &str = "shaken";

/// A listener and how its handshakes ended; it ends with the test.
pub(super) struct Untrusted {
    pub(super) address: SocketAddr,
    handshakes: Arc<Mutex<Vec<String>>>,
}

impl Untrusted {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let handshakes = Arc::new(Mutex::new(Vec::new()));
        let (config, ends) = (config(), Arc::clone(&handshakes));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let end = handshake(stream.unwrap(), Arc::clone(&config));
                ends.lock().unwrap().push(end);
            }
        });
        Self { address, handshakes }
    }

    /// What stopped each handshake; [`SHAKEN`] where nothing did.
    pub(super) fn handshakes(&self) -> Vec<String> {
        self.handshakes.lock().unwrap().clone()
    }
}

fn config() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let chain = vec![CertificateDer::from(CERTIFICATE)];
    Arc::new(config.with_single_cert(chain, PrivatePkcs8KeyDer::from(KEY).into()).unwrap())
}

fn handshake(mut stream: TcpStream, config: Arc<ServerConfig>) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut tls = ServerConnection::new(config).unwrap();
    match tls.complete_io(&mut stream) {
        Ok(_) => SHAKEN.to_owned(),
        Err(error) => error.to_string(),
    }
}
