//! Where state files are kept: a seam, so that scenarios run without a disk.

use std::any::Any;
use std::io;

/// A lock that ends with the value.
pub type Held = Box<dyn Any + Send>;

/// A place for small files. Calls may block.
pub trait Store: Send + Sync {
    /// The content of `file` in `folder`; `None` when there is no such file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, folder: &str, file: &str) -> io::Result<Option<Vec<u8>>>;

    /// Replaces `file` in `folder`, wholly or not at all, whenever the process or the machine ends.
    ///
    /// # Errors
    /// What the system says.
    fn write(&self, folder: &str, file: &str, content: &[u8]) -> io::Result<()>;

    /// Locks `folder` against every other process and task; `None` when another one holds it.
    ///
    /// # Errors
    /// What the system says.
    fn lock(&self, folder: &str) -> io::Result<Option<Held>>;

    /// Whether its calls may take long enough to be made beside the tasks that collect.
    fn blocks(&self) -> bool {
        true
    }
}
