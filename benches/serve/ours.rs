//! Our own server with a page that stands still, but for its own metrics.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use revenue_exporter::clock::Clock;
use revenue_exporter::exposition::ending::Endings;
use revenue_exporter::exposition::own::ReloadState;
use revenue_exporter::exposition::press::Press;
use revenue_exporter::exposition::process::Process;
use revenue_exporter::server::Server;
use revenue_exporter::server::face::Faces;
use revenue_exporter::server::gate::Gate;
use revenue_exporter::server::site::{Loaded, Site};
use revenue_exporter::telemetry::Telemetry;
use tokio::runtime::Builder;
use tokio::sync::oneshot::{Sender, channel};

use crate::pages::Pages;

pub struct Ours {
    pub port: u16,
    /// Ends the server with itself.
    _stop: Sender<()>,
}

/// Serves `pages` with one thread, as the program does.
pub fn serve(pages: Pages) -> Ours {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let bound = runtime.block_on(Server::bind(&["127.0.0.1:0".parse().unwrap()])).unwrap();
    let port = bound.addresses()[0].port();
    let reload = ReloadState { successful: true, at: Timestamp::UNIX_EPOCH };
    let site = runtime.block_on(async {
        Arc::new(Site {
            board: Arc::new(pages.board()),
            telemetry: Arc::new(Telemetry::default()),
            clock: Clock::simulated("2026-03-18T16:00:00Z".parse().unwrap(), 1),
            telemetry_path: "/metrics".to_owned(),
            loaded: Arc::new(ArcSwap::from_pointee(Loaded { text: "".into(), reload })),
            version: "0.0.0",
            process: Process::this(),
            press: Press::default(),
            endings: Endings::default(),
            faces: Faces::new(Timestamp::UNIX_EPOCH),
            reloads: None,
            lock: None,
            // nginx has no such limit either.
            gate: Gate::new(0),
            reachable: false,
        })
    });
    let (stop, stopped) = channel();
    let stopped = async { drop(stopped.await) };
    std::thread::spawn(move || runtime.block_on(bound.run(site, stopped)));
    Ours { port, _stop: stop }
}
