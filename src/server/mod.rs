//! The server: answers scrapes and people. It never causes an upstream request.
//!
//! `Server::bind` takes the addresses, [`Bound::run`] serves until told to stop. The server owns
//! its connections: a panic in one ends that one, and none outlives the server.

pub mod body;
pub mod config;
pub mod face;
pub mod health;
pub mod landing;
pub mod metrics;
pub mod reload;
pub mod reply;
pub mod routes;
pub mod site;
pub mod status;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use self::site::Site;

/// A client has this long to send a request's head.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

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
        let mut connections = JoinSet::new();
        let graceful = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = connections.join_next() => report(ended),
                accepted = self.accept() => match accepted {
                    Ok(stream) => {
                        connections.spawn(serve(stream, Arc::clone(&site), &graceful));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        site.clock.sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self);
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

/// Serves one connection until either side ends it.
fn serve(
    stream: TcpStream,
    site: Arc<Site>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    // A page is written in few large pieces; waiting to fill packets only delays the last one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
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
