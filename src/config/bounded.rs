//! Reading a file that the configuration names, with an error that says how large it may be.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::quantity::format_size;
use crate::file;

/// Reads a regular file of at most `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    file::read(path, most).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge if error.raw_os_error().is_none() => {
            Error::new(ErrorKind::FileTooLarge, format!("it has more than {}", format_size(most)))
        }
        _ => error,
    })
}
