//! What a command that asks the APIs and ends needs around it.

use std::sync::Arc;

use super::CommandError;
use crate::backfill::gather::Around;
use crate::clock::Clock;
use crate::fetch::Fetch;
use crate::model::settings::Settings;
use crate::state::{Disk, State, Store};
use crate::telemetry::Telemetry;
use crate::upstream::http::Http;

/// The network, and the ledgers in the settings' state directory.
pub(super) fn around(settings: &Settings, clock: &Clock) -> Result<Around, CommandError> {
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    let seed = seed(clock);
    let directory = settings.state_directory.as_ref();
    let store = directory.map(|at| Arc::new(Disk::new(at)) as Arc<dyn Store>);
    let telemetry = Arc::new(Telemetry::default());
    let state = Arc::new(State::new(store, clock.clone(), telemetry, seed));
    let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
    Ok(Around { clock: clock.clone(), fetch, state, seed })
}

/// Differs between processes that run at once, and between those that ran before.
pub(super) fn seed(clock: &Clock) -> u64 {
    let nanos = clock.wall().subsec_nanosecond().unsigned_abs();
    u64::from(std::process::id()) << 32 | u64::from(nanos)
}
