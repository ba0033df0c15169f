//! Reading a file that somebody named: never endlessly, and never more than it may have.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::OFlags;

/// What tells one state of a file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    place: (u64, u64),
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Whether the file was last changed longer than `age` before `now`. A second change within
    /// the same tick of the file system's clock leaves the same stamp.
    pub fn is_older(&self, now: Timestamp, age: Duration) -> bool {
        let (seconds, nanos) = self.changed;
        let changed =
            i32::try_from(nanos).ok().and_then(|nanos| Timestamp::new(seconds, nanos).ok());
        let past = now.checked_sub(age).ok();
        changed.zip(past).is_some_and(|(changed, past)| changed < past)
    }
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// What the system says; `InvalidInput` where it is no regular file, and `FileTooLarge`.
pub fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    regular(&std::fs::metadata(path)?)?;
    // Should a FIFO have taken its place meanwhile, opening it must not wait for a writer.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    regular(&file.metadata()?)?;
    let mut bytes = Vec::new();
    File::take(file, most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::from(ErrorKind::FileTooLarge));
    }
    Ok(bytes)
}

/// The path from the root, so that it means the same wherever it is shown or written, and wherever the program goes.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The present state of the file that `path` leads to, through whatever links.
///
/// # Errors
/// What the system says.
pub fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let file = std::fs::metadata(path)?;
    Ok(Stamp {
        place: (file.dev(), file.ino()),
        size: file.size(),
        written: (file.mtime(), file.mtime_nsec()),
        changed: (file.ctime(), file.ctime_nsec()),
    })
}

/// A directory passes: what reading it says is clearer.
fn regular(file: &Metadata) -> std::io::Result<()> {
    if file.is_file() || file.is_dir() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"))
}
