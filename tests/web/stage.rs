//! A server with a web configuration in a directory of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use revenue_exporter::clock::Clock;
use revenue_exporter::config::web::{self, Watch};
use revenue_exporter::server::Server;
use revenue_exporter::server::lock::Lock;
use revenue_exporter::server::site::Site;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::authorities::WORLD;
use crate::site::empty;

/// TLS with the certificate of [`WORLD`].
pub(super) const TLS: &str = "\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
";

/// The password of alice is `open sesame`; of cost 4, so that the tests are quick.
pub(super) const USERS: &str = "\
basic_auth_users:
  alice: $2y$04$zVHmKQtGGQob.b/Nc7l9NO7mRbpvel1KvARChVZjdxD7/iNbcHcO2
";

/// A server that runs until it is dropped.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    pub(super) lock: Arc<Lock>,
    pub(super) site: Arc<Site>,
    directory: TempDir,
    _running: JoinSet<()>,
}

/// A directory with every certificate of [`WORLD`].
pub(super) fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    WORLD.server.write(directory.path(), "server");
    WORLD.client.write(directory.path(), "client");
    std::fs::write(directory.path().join("ca.crt"), WORLD.authority()).unwrap();
    std::fs::write(directory.path().join("other-ca.crt"), WORLD.other_authority()).unwrap();
    directory
}

/// A text as a block of YAML.
pub(super) fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
    lines.concat()
}

/// Writes a file as careful programs do: whole or not at all.
pub(super) fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

impl Stage {
    pub(super) async fn new(yaml: &str) -> Self {
        let directory = directory();
        let path = directory.path().join("web.yml");
        put(&path, yaml);
        let loaded = web::load(&path).unwrap_or_else(|error| panic!("{error}"));
        let (rules, clock) = (Arc::clone(&loaded.rules), Clock::system());
        let watch = Arc::new(Watch::new(&path, loaded, clock.clone()));
        let lock = Arc::new(Lock::new(rules, watch, clock.clone()));
        let bound = Server::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await.unwrap();
        let address = bound.addresses()[0];
        let site = site(clock, Some(Arc::clone(&lock)), false);
        let mut running = JoinSet::new();
        running.spawn(bound.run(Arc::clone(&site), std::future::pending()));
        Self { address, lock, site, directory, _running: running }
    }

    /// A file beside the configuration, or that itself as `web.yml`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file beside the configuration, or that itself as `web.yml`.
    pub(super) fn put(&self, name: &str, text: &str) {
        put(&self.directory.path().join(name), text);
    }

    /// Writes over a file, as careless programs do.
    pub(super) fn rewrite(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        std::fs::remove_file(self.directory.path().join(name)).unwrap();
    }
}

/// A site with no accounts.
pub(super) fn site(clock: Clock, lock: Option<Arc<Lock>>, reachable: bool) -> Arc<Site> {
    Arc::new(Site { lock, reachable, ..empty(clock, "") })
}
