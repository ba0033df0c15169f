//! Reading a file that somebody named: never endlessly, and never more than it may have.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use super::quantity::format_size;

/// Reads a regular file of at most `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    // Asked before the file is opened: opening a FIFO waits for somebody to write into it.
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it has more than {}", format_size(most));
        return Err(Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}
