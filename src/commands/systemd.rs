//! What systemd is told, where it asks: that the exporter serves, that it lives, and that it stops.

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::debug;

use crate::clock::Clock;

/// Tells that the server answers.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells that the program is about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells that the program lives, twice as often as `WatchdogSec=` asks for, without end.
pub(super) async fn watchdog() -> Infallible {
    let Some(patience) = sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
    else {
        return std::future::pending().await;
    };
    let (clock, every) = (Clock::system(), (patience / 2).max(Duration::from_millis(1)));
    loop {
        tell(&[NotifyState::Watchdog]);
        clock.sleep(every).await;
    }
}

/// Without systemd nobody listens, which is no failure.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "systemd could not be told");
    }
}
