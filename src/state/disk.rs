//! State files on a disk: written beside, forced to the disk, renamed, and the folder forced too.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::store::{Held, Store};

/// Revenue is nobody else's business.
const ONLY_OURS: u32 = 0o600;
const ONLY_OUR_FOLDER: u32 = 0o700;

/// A larger file is none of ours.
const LONGEST: u64 = 256 * 1024 * 1024;

/// A file up to this size may have the one before beside it.
const SMALL: usize = 64 * 1024;

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

    /// Does `work` in a folder, which is made where it is not there.
    fn within<T>(&self, folder: &str, work: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
        let path = self.root.join(folder);
        match work(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(ONLY_OUR_FOLDER).create(&path)?;
                work(&path)
            }
            done => done,
        }
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
        self.within(folder, |folder| {
            let (beside, place) = (folder.join(format!("{file}.tmp")), folder.join(file));
            write_beside(&beside, content).inspect_err(|_| {
                // What is half written takes room on a disk that may have none; the error is told.
                let _ = fs::remove_file(&beside);
            })?;
            put_in_place(&beside, &place, content.len())?;
            File::open(folder)?.sync_all()
        })
    }

    fn lock(&self, folder: &str) -> io::Result<Option<Held>> {
        let file = self.within(folder, |folder| {
            let mut options = OpenOptions::new();
            options.create(true).append(true).mode(ONLY_OURS).open(folder.join(LOCK))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Puts what was written `beside` in its place, wholly or not at all. A small file changes places with the
/// one before, which is written over the next time: to make a file and to delete one for each request of
/// thousands of accounts costs more than all else that is done for it.
fn put_in_place(beside: &Path, place: &Path, size: usize) -> io::Result<()> {
    let exchanged =
        size <= SMALL && renameat_with(CWD, beside, CWD, place, RenameFlags::EXCHANGE).is_ok();
    // There is none before, or the disk cannot exchange.
    if exchanged { Ok(()) } else { fs::rename(beside, place) }
}

fn write_beside(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // Over what is there: to give its blocks back and to ask for others costs as much as writing.
    let mut file = options.create(true).write(true).truncate(false).mode(ONLY_OURS).open(path)?;
    file.write_all(content)?;
    let size = content.len() as u64;
    if file.metadata()?.len() > size {
        file.set_len(size)?;
    }
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_of_a_small_file_the_one_before_stays_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::new(root.path().join("state"));
        assert!(disk.read("a", "ledger").unwrap().is_none());
        disk.write("a", "ledger", b"one").unwrap();
        disk.write("a", "ledger", b"two").unwrap();
        assert_eq!(disk.read("a", "ledger").unwrap().unwrap(), b"two");
        let beside = root.path().join("state/a/ledger.tmp");
        assert_eq!(fs::read(&beside).unwrap(), b"one");
        disk.write("a", "ledger", b"3").unwrap();
        assert_eq!(disk.read("a", "ledger").unwrap().unwrap(), b"3");
        assert_eq!(fs::read(&beside).unwrap(), b"two");
        disk.write("a", "ledger", &vec![4; SMALL + 1]).unwrap();
        assert_eq!(disk.read("a", "ledger").unwrap().unwrap().len(), SMALL + 1);
        assert!(!beside.exists(), "twice a large one is too much");
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
