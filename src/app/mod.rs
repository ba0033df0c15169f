//! The parts put together: settings become collectors, and collectors a running whole that takes
//! other settings while it runs.

mod crew;
mod fleet;
mod ledgers;
mod plans;
mod running;
mod supervise;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::board::Board;
use crate::clock::Clock;
use crate::collector::{Surroundings, part};
use crate::fetch::Fetch;
use crate::model::settings::{Settings, Subject};
use crate::shutdown::Shutdown;
use crate::snapshot::AccountPart;
use crate::state::{State, Store};
use crate::telemetry::Telemetry;
use crate::upstream::transport::Transport;
pub use crew::Crew;
use fleet::Fleet;
pub use plans::log_plans;

/// Orders that wait while one is carried out.
const ORDERS: usize = 8;

/// Threads that read the state of many accounts at the start, and how many accounts are worth one.
const READERS: usize = 32;
const FEW: usize = 16;

/// Everything that collects, before and while it runs.
pub struct App {
    /// Where figures are published.
    pub board: Arc<Board>,
    /// Where events are counted.
    pub telemetry: Arc<Telemetry>,
    settings: Settings,
    around: Surroundings,
    control: Control,
    orders: mpsc::Receiver<Order>,
}

/// Hands other settings to an [`App`] that runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control(mpsc::Sender<Order>);

#[derive(Debug)]
struct Order {
    settings: Settings,
    done: oneshot::Sender<()>,
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
        let telemetry = Arc::new(Telemetry::default());
        let state = State::new(store, clock.clone(), Arc::clone(&telemetry), seed);
        let parts = all_known(&settings.subjects(), &state);
        let board = Arc::new(Board::new(parts));
        let fetch = Fetch { transport, clock: clock.clone(), limits: settings.collection };
        let around = Surroundings {
            board: Arc::clone(&board),
            telemetry: Arc::clone(&telemetry),
            clock,
            fetch,
            state: Arc::new(state),
            seed,
        };
        let (sender, orders) = mpsc::channel(ORDERS);
        let (settings, control) = (settings.clone(), Control(sender));
        Self { board, telemetry, settings, around, control, orders }
    }

    /// Changes the settings while [`App::collect`] runs.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Collects on `crew`'s threads until `shutdown`. An account whose collector fails leaves the others alone.
    pub async fn collect(mut self, crew: Crew, mut shutdown: Shutdown) {
        let mut fleet = Fleet::new(self.around, crew);
        fleet.begin(self.settings.subjects());
        loop {
            tokio::select! {
                biased;
                () = shutdown.wait() => break,
                // Never `None`: the app has a control of its own.
                Some(order) = self.orders.recv() => {
                    fleet.apply(&self.settings, &order.settings).await;
                    self.settings = order.settings;
                    // Whoever ordered it may have left.
                    let _ = order.done.send(());
                }
            }
        }
        fleet.end().await;
    }
}

/// The parts of all accounts. A disk that is waited for is asked for several at once.
fn all_known(subjects: &[Subject], state: &State) -> Vec<AccountPart> {
    let share = subjects.len().div_ceil(READERS).max(FEW);
    let read = |subjects: &[Subject]| subjects.iter().map(|of| known(of, state)).collect();
    std::thread::scope(|scope| {
        let mut shares = subjects.chunks(share);
        let first = shares.next().unwrap_or_default();
        let others: Vec<_> =
            shares.map(|share| (share, scope.spawn(move || read(share)))).collect();
        let mut parts: Vec<AccountPart> = read(first);
        for (share, other) in others {
            // Whatever failed there fails here as well, where it is reported.
            parts.extend(other.join().unwrap_or_else(|_| read(share)));
        }
        parts
    })
}

/// An account's part of the page, with what was known of it before a restart.
fn known(subject: &Subject, state: &State) -> AccountPart {
    let mut part = part::new(subject);
    state.open(&mut part);
    part
}

impl Control {
    /// Puts `settings` in force. What they leave as it is goes on untouched: its tasks, ledgers,
    /// tokens and figures. Returns once all is in place; `None` when the app has ended.
    pub async fn apply(&self, settings: Settings) -> Option<()> {
        let (done, applied) = oneshot::channel();
        self.0.send(Order { settings, done }).await.ok()?;
        applied.await.ok()
    }
}
