//! The server: answers scrapes and people. It never causes an upstream request.
//!
//! `Server::bind` takes the addresses, [`Bound::run`] serves until told to stop. The server owns
//! its connections: a panic in one ends that one, and none outlives the server.

pub mod body;
pub mod config;
mod connection;
mod crowd;
pub mod exposure;
pub mod face;
pub mod gate;
mod guard;
pub mod health;
pub mod landing;
mod line;
pub mod lock;
pub mod metrics;
pub mod reload;
pub mod reply;
pub mod routes;
pub mod site;
pub mod status;
mod strict;
pub mod tls;

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Abortable, Aborted};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use self::connection::serve;
use self::crowd::{Crowd, ROUND, capacity};
use self::site::Site;
use crate::clock::Clock;

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
    clock: Clock,
    seats: Option<usize>,
}

impl Server {
    /// Listens on every one of `addresses`, or on none.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Bound, BindError> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| BindError { address, source })?);
        }
        Ok(Bound::from_listeners(listeners))
    }
}

impl Bound {
    /// A server on sockets that were opened by someone else.
    pub fn from_listeners(listeners: Vec<TcpListener>) -> Self {
        Self { listeners, clock: Clock::system(), seats: None }
    }

    /// Where it listens, with the ports the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Waits by this clock instead of the system's.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Has room for so many connections, at least one, instead of as many as the limit of open files leaves.
    #[must_use]
    pub fn with_seats(self, seats: usize) -> Self {
        Self { seats: Some(seats.max(1)), ..self }
    }

    /// Serves `site` until `shutdown` resolves, then finishes the requests in flight.
    pub async fn run(self, site: Arc<Site>, shutdown: impl Future<Output = ()>) {
        let mut connections = JoinSet::new();
        let graceful = GracefulShutdown::new();
        let clock = self.clock.clone();
        let files = || capacity(getrlimit(Resource::Nofile).current);
        let crowd = Arc::new(Crowd::new(clock.clone(), self.seats.unwrap_or_else(files)));
        let mut shutdown = std::pin::pin!(shutdown);
        // Nobody is looked at while nobody is there.
        let (mut is_round_due, mut round) = (false, std::pin::pin!(clock.sleep(ROUND)));
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = connections.join_next() => report(ended),
                () = &mut round, if is_round_due => {
                    is_round_due = crowd.round();
                    round.set(clock.sleep(ROUND));
                }
                accepted = self.accept() => match accepted {
                    Ok(stream) => {
                        if !is_round_due {
                            is_round_due = true;
                            round.set(clock.sleep(ROUND));
                        }
                        // Whoever finds no seat is gone at once, and may come again.
                        let Some((place, leave)) = crowd.admit() else { continue };
                        let work = serve(stream, Arc::clone(&site), place, graceful.watcher());
                        connections.spawn(Abortable::new(work, leave));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        clock.sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self);
        crowd.close();
        if clock.timeout(GRACE, graceful.shutdown()).await.is_none() {
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

fn report(ended: Result<Result<(), Aborted>, JoinError>) {
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
