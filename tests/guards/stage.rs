//! A server of its own for each test, and a client that sends bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::server::{Bound, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::site::empty;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs until it is dropped.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    _running: JoinSet<()>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with("taprain: []\n", |bound| bound).await
    }

    /// With this text as `/config`, and other terms.
    pub(super) async fn with(config: &str, terms: impl FnOnce(Bound) -> Bound) -> Self {
        let bound = terms(Server::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await.unwrap());
        let address = bound.addresses()[0];
        let site = Arc::new(empty(Clock::system(), config));
        let mut running = JoinSet::new();
        running.spawn(bound.run(site, std::future::pending()));
        Self { address, _running: running }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// All that comes back until the server closes.
    pub(super) async fn tell(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A server that refuses early may be gone before all is said.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }
}

/// What is still said until the other side closes, which it must do.
pub(super) async fn rest(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let end = Clock::system().timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    // A reset is an end as well: what had come before it counts.
    let _ = end.unwrap_or_else(|| panic!("the server did not close"));
    String::from_utf8_lossy(&heard).into_owned()
}

/// The status of every answer in what was heard.
pub(super) fn statuses(heard: &str) -> Vec<u16> {
    let answers = heard.split("HTTP/1.").skip(1);
    answers.map(|answer| answer[2..5].parse().unwrap()).collect()
}
