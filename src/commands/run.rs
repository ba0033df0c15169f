//! A running exporter: listen, collect, serve, and stop when told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::CommandError;
use crate::app::{App, log_plans};
use crate::cli::Web;
use crate::clock::Clock;
use crate::config;
use crate::exposition::own::ReloadState;
use crate::exposition::press::Press;
use crate::exposition::process::Process;
use crate::model::settings::Settings;
use crate::server::Server;
use crate::server::site::{Loaded, Site};
use crate::shutdown::{Stop, channel};
use crate::state::{Disk, Store};
use crate::upstream::transport::Transport;

/// Threads that collect and serve; rendering a large page borrows another for a moment.
const WORKERS: usize = 2;

/// Signals this soon after the first one are its echo.
const ECHO: Duration = Duration::from_millis(250);

/// Everything a run needs.
pub(super) struct Plan<'a> {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) web: &'a Web,
}

impl Plan<'_> {
    /// Differs between processes that run at once, and between those that ran before.
    fn seed(&self) -> u64 {
        let nanos = self.clock.wall().subsec_nanosecond().unsigned_abs();
        u64::from(std::process::id()) << 32 | u64::from(nanos)
    }

    /// Runs until a signal; `greet` is told where it listens.
    pub(super) async fn serve(
        self,
        greet: impl FnOnce(&[SocketAddr]) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let bound = Server::bind(&self.web.listen).await?;
        let addresses = bound.addresses();
        log_plans(&self.settings);
        let (text, version) = (config::effective(&self.settings), env!("CARGO_PKG_VERSION"));
        let seed = self.seed();
        let directory = self.settings.state_directory.as_ref();
        let store = directory.map(|at| Arc::new(Disk::new(at)) as Arc<dyn Store>);
        let app = App::build(&self.settings, self.clock.clone(), self.transport, store, seed);
        let reload = ReloadState { successful: true, at: self.clock.wall() };
        let site = Arc::new(Site {
            board: Arc::clone(&app.board),
            telemetry: Arc::clone(&app.telemetry),
            clock: self.clock,
            telemetry_path: self.web.telemetry_path.clone(),
            loaded: Arc::new(ArcSwap::from_pointee(Loaded { text: text.into(), reload })),
            version,
            process: Process::this(),
            press: Press::default(),
        });
        for address in &addresses {
            info!(%address, path = %site.telemetry_path, version, "serving metrics");
        }
        greet(&addresses)?;
        let (stop, mut shutdown) = channel();
        let collecting = app.collect(shutdown.clone());
        let serving = bound.run(site, async move { shutdown.wait().await });
        tokio::select! {
            biased;
            done = stop_on_signals(stop) => done,
            ((), ()) = async { tokio::join!(collecting, serving) } => Ok(()),
        }
    }
}

/// The runtime of a command.
pub(super) fn runtime() -> Result<Runtime, CommandError> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| CommandError::System(format!("cannot start: {error}")))
}

/// The first signal asks everything to stop; a second one ends without waiting, by resolving.
async fn stop_on_signals(stop: Stop) -> Result<(), CommandError> {
    let signal = Signals::listen()?.next().await;
    info!(signal, "stopping; a second signal stops at once");
    stop.now();
    // `timeout` and some supervisors tell a process and its group: that is one wish, not two.
    Clock::system().sleep(ECHO).await;
    Signals::listen()?.next().await;
    warn!("stopped without waiting");
    Err(CommandError::System("a second signal ended the stop early".to_owned()))
}

/// SIGTERM and SIGINT, from the moment of listening on; SIGHUP is only answered.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, CommandError> {
        let failed = |error| CommandError::System(format!("cannot listen for signals: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let hangup = signal(SignalKind::hangup()).map_err(failed)?;
        Ok(Self { terminate, interrupt, hangup })
    }

    async fn next(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => {
                    warn!("SIGHUP changes nothing yet; restart to read the configuration again");
                }
            }
        }
    }
}
