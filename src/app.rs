//! The parts put together: settings become collectors, and collectors a running whole.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::board::Board;
use crate::clock::Clock;
use crate::collector::{Collector, Surroundings, part};
use crate::fetch::Fetch;
use crate::model::settings::{Settings, Subject};
use crate::plan::Plan;
use crate::shutdown::Shutdown;
use crate::snapshot::AccountPart;
use crate::state::{State, Store};
use crate::telemetry::Telemetry;
use crate::upstream::transport::Transport;

/// Collectors that have not begun, and what they will share.
pub struct App {
    /// Where they will publish.
    pub board: Arc<Board>,
    /// Where they will count.
    pub telemetry: Arc<Telemetry>,
    collectors: Vec<Collector>,
}

impl App {
    /// One collector an account. `seed` decides the jitter of waits and nothing else.
    pub fn build(
        settings: &Settings,
        clock: Clock,
        transport: Arc<dyn Transport>,
        store: Option<Arc<dyn Store>>,
        seed: u64,
    ) -> Self {
        let subjects = settings.subjects();
        let telemetry = Arc::new(Telemetry::default());
        let state = State::new(store, clock.clone(), Arc::clone(&telemetry), seed);
        let board = Arc::new(Board::new(subjects.iter().map(|of| known(of, &state)).collect()));
        let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
        let around = Surroundings {
            board: Arc::clone(&board),
            telemetry: Arc::clone(&telemetry),
            clock,
            fetch,
            state: Arc::new(state),
            seed,
        };
        let collectors = subjects.into_iter();
        let collectors =
            collectors.map(|subject| Collector::new(subject, around.clone())).collect();
        Self { board, telemetry, collectors }
    }

    /// Collects until `shutdown`. An account whose collector fails leaves the others alone.
    pub async fn collect(self, shutdown: Shutdown) {
        let mut running = JoinSet::new();
        for collector in self.collectors {
            running.spawn(collector.run(shutdown.clone()));
        }
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                error!(%error, "an account's collector failed; its figures will go stale");
            }
        }
    }
}

/// An account's part of the page, with what was known of it before a restart.
fn known(subject: &Subject, state: &State) -> AccountPart {
    let mut part = part::new(subject);
    state.open(&mut part);
    part
}

/// Says in the log how every account's views fit its budget.
pub fn log_plans(settings: &Settings) {
    for subject in settings.subjects() {
        log_plan(subject.api().as_str(), &subject.common().name, &Plan::of(&subject));
    }
}

fn log_plan(api: &str, account: &str, plan: &Plan) {
    let (asked, allowed) = (plan.asked_per_hour.round(), plan.allowed_per_hour.round());
    if plan.stretch > 1.0 {
        let stretch = (plan.stretch * 10.0).round() / 10.0;
        warn!(
            api,
            account,
            asked_per_hour = asked,
            allowed_per_hour = allowed,
            stretch,
            "the views ask for more than the budget allows: every interval is stretched; \
             see `revenue-exporter check`"
        );
    } else {
        info!(
            api,
            account,
            asked_per_hour = asked,
            allowed_per_hour = allowed,
            "the views fit the budget"
        );
    }
}
