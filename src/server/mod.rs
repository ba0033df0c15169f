//! The server: answers scrapes and people. It never causes an upstream request.
//!
//! `Server::bind` takes the addresses, [`Bound::run`] serves until told to stop. The server owns
//! its connections: a panic in one ends that one, and none outlives the server.

pub mod body;
pub mod config;
mod connection;
pub mod exposure;
pub mod face;
mod guard;
pub mod health;
pub mod landing;
pub mod lock;
pub mod metrics;
pub mod reload;
pub mod reply;
pub mod routes;
pub mod site;
pub mod status;
pub mod tls;

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use self::connection::serve;
use self::site::Site;
use self::tls::Opened;

/// Requests in flight have this long when the server stops, so that all has ended within 5 s.
const GRACE: Duration = Duration::from_secs(3);

/// How long to wait when the system has no connection to give (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(.source))]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub source: io::Error,
}

/// The server before it listens.
#[derive(Debug)]
pub struct Server;

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<TcpListener>,
}

impl Server {
    /// Listens on every one of `addresses`, or on none.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Bound, BindError> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| BindError { address, source })?);
        }
        Ok(Bound { listeners })
    }
}

impl Bound {
    /// A server on sockets that were opened by someone else.
    pub fn from_listeners(listeners: Vec<TcpListener>) -> Self {
        Self { listeners }
    }

    /// Where it listens, with the ports the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves `site` until `shutdown` resolves, then finishes the requests in flight.
    pub async fn run(self, site: Arc<Site>, shutdown: impl Future<Output = ()>) {
        let (mut connections, mut opening) = (JoinSet::new(), JoinSet::new());
        let graceful = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = connections.join_next() => report(ended),
                Some(opened) = opening.join_next() => match opened {
                    Ok(Some(opened)) => {
                        connections.spawn(serve(opened, Arc::clone(&site), &graceful));
                    }
                    Ok(None) => {}
                    Err(error) => report(Err(error)),
                },
                accepted = self.accept() => match (accepted, &site.lock) {
                    (Ok(stream), None) => {
                        let opened = Opened::Plain(stream);
                        connections.spawn(serve(opened, Arc::clone(&site), &graceful));
                    }
                    (Ok(stream), Some(lock)) => {
                        opening.spawn(tls::open(stream, Arc::clone(lock)));
                    }
                    (Err(error), _) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        site.clock.sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self);
        // A handshake is no request yet.
        opening.shutdown().await;
        if site.clock.timeout(GRACE, graceful.shutdown()).await.is_none() {
            tracing::warn!(connections = connections.len(), "requests were cut off by the stop");
        }
        connections.shutdown().await;
    }

    /// The next connection on any listener.
    async fn accept(&self) -> io::Result<TcpStream> {
        poll_fn(|context| {
            for listener in &self.listeners {
                if let Poll::Ready(accepted) = listener.poll_accept(context) {
                    return Poll::Ready(accepted.map(|(stream, _)| stream));
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; stop it or choose --web.listen-address".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this host has no such address; choose another --web.listen-address".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "the system does not permit it; choose a port above 1023 with --web.listen-address"
                .to_owned()
        }
        _ => source.to_string(),
    }
}

#[cfg(test)]
mod tests;
