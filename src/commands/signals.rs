//! What the signals mean: SIGTERM and SIGINT end the program in time, SIGHUP reads the configuration
//! again.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::{CommandError, systemd};
use crate::clock::Clock;
use crate::server::reload::Reloads;
use crate::shutdown::Stop;

/// Signals this soon after the first one are its echo.
const ECHO: Duration = Duration::from_millis(250);

/// What has not ended this long after the first signal is left behind, so that all has ended within
/// 5 s.
const LONGEST_STOP: Duration = Duration::from_secs(4);

/// The first signal asks everything to stop; this resolves at a second one, or when something takes
/// too long.
pub(super) async fn stop_on_signals(
    mut signals: Signals,
    stop: Stop,
    reloads: Reloads,
) -> Result<(), CommandError> {
    let signal = signals.next(&reloads).await;
    info!(signal, "stopping; a second signal stops at once");
    systemd::stopping();
    stop.now();
    let clock = Clock::system();
    // `timeout` and some supervisors tell a process and its group: that is one wish, not two.
    clock.sleep(ECHO).await;
    let mut signals = Signals::listen()?;
    if clock.timeout(LONGEST_STOP.saturating_sub(ECHO), signals.next(&reloads)).await.is_none() {
        warn!("something hangs, and is not waited for any longer");
        return Ok(());
    }
    warn!("stopped without waiting");
    Err(CommandError::System("a second signal ended the stop early".to_owned()))
}

/// The signals from the moment of listening on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, CommandError> {
        let failed = |error| CommandError::System(format!("cannot listen for signals: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let hangup = signal(SignalKind::hangup()).map_err(failed)?;
        Ok(Self { terminate, interrupt, hangup })
    }

    /// The next signal that asks for the end.
    async fn next(&mut self, reloads: &Reloads) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => reloads.wish(),
            }
        }
    }
}
