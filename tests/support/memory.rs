//! State without a disk, which can be made to fail as disks do.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::state::{Held, Store};

/// Files in memory. Survives the scene that wrote them.
#[derive(Default)]
pub struct Memory {
    files: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    /// How often each was written.
    writes: Mutex<BTreeMap<(String, String), usize>>,
    locks: Mutex<BTreeMap<String, Arc<()>>>,
    trouble: Mutex<Option<ErrorKind>>,
}

impl Memory {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The same files, but for the ledgers, on another machine: its ticks could not be compared.
    pub fn copy(&self) -> Arc<Self> {
        let mut files = self.files.lock().unwrap().clone();
        files.retain(|(_, file), _| !file.starts_with("ledger"));
        Arc::new(Self { files: Mutex::new(files), ..Self::default() })
    }

    /// Every call fails like this from now on, or works again.
    pub fn fail(&self, how: Option<ErrorKind>) {
        *self.trouble.lock().unwrap() = how;
    }

    pub fn file(&self, folder: &str, file: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap().get(&(folder.to_owned(), file.to_owned())).cloned()
    }

    /// How often the exporter has written a file.
    pub fn writes(&self, folder: &str, file: &str) -> usize {
        let key = (folder.to_owned(), file.to_owned());
        self.writes.lock().unwrap().get(&key).copied().unwrap_or_default()
    }

    /// Changes a file behind the exporter's back.
    pub fn put(&self, folder: &str, file: &str, content: Option<Vec<u8>>) {
        let key = (folder.to_owned(), file.to_owned());
        let mut files = self.files.lock().unwrap();
        match content {
            Some(content) => files.insert(key, content),
            None => files.remove(&key),
        };
    }

    /// Everything that is kept, as text.
    pub fn text(&self) -> String {
        let files = self.files.lock().unwrap();
        files.values().map(|file| String::from_utf8_lossy(file).into_owned()).collect()
    }

    fn check(&self) -> Result<()> {
        self.trouble.lock().unwrap().map_or(Ok(()), |kind| Err(Error::from(kind)))
    }
}

impl Store for Memory {
    fn read(&self, folder: &str, file: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.file(folder, file))
    }

    fn write(&self, folder: &str, file: &str, content: &[u8]) -> Result<()> {
        self.check()?;
        *self.writes.lock().unwrap().entry((folder.to_owned(), file.to_owned())).or_default() += 1;
        self.put(folder, file, Some(content.to_vec()));
        Ok(())
    }

    fn lock(&self, folder: &str) -> Result<Option<Held>> {
        self.check()?;
        let mut locks = self.locks.lock().unwrap();
        let lock = Arc::clone(locks.entry(folder.to_owned()).or_default());
        // Two are the map's and the one that is about to be given away.
        Ok((Arc::strong_count(&lock) <= 2).then(|| Box::new(lock) as Held))
    }

    fn blocks(&self) -> bool {
        false
    }
}

/// The same on a disk that takes its time for one kind of file, while everything else goes on.
pub struct Slow {
    pub memory: Arc<Memory>,
    pub clock: Clock,
    pub file: &'static str,
    pub takes: Duration,
}

impl Store for Slow {
    fn read(&self, folder: &str, file: &str) -> Result<Option<Vec<u8>>> {
        self.memory.read(folder, file)
    }

    fn write(&self, folder: &str, file: &str, content: &[u8]) -> Result<()> {
        if file == self.file {
            self.clock.sleep_through(self.takes);
        }
        self.memory.write(folder, file, content)
    }

    fn lock(&self, folder: &str) -> Result<Option<Held>> {
        self.memory.lock(folder)
    }

    fn blocks(&self) -> bool {
        false
    }
}
