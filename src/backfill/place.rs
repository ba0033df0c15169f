//! Where the file goes, and where its progress is kept meanwhile.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Trouble;
use super::journal::Journal;
use super::write::Written;

/// The name that means standard output.
pub const STANDARD_OUTPUT: &str = "-";

/// Revenue is nobody else's business.
const ONLY_OURS: u32 = 0o600;
const ONLY_OUR_FOLDER: u32 = 0o700;

/// The journal's name in the state directory.
const PROGRESS: &str = "backfill.progress";

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file; `None` is standard output.
    pub file: Option<PathBuf>,
    /// The journal; `None` where there is no place for one.
    pub journal: Option<PathBuf>,
}

impl Place {
    /// What `--output` means when state is kept in `state`: the journal lies beside the file, or in
    /// the state directory.
    pub fn new(output: &Path, state: Option<&Path>) -> Self {
        if output.as_os_str() == STANDARD_OUTPUT {
            return Self { file: None, journal: state.map(|state| state.join(PROGRESS)) };
        }
        Self { file: Some(output.to_owned()), journal: Some(beside(output, ".progress")) }
    }

    /// Opens the journal, where there is a place for one.
    ///
    /// # Errors
    /// A sentence when it cannot be kept.
    pub fn open(&self) -> Result<Option<Journal>, Trouble> {
        if let Some(file) = self.file.as_deref().filter(|file| file.is_dir()) {
            let sentence = format!("--output={} is a directory; name a file in it", file.display());
            return Err(Trouble::usage(sentence));
        }
        let Some(path) = &self.journal else { return Ok(None) };
        if let Some(folder) = path.parent().filter(|_| self.file.is_none()) {
            let made = fs::DirBuilder::new().recursive(true).mode(ONLY_OUR_FOLDER).create(folder);
            made.map_err(|error| {
                Trouble::Failed(format!("cannot make {}: {error}", folder.display()))
            })?;
        }
        Journal::open(path).map(Some)
    }

    /// Lets `write` write the file beside its place, and puts it there when it is whole.
    ///
    /// # Errors
    /// A sentence when the system refuses; nothing is left behind then.
    pub fn fill(
        &self,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<Written>,
    ) -> Result<Written, Trouble> {
        let written = match &self.file {
            None => write(&mut std::io::stdout().lock()),
            Some(path) => fill(path, write),
        };
        written.map_err(|error| {
            let name =
                self.file.as_ref().map_or("standard output".into(), |file| file.to_string_lossy());
            match error.kind() {
                ErrorKind::Interrupted => {
                    Trouble::Stopped(format!("stopped before {name} was written"))
                }
                _ => Trouble::Failed(format!("cannot write {name}: {error}")),
            }
        })
    }
}

fn fill(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<Written>,
) -> std::io::Result<Written> {
    let part = beside(path, ".part");
    let put = |part: &Path| {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(ONLY_OURS);
        let mut file = options.open(part)?;
        let written = write(&mut file)?;
        file.sync_all()?;
        fs::rename(part, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(written)
    };
    put(&part).inspect_err(|_| {
        // What is half written is of no use; the error is told.
        let _ = fs::remove_file(&part);
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    #[test]
    fn the_file_is_there_when_it_is_whole_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.om");
        let place = Place::new(&path, None);
        let half = place.fill(|out| {
            out.write_all(b"half")?;
            assert!(!path.exists());
            Err(Error::from(ErrorKind::StorageFull))
        });
        assert!(half.unwrap_err().to_string().contains("cannot write"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        place.fill(|out| out.write_all(b"# EOF\n").map(|()| Written::default())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# EOF\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, ONLY_OURS);
    }

    #[test]
    fn progress_lies_beside_the_file_or_with_the_state() {
        let beside = Place::new(Path::new("a/b.om"), Some(Path::new("state")));
        assert_eq!(beside.journal, Some("a/b.om.progress".into()));
        let with_state = Place::new(Path::new("-"), Some(Path::new("state")));
        assert_eq!(with_state.journal, Some("state/backfill.progress".into()));
        assert_eq!(Place::new(Path::new("-"), None), Place { file: None, journal: None });
    }
}
