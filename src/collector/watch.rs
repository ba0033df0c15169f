//! A secret's file, looked at now and then: a new secret is used before the API refuses the old one.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch::Sender;
use tracing::warn;

use super::renewal::read;
use crate::clock::Clock;
use crate::file::{Stamp, stamp};
use crate::model::settings::CredentialSource;
use crate::secret::Secret;
use crate::telemetry::Who;

/// Looks at one account's file.
pub struct Watch {
    who: Who,
    path: PathBuf,
    clock: Clock,
    every: Duration,
}

/// What a look at the file showed.
enum Sight {
    /// Nothing new since the last one.
    Same,
    /// The file was written, and holds this.
    Secret(Stamp, Secret),
    /// The file is gone or holds no secret.
    Bad(Option<Stamp>, String),
}

impl Watch {
    /// Looks where `source` points, `every` so often.
    pub fn new(who: Who, source: &CredentialSource, clock: Clock, every: Duration) -> Option<Self> {
        let CredentialSource::File(path) = source else { return None };
        Some(Self { who, path: path.clone(), clock, every })
    }

    /// Tells `secrets` of every new one, without end. Where the file is on a disk that hangs, this
    /// hangs, and nothing else.
    pub async fn run(self, secrets: Sender<Secret>) -> Infallible {
        let (mut seen, mut warned) = (None, false);
        // Thousands of accounts do not all look at the same moment.
        let mut wait = self.every.mul_f64(0.5 + self.phase() / 2.0);
        loop {
            self.clock.sleep(std::mem::replace(&mut wait, self.every)).await;
            let path = self.path.clone();
            match tokio::task::spawn_blocking(move || look(&path, seen)).await {
                Ok(Sight::Secret(stamp, secret)) => {
                    (seen, warned) = (Some(stamp), false);
                    tell(&secrets, secret);
                }
                Ok(Sight::Bad(stamp, reason)) => {
                    seen = stamp;
                    if !std::mem::replace(&mut warned, true) {
                        self.warn(&reason);
                    }
                }
                Ok(Sight::Same) | Err(_) => {}
            }
        }
    }

    /// The account's place between 0 and 1.
    fn phase(&self) -> f64 {
        f64::from(crc32fast::hash(self.who.account.as_bytes()) % 1000) / 1e3
    }

    fn warn(&self, reason: &str) {
        let (api, account, file) = (self.who.api.as_str(), &*self.who.account, self.path.display());
        warn!(api, account, %file, "the secret in use stays in use, for its file {reason}");
    }
}

/// Stamped before it is read: what is written in between is seen with the next look.
fn look(path: &Path, seen: Option<Stamp>) -> Sight {
    let found = match stamp(path) {
        Ok(found) => found,
        Err(error) => return Sight::Bad(None, format!("cannot be read: {error}")),
    };
    if seen == Some(found) {
        return Sight::Same;
    }
    match read(path) {
        Ok(secret) => Sight::Secret(found, secret),
        Err(reason) => Sight::Bad(Some(found), reason),
    }
}

fn tell(secrets: &Sender<Secret>, secret: Secret) {
    secrets.send_if_modified(|known| {
        let is_new = *known != secret;
        *known = secret;
        is_new
    });
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn secret_in(sight: Sight) -> (Option<Stamp>, Option<String>) {
        match sight {
            Sight::Secret(stamp, secret) => (Some(stamp), Some(secret.reveal().to_owned())),
            Sight::Bad(stamp, _) => (stamp, None),
            Sight::Same => panic!("nothing new"),
        }
    }

    #[test]
    fn a_file_is_read_only_when_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        assert_eq!(secret_in(look(&path, None)), (None, None));
        std::fs::write(&path, "first\n").unwrap();
        let (seen, secret) = secret_in(look(&path, None));
        assert_eq!(secret.as_deref(), Some("first"));
        assert!(matches!(look(&path, seen), Sight::Same));
        std::fs::write(&path, "").unwrap();
        let (seen, secret) = secret_in(look(&path, seen));
        assert!(seen.is_some() && secret.is_none());
        assert!(matches!(look(&path, seen), Sight::Same), "one warning, not one a look");
    }

    /// As Kubernetes mounts a secret: the file is a link into a directory that is a link.
    #[test]
    fn a_swapped_link_is_a_written_file() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, secret) in [("v1", "first"), ("v2", "other")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("key"), secret).unwrap();
        }
        symlink(at("v1"), at("..data")).unwrap();
        symlink(at("..data").join("key"), at("key")).unwrap();
        let (seen, secret) = secret_in(look(&at("key"), None));
        assert_eq!(secret.as_deref(), Some("first"));
        symlink(at("v2"), at("..tmp")).unwrap();
        std::fs::rename(at("..tmp"), at("..data")).unwrap();
        assert_eq!(secret_in(look(&at("key"), seen)).1.as_deref(), Some("other"));
    }

    #[test]
    fn a_fifo_in_the_file_s_place_is_refused_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let Sight::Bad(_, reason) = look(&path, None) else { panic!("read a FIFO") };
        assert_eq!(reason, "cannot be read: it is no regular file");
    }
}
