//! What the server's answers are made of.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::face::Faces;
use super::gate::Gate;
use super::lock::Lock;
use super::reload::Reloads;
use crate::board::Board;
use crate::clock::Clock;
use crate::exposition::ending::Endings;
use crate::exposition::own::ReloadState;
use crate::exposition::press::Press;
use crate::exposition::process::Process;
use crate::telemetry::Telemetry;

/// Everything that can be asked for.
#[derive(Debug)]
pub struct Site {
    /// What is known.
    pub board: Arc<Board>,
    /// What was counted.
    pub telemetry: Arc<Telemetry>,
    /// What time it is.
    pub clock: Clock,
    /// Where the metrics are: a path beginning with `/`.
    pub telemetry_path: String,
    /// The configuration that is in force.
    pub loaded: Arc<ArcSwap<Loaded>>,
    /// The exporter's version.
    pub version: &'static str,
    /// The process, or `None` to leave `process_*` out.
    pub process: Option<Process>,
    /// Renders the board; begin with `Press::default()`.
    pub press: Press,
    /// The last of the exporter's own parts; begin with `Endings::default()`.
    pub endings: Endings,
    /// The last status, for people and programs; begin with `Faces::new(now)`.
    pub faces: Faces,
    /// Where a wish to reload goes; `None` where HTTP may not have one.
    pub reloads: Option<Reloads>,
    /// What guards the pages; `None` lets everybody in.
    pub lock: Option<Arc<Lock>>,
    /// How many pages of metrics may be on their way at once.
    pub gate: Gate,
    /// Whether anybody beyond this host can reach the server.
    pub reachable: bool,
}

/// The configuration as it is shown; swapped by a reload.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The effective configuration, its secrets masked.
    pub text: Arc<str>,
    /// How the last reading of it went.
    pub reload: ReloadState,
}
