//! The file of `--web.config.file`: TLS, passwords, headers and a rate, in the format of Prometheus'
//! exporter-toolkit.
//!
//! It is looked at for every request and every handshake, and read again when it or a file that
//! it names has changed. What breaks it refuses every request; only a certificate that cannot be
//! read leaves the one before in use, for that lets nobody in who was not before.

mod file;
mod meaning;
mod papers;
mod span;
mod tls;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::sign::CertifiedKey;

use self::papers::Papers;
use self::tls::At;
use super::error::{ConfigError, Fault};
use super::yaml;
use crate::clock::Clock;
use crate::file::{Stamp, absolute, stamp};
use crate::server::lock::rules::Rules;
use crate::server::lock::{Found, Source};

/// A file that was written so recently may be written again without its stamp telling.
const SETTLED: Duration = Duration::from_millis(100);

/// A web configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub rules: Arc<Rules>,
    /// What is allowed but unwise, one sentence each, with its place; to be logged once.
    pub warnings: Vec<String>,
    pair: Option<Arc<CertifiedKey>>,
    print: Vec<u8>,
}

/// Reads a web configuration file and every file that it names.
///
/// Paths in the file are relative to its directory.
///
/// # Errors
/// The first thing that is wrong, with its place and what to write instead. Never a key, a hash or
/// a password.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    // As the watch names it, so that the first look finds what was read here.
    let place = absolute(path);
    let reading = Reading::of(&place, |_| {});
    let meant = reading.mean(directory(&place), None).map_err(|fault| fault.in_file(path))?;
    Ok(meant.loaded(path))
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

/// The files as they were at one time.
struct Reading {
    typed: Result<file::File, Fault>,
    papers: Papers,
}

impl Reading {
    /// Reads `path`, and every file that it names after `meet` was told of it.
    fn of(path: &Path, meet: impl FnOnce(&[PathBuf])) -> Self {
        let mut papers = Papers::default();
        papers.read(path);
        let typed = papers.get(path).map_err(unreadable).and_then(yaml::parse::<file::File>);
        let tls = typed.as_ref().ok().and_then(|typed| typed.tls_server_config.as_ref());
        let named = tls.map(|tls| tls::files(tls, directory(path))).unwrap_or_default();
        meet(&named);
        for path in &named {
            papers.read(path);
        }
        Self { typed, papers }
    }

    /// What the files mean; `spare` is the certificate that takes the place of one that cannot be
    /// read.
    fn mean(self, base: &Path, spare: Option<&Arc<CertifiedKey>>) -> Result<Meant, Fault> {
        let (typed, at) = (self.typed?, At { base, papers: &self.papers });
        let mut warnings = Vec::new();
        let http = typed.http_server_config.as_ref();
        let mut rules = Rules {
            users: meaning::users(&typed, &mut warnings)?,
            headers: meaning::headers(http)?,
            limit: meaning::rate(typed.rate_limit.as_ref())?,
            tls: None,
        };
        let http2 = meaning::http2(http)?;
        let mut pair = None;
        if let Some(typed) = &typed.tls_server_config {
            let found = match (tls::pair(typed, at), spare) {
                (Err(fault), Some(spare)) => {
                    warnings.push(fault.but("the certificate before it stays in use"));
                    Arc::clone(spare)
                }
                (found, _) => found?,
            };
            let terms = tls::terms(typed, at, Arc::clone(&found), http2)?;
            rules.tls = Some(terms.build().map_err(Fault::whole)?);
            pair = Some(found);
        }
        Ok(Meant { rules, warnings, pair, print: self.papers.print() })
    }
}

fn unreadable(reason: &str) -> Fault {
    Fault::whole(format!("cannot read the web configuration: {reason}; check --web.config.file"))
}

/// What the files mean.
struct Meant {
    rules: Rules,
    warnings: Vec<Fault>,
    pair: Option<Arc<CertifiedKey>>,
    print: Vec<u8>,
}

impl Meant {
    fn no_less_than(self, before: &Rules) -> Result<Self, Fault> {
        match self.rules.lost(before) {
            None => Ok(self),
            Some(key) => Err(Fault::whole(format!(
                "`{key}` guards less than before, which may be a file half written; finish it, or \
                 start the exporter again if that is meant"
            ))),
        }
    }

    fn loaded(self, path: &Path) -> Loaded {
        let warnings = self.warnings.into_iter().map(|fault| fault.in_file(path).to_string());
        let warnings = warnings.collect();
        Loaded { rules: Arc::new(self.rules), warnings, pair: self.pair, print: self.print }
    }
}

/// The file, read again when it has changed.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    clock: Clock,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    /// The configuration file first, then those that it names.
    files: Vec<PathBuf>,
    /// What they were before they were read; `None` where they must be read again in any case.
    stamps: Option<Vec<Option<Stamp>>>,
    /// Of the last reading, good or bad.
    print: Vec<u8>,
    /// The last that was good.
    loaded: Loaded,
    found: Found,
}

impl Watch {
    /// Watches the file that `loaded` was read from. `clock` has the wall clock by which files are
    /// stamped.
    pub fn new(path: &Path, loaded: Loaded, clock: Clock) -> Self {
        let path = absolute(path);
        let found = Ok(Arc::clone(&loaded.rules));
        let print = loaded.print.clone();
        let seen = Seen { files: vec![path.clone()], stamps: None, print, loaded, found };
        Self { path, clock, seen: Mutex::new(seen) }
    }

    /// The stamps, and whether they tell all changes from now on.
    fn stamps(&self, files: &[PathBuf]) -> (Vec<Option<Stamp>>, bool) {
        let stamps: Vec<_> = files.iter().map(|path| stamp(path).ok()).collect();
        let now = self.clock.wall();
        let old = |stamp: &Option<Stamp>| stamp.is_some_and(|stamp| stamp.is_older(now, SETTLED));
        let settled = stamps.iter().all(old);
        (stamps, settled)
    }

    fn read(&self, seen: &mut Seen) {
        // Stamped before they are read: what is written in between is seen with the next look.
        let (mut stamps, mut settled) = self.stamps(std::slice::from_ref(&self.path));
        seen.files = vec![self.path.clone()];
        let reading = Reading::of(&self.path, |named| {
            let (others, all_settled) = self.stamps(named);
            stamps.extend(others);
            settled &= all_settled;
            seen.files.extend_from_slice(named);
        });
        seen.stamps = settled.then_some(stamps);
        let print = reading.papers.print();
        if print == seen.print {
            return;
        }
        seen.print = print;
        let meant = reading.mean(directory(&self.path), seen.loaded.pair.as_ref());
        match meant.and_then(|meant| meant.no_less_than(&seen.loaded.rules)) {
            Ok(meant) => {
                let loaded = meant.loaded(&self.path);
                if loaded.warnings != seen.loaded.warnings {
                    loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                }
                seen.found = Ok(Arc::clone(&loaded.rules));
                seen.loaded = loaded;
            }
            Err(fault) => seen.found = Err(fault.in_file(&self.path).to_string().into()),
        }
    }
}

impl Source for Watch {
    fn look(&self) -> Found {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamps, _) = self.stamps(&seen.files);
        if seen.stamps.as_ref() != Some(&stamps) {
            self.read(&mut seen);
        }
        seen.found.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_relative_name_is_not_taken_for_another_at_the_first_look() {
        let path = Path::new("tests/web/config/good/headers.yml");
        let loaded = load(path).unwrap();
        let rules = Arc::clone(&loaded.rules);
        let watch = Watch::new(path, loaded, Clock::system());
        assert!(Arc::ptr_eq(&watch.look().unwrap(), &rules));
    }
}
