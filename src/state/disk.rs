//! State files on a disk: written beside, forced to the disk, renamed, and the folder forced too.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::store::{Held, Store};

/// Revenue is nobody else's business.
const ONLY_OURS: u32 = 0o600;
const ONLY_OUR_FOLDER: u32 = 0o700;

/// A larger file is none of ours.
const LONGEST: u64 = 256 * 1024 * 1024;

/// The file that is locked; it has no content.
const LOCK: &str = "lock";

/// A directory on a disk.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// State under `root`, which is made when first needed, and again when it has gone.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn folder(&self, folder: &str) -> io::Result<PathBuf> {
        let path = self.root.join(folder);
        DirBuilder::new().recursive(true).mode(ONLY_OUR_FOLDER).create(&path)?;
        Ok(path)
    }
}

impl Store for Disk {
    fn read(&self, folder: &str, file: &str) -> io::Result<Option<Vec<u8>>> {
        match File::open(self.root.join(folder).join(file)) {
            Ok(file) => {
                let mut content = Vec::new();
                file.take(LONGEST).read_to_end(&mut content)?;
                Ok(Some(content))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, folder: &str, file: &str, content: &[u8]) -> io::Result<()> {
        let folder = self.folder(folder)?;
        let (beside, place) = (folder.join(format!("{file}.tmp")), folder.join(file));
        write_beside(&beside, content).inspect_err(|_| {
            // What is half written takes room on a disk that may have none; the error is told.
            let _ = fs::remove_file(&beside);
        })?;
        fs::rename(&beside, &place)?;
        File::open(&folder)?.sync_all()
    }

    fn lock(&self, folder: &str) -> io::Result<Option<Held>> {
        let path = self.folder(folder)?.join(LOCK);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(ONLY_OURS).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(ONLY_OURS).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_is_left_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::new(root.path().join("state"));
        assert!(disk.read("a", "ledger").unwrap().is_none());
        disk.write("a", "ledger", b"one").unwrap();
        disk.write("a", "ledger", b"two").unwrap();
        assert_eq!(disk.read("a", "ledger").unwrap().unwrap(), b"two");
        assert_eq!(fs::read_dir(root.path().join("state/a")).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_locked_once_and_free_when_the_lock_goes() {
        let root = tempfile::tempdir().unwrap();
        let (one, other) = (Disk::new(root.path()), Disk::new(root.path()));
        let held = one.lock("a").unwrap();
        assert!(held.is_some() && other.lock("a").unwrap().is_none());
        assert!(other.lock("b").unwrap().is_some());
        drop(held);
        assert!(other.lock("a").unwrap().is_some());
    }

    #[test]
    fn a_directory_that_was_deleted_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::new(root.path().join("state"));
        disk.write("a", "ledger", b"one").unwrap();
        fs::remove_dir_all(root.path().join("state")).unwrap();
        assert!(disk.lock("a").unwrap().is_some());
        disk.write("a", "ledger", b"two").unwrap();
        assert_eq!(disk.read("a", "ledger").unwrap().unwrap(), b"two");
    }

    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::new(root.path().join("state"));
        disk.write("a", "ledger", b"one").unwrap();
        let mode =
            |path| fs::metadata(root.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("state"), mode("state/a"), mode("state/a/ledger")), (0o700, 0o700, 0o600));
    }
}
