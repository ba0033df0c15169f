//! Where the server listens, and what guards it there.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use listenfd::ListenFd;
use tokio::net::TcpListener;
use tracing::warn;

use super::CommandError;
use crate::cli::Web;
use crate::clock::Clock;
use crate::config::web::{self, Loaded, Watch};
use crate::server::lock::Lock;
use crate::server::{Bound, Server};

/// A web configuration that was asked for, and where it stands.
pub(super) struct Guard<'a> {
    path: &'a Path,
    loaded: Loaded,
}

impl<'a> Guard<'a> {
    /// Reads the file that was typed; an empty name is none.
    pub(super) fn read(typed: Option<&'a Path>) -> Result<Option<Self>, CommandError> {
        let Some(path) = typed.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
        Ok(Some(Self { path, loaded: web::load(path)? }))
    }

    /// What is allowed but unwise.
    pub(super) fn warnings(&self) -> &[String] {
        &self.loaded.warnings
    }

    /// Whether connections are encrypted.
    pub(super) fn encrypts(&self) -> bool {
        self.loaded.rules.tls.is_some()
    }

    /// The guard at work.
    pub(super) fn lock(self) -> Arc<Lock> {
        // The rate is that of clients, who do not live in the demo's time.
        let clock = Clock::system();
        let rules = Arc::clone(&self.loaded.rules);
        let watch = Watch::new(self.path, self.loaded, clock.clone());
        Arc::new(Lock::new(rules, Arc::new(watch), clock))
    }
}

/// Listens where the command line says, or on what systemd hands over.
pub(super) async fn bind(web: &Web) -> Result<Bound, CommandError> {
    if !web.systemd_socket {
        return Ok(Server::bind(&web.listen).await?);
    }
    let mut handed = ListenFd::from_env();
    let listeners: Result<Vec<_>, _> = (0..handed.len()).map(|at| take(&mut handed, at)).collect();
    match listeners? {
        none if none.is_empty() => Err(CommandError::System(
            "--web.systemd-socket is set, but systemd hands over no socket; start the exporter \
             through a .socket unit, or leave the flag out"
                .to_owned(),
        )),
        some => Ok(Bound::from_listeners(some)),
    }
}

fn take(handed: &mut ListenFd, at: usize) -> Result<TcpListener, CommandError> {
    let wrong = |reason: String| {
        CommandError::System(format!(
            "socket {} of systemd cannot be used: {reason}; write ListenStream=ADDRESS:PORT into \
             the .socket unit",
            at + 1
        ))
    };
    let listener = handed.take_tcp_listener(at).map_err(|error| wrong(error.to_string()))?;
    let listener = listener.ok_or_else(|| wrong("it was taken already".to_owned()))?;
    listener.set_nonblocking(true).map_err(|error| wrong(error.to_string()))?;
    TcpListener::from_std(listener).map_err(|error| wrong(error.to_string()))
}

/// Says what is careless, for the log.
pub(super) fn warn_if_exposed(site: &crate::server::site::Site, addresses: &[SocketAddr]) {
    if let Some(exposure) = site.exposure() {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        warn!(addresses = addresses.join(" "), "{}", exposure.sentence());
    }
}
