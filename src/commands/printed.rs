//! What a command prints on standard output.

use std::io::{ErrorKind, Write};

use super::CommandError;

/// Prints `text` in one piece. Whoever has stopped reading, as `head` does, has seen enough.
///
/// # Errors
/// What the system says; `what` is what could not be printed.
pub(super) fn print(text: &str, what: &str) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::System(format!("cannot print {what}: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
