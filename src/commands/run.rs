//! A running exporter: listen, collect, serve, and stop when told to.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::try_join;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tracing::info;

use super::errand::seed;
use super::reload::{Load, READING, Reader};
use super::signals::{Signals, stop_on_signals};
use super::web::{self, Guard};
use super::{CommandError, files, systemd};
use crate::app::{App, Crew, log_plans};
use crate::cli::Web;
use crate::clock::Clock;
use crate::config;
use crate::exposition::ending::Endings;
use crate::exposition::own::ReloadState;
use crate::exposition::press::Press;
use crate::exposition::process::Process;
use crate::model::settings::Settings;
use crate::server::exposure::is_reachable;
use crate::server::face::Faces;
use crate::server::gate::Gate;
use crate::server::reload::{self, Reloads};
use crate::server::site::{Loaded, Site};
use crate::shutdown::channel;
use crate::state::{Disk, Store};
use crate::upstream::transport::Transport;

/// How long a borrowed thread waits for more to do. An answer is applied and saved within less, so that it seldom
/// takes two; between answers an idle exporter has those three only.
const LINGER: Duration = Duration::from_millis(100);

/// Everything a run needs.
pub(super) struct Plan<'a> {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) transport: Arc<dyn Transport>,
    /// Who collects; everything else is done where [`Plan::serve`] is.
    pub(super) crew: Crew,
    pub(super) web: &'a Web,
    /// What guards the server; `None` lets everybody in.
    pub(super) guard: Option<Guard<'a>>,
    /// Reads the settings again; `None` where they come from nowhere.
    pub(super) load: Option<Load>,
}

impl Plan<'_> {
    /// Runs until a signal; `greet` is told where it listens.
    pub(super) async fn serve(
        mut self,
        greet: impl FnOnce(&[SocketAddr]) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        files::raise_limit();
        let signals = Signals::listen()?;
        let bound = web::bind(self.web).await?;
        let addresses = bound.addresses();
        log_plans(&self.settings);
        let seed = seed(&self.clock);
        let directory = self.settings.state_directory.as_ref();
        let store = directory.map(|at| Arc::new(Disk::new(at)) as Arc<dyn Store>);
        let transport = Arc::clone(&self.transport);
        let app = App::build(&self.settings, self.clock.clone(), transport, store, seed);
        let (reloads, wishes) = reload::channel();
        let site = self.site(&app, &reloads, &addresses);
        let reader = self.reader(&app, &site);
        web::warn_if_exposed(&site, &addresses);
        for address in &addresses {
            info!(%address, path = %site.telemetry_path, version = site.version, "serving metrics");
        }
        greet(&addresses)?;
        systemd::ready();
        let (stop, mut shutdown) = channel();
        let collecting =
            whole(self.crew.first().spawn(app.collect(self.crew.clone(), shutdown.clone())));
        let serving = bound.run(site, async move { shutdown.wait().await }).map(Ok);
        tokio::select! {
            biased;
            done = stop_on_signals(signals, stop, reloads) => done,
            never = systemd::watchdog() => match never {},
            done = try_join(collecting, serving) => done.map(drop),
            () = reader.run(wishes) => Ok(()),
        }
    }

    fn site(&mut self, app: &App, reloads: &Reloads, addresses: &[SocketAddr]) -> Arc<Site> {
        let reload = ReloadState { successful: true, at: self.clock.wall() };
        let loaded = Loaded { text: config::effective(&self.settings).into(), reload };
        Arc::new(Site {
            board: Arc::clone(&app.board),
            telemetry: Arc::clone(&app.telemetry),
            clock: self.clock.clone(),
            telemetry_path: self.web.telemetry_path.clone(),
            loaded: Arc::new(ArcSwap::from_pointee(loaded)),
            version: env!("CARGO_PKG_VERSION"),
            process: Process::this(),
            press: Press::default(),
            endings: Endings::default(),
            faces: Faces::new(self.clock.wall()),
            reloads: self.web.enable_lifecycle.then(|| reloads.clone()),
            lock: self.guard.take().map(Guard::lock),
            gate: Gate::new(self.web.max_requests),
            reachable: is_reachable(addresses),
        })
    }

    fn reader(&self, app: &App, site: &Site) -> Reader {
        Reader {
            load: self.load.clone(),
            patience: READING,
            control: app.control(),
            loaded: Arc::clone(&site.loaded),
            clock: self.clock.clone(),
        }
    }
}

/// Collectors fail one by one, and are begun again; what begins them is not.
async fn whole(collecting: JoinHandle<()>) -> Result<(), CommandError> {
    let failed =
        |error| CommandError::System(format!("collecting failed; please report it: {error}"));
    collecting.await.map_err(failed)
}

/// Runs a command's work to its end on this thread. Whatever hangs then, a disk or a thread, is left behind.
pub(super) fn block_on(
    work: impl Future<Output = Result<(), CommandError>>,
) -> Result<(), CommandError> {
    let here = built()?;
    let done = here.block_on(work);
    here.shutdown_background();
    done
}

/// The same, with two threads beside this one for what collects, on any number of cores: they wait for the network,
/// and one has time for thousands of accounts. This thread serves, so that neither waits for the other. What blocks,
/// the disk or the rendering of a large page, borrows another thread for a moment.
pub(super) fn beside_collectors<F>(work: impl FnOnce(Crew) -> F) -> Result<(), CommandError>
where
    F: Future<Output = Result<(), CommandError>>,
{
    let crew = Crew::new(collector()?, [collector()?]);
    block_on(work(crew))
}

/// A thread that does nothing but what it is handed.
fn collector() -> Result<Handle, CommandError> {
    let runtime = built()?;
    let handle = runtime.handle().clone();
    let thread = std::thread::Builder::new().name("collector".to_owned());
    thread
        .spawn(move || runtime.block_on(pending::<()>()))
        .map_err(|error| cannot_start(&error))?;
    Ok(handle)
}

/// A runtime of one thread. Several of these, and not one of several threads, whose workers would wake each other.
fn built() -> Result<Runtime, CommandError> {
    let mut runtime = Builder::new_current_thread();
    runtime.thread_keep_alive(LINGER).enable_all().build().map_err(|error| cannot_start(&error))
}

fn cannot_start(error: &std::io::Error) -> CommandError {
    CommandError::System(format!("cannot start: {error}"))
}
