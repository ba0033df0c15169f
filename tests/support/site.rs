//! What a server shows that knows of no account.

use std::sync::Arc;

use arc_swap::ArcSwap;
use revenue_exporter::board::Board;
use revenue_exporter::clock::Clock;
use revenue_exporter::exposition::ending::Endings;
use revenue_exporter::exposition::own::ReloadState;
use revenue_exporter::exposition::press::Press;
use revenue_exporter::server::face::Faces;
use revenue_exporter::server::gate::Gate;
use revenue_exporter::server::site::{Loaded, Site};
use revenue_exporter::telemetry::Telemetry;

/// A site without accounts that answers everybody, and shows `config` as its configuration.
pub(crate) fn empty(clock: Clock, config: &str) -> Site {
    let reload = ReloadState { successful: true, at: clock.wall() };
    Site {
        board: Arc::new(Board::new(Vec::new())),
        telemetry: Arc::new(Telemetry::default()),
        telemetry_path: "/metrics".to_owned(),
        loaded: Arc::new(ArcSwap::from_pointee(Loaded { text: config.into(), reload })),
        version: "1.2.3",
        process: None,
        press: Press::default(),
        endings: Endings::default(),
        faces: Faces::new(clock.wall()),
        reloads: None,
        lock: None,
        gate: Gate::new(40),
        reachable: false,
        clock,
    }
}
