//! Waiting for something to become true, for a bounded time.

use std::time::Duration;

use revenue_exporter::clock::Clock;

const PAUSE: Duration = Duration::from_millis(20);

/// Longer than anything here takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What `probe` finds, as soon as it finds something; `None` after `limit`.
pub(super) fn poll<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let clock = Clock::system();
    let begin = clock.tick();
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if clock.tick().since(begin) > limit {
            return None;
        }
        pause();
    }
}

/// The same, for what must become true; fails saying `what`.
pub(super) fn wait_for<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    poll(PATIENCE, probe).unwrap_or_else(|| panic!("in vain waited for {what}"))
}

#[expect(clippy::disallowed_methods, reason = "a test of another process has no clock to wait on")]
fn pause() {
    std::thread::sleep(PAUSE);
}
