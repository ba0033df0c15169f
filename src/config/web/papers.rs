//! The web configuration's files, each read once: what is meant and what is compared is the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use crate::config::{LONGEST_FILE, bounded, credential};

/// A reading of the files. No `Debug`: a key is in it.
#[derive(Default)]
pub(super) struct Papers(BTreeMap<PathBuf, Result<Vec<u8>, String>>);

impl Papers {
    /// Reads one more file.
    pub(super) fn read(&mut self, path: &Path) {
        let read = bounded::read(path, LONGEST_FILE).map_err(|error| credential::plain(&error));
        self.0.insert(path.to_owned(), read);
    }

    /// What is in a file, or why that cannot be said.
    pub(super) fn get(&self, path: &Path) -> Result<&[u8], &str> {
        match self.0.get(path) {
            Some(read) => read.as_deref().map_err(String::as_str),
            None => Err("it was not read"),
        }
    }

    /// Tells one reading from every other.
    pub(super) fn print(&self) -> Vec<u8> {
        let mut print = Context::new(&SHA256);
        for (path, read) in &self.0 {
            let content = read.as_deref().unwrap_or_else(|error| error.as_bytes());
            for part in [path.as_os_str().as_encoded_bytes(), content] {
                print.update(&part.len().to_le_bytes());
                print.update(part);
            }
            print.update(&[u8::from(read.is_ok())]);
        }
        print.finish().as_ref().to_vec()
    }
}
