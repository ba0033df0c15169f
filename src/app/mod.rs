//! The parts put together: settings become collectors, and collectors a running whole.

mod supervise;

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::board::Board;
use crate::clock::Clock;
use crate::collector::{Surroundings, part};
use crate::fetch::Fetch;
use crate::model::settings::{Settings, Subject};
use crate::plan::Plan;
use crate::shutdown::Shutdown;
use crate::telemetry::Telemetry;
use crate::upstream::transport::Transport;
use supervise::Supervisor;

/// Collectors that have not begun, and what they will share.
pub struct App {
    /// Where they will publish.
    pub board: Arc<Board>,
    /// Where they will count.
    pub telemetry: Arc<Telemetry>,
    subjects: Vec<Subject>,
    around: Surroundings,
}

impl App {
    /// One collector an account. `seed` decides the jitter of waits and nothing else.
    pub fn build(
        settings: &Settings,
        clock: Clock,
        transport: Arc<dyn Transport>,
        seed: u64,
    ) -> Self {
        let subjects = settings.subjects();
        let board = Arc::new(Board::new(subjects.iter().map(part::new).collect()));
        let telemetry = Arc::new(Telemetry::default());
        let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
        let around = Surroundings {
            board: Arc::clone(&board),
            telemetry: Arc::clone(&telemetry),
            clock,
            fetch,
            seed,
        };
        Self { board, telemetry, subjects, around }
    }

    /// Collects until `shutdown`. An account whose collector fails leaves the others alone.
    pub async fn collect(self, shutdown: Shutdown) {
        let mut running = JoinSet::new();
        for subject in self.subjects {
            let supervisor = Supervisor::new(subject, self.around.clone());
            running.spawn(supervisor.run(shutdown.clone()));
        }
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                error!(%error, "an account is no longer collected; its figures will go stale");
            }
        }
    }
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
