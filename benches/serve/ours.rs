//! Our own server with a page that stands still, but for its own metrics.

use std::sync::Arc;

use revenue_exporter::clock::Clock;
use revenue_exporter::exposition::process::Process;
use revenue_exporter::server::Server;
use revenue_exporter::server::gate::Gate;
use revenue_exporter::server::site::Site;
use tokio::runtime::Builder;
use tokio::sync::oneshot::{Sender, channel};

use crate::pages::Pages;
use crate::site::empty;

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
    let clock = Clock::simulated("2026-03-18T16:00:00Z".parse().unwrap(), 1);
    let site = runtime.block_on(async {
        Arc::new(Site {
            board: Arc::new(pages.board()),
            process: Process::this(),
            // nginx has no such limit either.
            gate: Gate::new(0),
            ..empty(clock, "")
        })
    });
    let (stop, stopped) = channel();
    let stopped = async { drop(stopped.await) };
    std::thread::spawn(move || runtime.block_on(bound.run(site, stopped)));
    Ours { port, _stop: stop }
}
