//! The parts put together: settings become collectors, and collectors a running whole.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::{error, info, warn};

use crate::board::Board;
use crate::clock::Clock;
use crate::collector::{self, Collector, Surroundings};
use crate::fetch::Fetch;
use crate::model::settings::Settings;
use crate::plan::Plan;
use crate::shutdown::Shutdown;
use crate::snapshot::AccountPart;
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
        settings: Settings,
        clock: Clock,
        transport: Arc<dyn Transport>,
        seed: u64,
    ) -> Self {
        let board = Arc::new(Board::new(parts(&settings)));
        let telemetry = Arc::new(Telemetry::default());
        let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
        let around = Surroundings {
            board: Arc::clone(&board),
            telemetry: Arc::clone(&telemetry),
            clock,
            fetch,
            seed,
        };
        let first_klar = settings.taprain.len();
        let taprain = settings.taprain.into_iter().enumerate();
        let taprain = taprain.map(|(at, account)| Collector::taprain(account, at, around.clone()));
        let klar = settings.klar.into_iter().enumerate();
        let klar =
            klar.map(|(at, account)| Collector::klar(account, first_klar + at, around.clone()));
        let collectors = taprain.chain(klar).collect();
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

/// Says in the log how every account's views fit its budget.
pub fn log_plans(settings: &Settings) {
    for account in &settings.taprain {
        log_plan("taprain", &account.common.name, &Plan::taprain(account));
    }
    for account in &settings.klar {
        log_plan("klar", &account.common.name, &Plan::klar(account));
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

fn parts(settings: &Settings) -> Vec<AccountPart> {
    let taprain = settings.taprain.iter();
    let taprain = taprain.map(|account| collector::taprain_part(account, &Plan::taprain(account)));
    let klar = settings.klar.iter();
    let klar = klar.map(|account| collector::klar_part(account, &Plan::klar(account)));
    taprain.chain(klar).collect()
}
