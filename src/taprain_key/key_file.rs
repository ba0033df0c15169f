//! A key's file, replaced whole: made ready before there is a new key, so that what can fail fails while
//! the old key still lives.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Component, Path, PathBuf};

use crate::secret::Secret;

/// Nobody else's business.
const ONLY_OURS: u32 = 0o600;

/// The bits of a mode that are kept.
const MODE: u32 = 0o7777;

/// Room taken on the disk beforehand: more than any key has.
const ROOM: [u8; 4096] = [b'\n'; 4096];

/// Why a file cannot be replaced. The text is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What was configured is no file that can be replaced.
    #[error("{0}")]
    Unfit(String),
    /// The system does not let us.
    #[error("{0}")]
    Denied(String),
}

/// A file that only waits for its key. Dropped, it leaves everything as it was.
#[derive(Debug)]
pub struct Ready {
    file: File,
    beside: Option<PathBuf>,
    place: PathBuf,
}

impl Ready {
    /// Makes ready to replace the file at `path`, which may be absent.
    ///
    /// A link is followed, and stays: what it leads to is replaced. Mode and owner stay as they are;
    /// a new file is its owner's alone.
    ///
    /// # Errors
    /// [`Refusal`] where the file is none, is mounted by Kubernetes or by itself, or where the
    /// system refuses a second file beside it, its owner or its room.
    pub fn new(path: &Path) -> Result<Self, Refusal> {
        let place = target(path)?;
        let before = match fs::symlink_metadata(&place) {
            Ok(before) => Some(before),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(denied(&place, "be looked at", &error)),
        };
        if let Some(before) = &before {
            fit(&place, before)?;
        }
        let beside = beside(&place);
        // Left over from a run that was killed: it has no key, or one that is dead or shown.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        let file = options.create_new(true).write(true).mode(ONLY_OURS).open(&beside);
        let file = file.map_err(|error| denied(&place, "be replaced", &error))?;
        let mut ready = Self { file, beside: Some(beside), place };
        ready
            .take_room(before.as_ref())
            .map_err(|error| denied(&ready.place, "be replaced", &error))?;
        Ok(ready)
    }

    fn take_room(&mut self, before: Option<&Metadata>) -> io::Result<()> {
        if let Some(before) = before {
            let own = self.file.metadata()?;
            if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
                fchown(&self.file, Some(before.uid()), Some(before.gid()))?;
            }
            self.file.set_permissions(Permissions::from_mode(before.mode() & MODE))?;
        }
        self.file.write_all(&ROOM)?;
        self.file.sync_all()
    }

    /// The file that is replaced.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts `key` in its place: whole, on the disk, at once.
    ///
    /// # Errors
    /// What the system says; the file is then as it was, or, if only its folder could not be
    /// forced to the disk, already replaced.
    pub fn write(mut self, key: &Secret) -> io::Result<()> {
        let line = format!("{}\n", key.reveal());
        self.file.rewind()?;
        self.file.write_all(line.as_bytes())?;
        self.file.set_len(line.len() as u64)?;
        self.file.sync_all()?;
        if let Some(beside) = &self.beside {
            fs::rename(beside, &self.place)?;
        }
        self.beside = None;
        File::open(folder(&self.place))?.sync_all()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // It has no key in it; one that stays is removed by the next run.
            let _ = fs::remove_file(beside);
        }
    }
}

/// What `path` leads to.
fn target(path: &Path) -> Result<PathBuf, Refusal> {
    let Ok(link) = fs::read_link(path) else { return Ok(path.to_owned()) };
    let target = fs::canonicalize(path).map_err(|error| {
        Refusal::Unfit(format!(
            "the key file {} is a link that leads nowhere ({}); create what it leads to, or name another file",
            path.display(),
            error.kind()
        ))
    })?;
    if is_projected(&link) || is_projected(&target) {
        return Err(Refusal::Unfit(format!(
            "the key file {} is mounted by Kubernetes, which alone can replace it; run this where there is an \
             ordinary file, and then change the Secret: kubectl create secret generic NAME --from-file=KEY=FILE \
             --dry-run=client -o yaml | kubectl apply -f -",
            path.display()
        )));
    }
    Ok(target)
}

/// Kubernetes mounts a volume's keys as links into `..data`, itself a link to a folder named after a
/// moment, like `..2026_03_18_09_30_00`.
fn is_projected(path: &Path) -> bool {
    path.components().any(|part| match part {
        Component::Normal(name) => name.as_encoded_bytes().starts_with(b".."),
        _ => false,
    })
}

fn fit(place: &Path, before: &Metadata) -> Result<(), Refusal> {
    let shown = place.display();
    if !before.is_file() {
        return Err(Refusal::Unfit(format!(
            "the key file {shown} is no regular file; name one that is"
        )));
    }
    if is_mounted(place) {
        return Err(Refusal::Unfit(format!(
            "the key file {shown} is mounted by itself, as containers do, and cannot be replaced; mount its \
             directory instead, or run this on the host"
        )));
    }
    Ok(())
}

/// Whether the file itself, not one of its folders, is where something is mounted.
fn is_mounted(place: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let look = statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS);
    look.is_ok_and(|file| file.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    folder(place).join(format!(".{name}.new"))
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn denied(place: &Path, what: &str, error: &io::Error) -> Refusal {
    let remedy = match error.kind() {
        ErrorKind::NotFound => "create its directory",
        ErrorKind::PermissionDenied => {
            "run this as the file's owner, or as root, who may write to its directory and keep its owner"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on its disk",
        ErrorKind::ReadOnlyFilesystem => "run this where its directory can be written to",
        _ => "name a file that can",
    };
    Refusal::Denied(format!(
        "the key file {} cannot {what} ({}); nothing was asked, and the old key lives; {remedy}",
        place.display(),
        error.kind()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn key(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, "old and longer than the new one\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let inode = fs::metadata(&path).unwrap().ino();
        Ready::new(&path).unwrap().write(&key("new")).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), after.mode() & MODE),
            ("new\n", 0o640)
        );
        assert_ne!(after.ino(), inode, "who holds the old one open reads the old key");
        assert_eq!(names(directory.path()), ["key"]);
    }

    #[test]
    fn a_file_that_was_not_there_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        Ready::new(&path).unwrap().write(&key("new")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & MODE, 0o600);
    }

    #[test]
    fn what_was_made_ready_in_vain_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, "old\n").unwrap();
        drop(Ready::new(&path).unwrap());
        assert_eq!(names(directory.path()), ["key"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().join("real");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("key"), "old\n").unwrap();
        let link = directory.path().join("link");
        symlink("real/key", &link).unwrap();
        Ready::new(&link).unwrap().write(&key("new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(real.join("key")).unwrap(), "new\n");
        let lost = directory.path().join("lost");
        symlink("nowhere", &lost).unwrap();
        assert!(matches!(Ready::new(&lost), Err(Refusal::Unfit(_))));
    }

    #[test]
    fn what_kubernetes_mounts_is_refused_with_the_command_that_does_it() {
        let directory = tempfile::tempdir().unwrap();
        let dated = directory.path().join("..2026_03_18_09_30_00");
        fs::create_dir(&dated).unwrap();
        fs::write(dated.join("key"), "old\n").unwrap();
        symlink("..2026_03_18_09_30_00", directory.path().join("..data")).unwrap();
        let path = directory.path().join("key");
        symlink("..data/key", &path).unwrap();
        let error = Ready::new(&path).unwrap_err();
        assert!(matches!(&error, Refusal::Unfit(text) if text.contains("kubectl")), "{error}");
    }

    #[test]
    fn what_is_no_file_or_has_no_directory_is_refused_before_anything_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Ready::new(directory.path()), Err(Refusal::Unfit(_))));
        let error = Ready::new(&directory.path().join("no/key")).unwrap_err().to_string();
        assert!(error.contains("the old key lives; create its directory"), "{error}");
        let error = Ready::new(Path::new("/proc/key")).unwrap_err();
        assert!(matches!(error, Refusal::Denied(_)), "{error}");
    }
}
