//! The stage: simulators that change under way, judges at their doors, and the exporter.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::World;
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::settings::Settings;
use revenue_exporter::state::Store;

use super::chronicle::Chronicle;
use super::looks::looks;
use super::plan::{Plan, SIZE, Watched};
use super::script::{Event, What, script};
use super::trouble::{Vendors, place};
use super::watch::{Counts, Watch};
use crate::support::Scene;
use crate::support::judge::Judge;
use crate::support::memory::Memory;

/// How far the exporter's idea of the time may be off where its clock is stepped: clocks that differ
/// by no more than five seconds cannot be told apart by an HTTP date.
const SLACK: SignedDuration = SignedDuration::from_secs(6);

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    pub counts: Counts,
    pub events: usize,
    pub requests: u64,
    /// False samples, broken limits and overdue figures, as sentences.
    pub wrong: Vec<String>,
}

struct Stage {
    /// The truth, by which the simulators live.
    clock: Clock,
    /// The clock of the exporter's machine.
    machine: Clock,
    vendors: Vendors,
    judges: [Arc<Judge>; 2],
    chronicle: Arc<Chronicle>,
    settings: Settings,
    /// The exporter's state, which outlives it.
    memory: Arc<Memory>,
    scene: Option<Scene>,
    /// Holds the key files.
    _keys: tempfile::TempDir,
}

/// Runs `plan` from its first to its last moment.
pub async fn run(plan: &Plan) -> Outcome {
    let accounts = plan.watched();
    let mut stage = Stage::new(plan, &accounts);
    let slack = if plan.steps > 0 { SLACK } else { SignedDuration::ZERO };
    let (chronicle, clock) = (Arc::clone(&stage.chronicle), stage.clock.clone());
    let mut watch = Watch::new(accounts, chronicle, clock, slack);
    let events = script(plan);
    let count = events.len();
    let looks = looks(plan, &watch.accounts, &events);
    let mut events = events.into_iter().peekable();
    for (at, whole_page) in looks {
        stage.until(at).await;
        while let Some(event) = events.next_if(|event| event.at <= at) {
            stage.apply(event, &mut watch).await;
        }
        let Some(scene) = &stage.scene else { continue };
        let told = scene.clock.moment();
        watch.look(&scene.snapshot(), told);
        if whole_page {
            watch.read(&scene.page().await, &scene.snapshot(), told);
        }
    }
    let requests = stage.judges.iter().map(|judge| judge.record().total().total).sum();
    let wrong = [watch.verdict(), stage.broken_limits()].concat();
    stage.end().await;
    Outcome { counts: watch.counts, events: count, requests, wrong }
}

impl Stage {
    fn new(plan: &Plan, accounts: &[Watched]) -> Self {
        let clock = Clock::simulated(plan.start, 1);
        let machine = clock.with_own_wall();
        let world = Arc::new(World::revised(plan.seed, SIZE));
        let taprain =
            taprain::TapRain::new(Arc::clone(&world), clock.clone(), taprain::Options::default());
        let options = klar::Options { zone: accounts[1].zone.clone(), ..Default::default() };
        let klar = klar::Klar::new(world, clock.clone(), options);
        let (taprain, klar) = (Arc::new(taprain), Arc::new(klar));
        let judges = [
            Judge::new(Arc::clone(&taprain) as Arc<dyn Answer>, clock.clone(), Limit::TAPRAIN),
            Judge::new(Arc::clone(&klar) as Arc<dyn Answer>, clock.clone(), Limit::KLAR),
        ];
        let wires = judges.each_ref().map(|judge| {
            let options =
                wire::Options { seed: plan.seed, keep_bodies: false, ..Default::default() };
            Wire::new(Arc::clone(judge) as Arc<dyn Answer>, clock.clone(), options)
        });
        let keys = tempfile::tempdir().unwrap();
        let hosts = accounts.iter().map(|account| account.host).zip(wires.clone()).collect();
        let files = [0, 1].map(|index| keys.path().join(accounts[index].host));
        let mut stage = Self {
            chronicle: Chronicle::new(hosts, clock.clone()),
            settings: plan.settings(keys.path()),
            vendors: Vendors { taprain, klar, wires, files, keys: [0; 2] },
            clock,
            machine,
            judges,
            memory: Memory::new(),
            scene: None,
            _keys: keys,
        };
        stage.begin();
        stage
    }

    /// The exporter begins, on the same machine and with the same state.
    fn begin(&mut self) {
        let (settings, machine) = (self.settings.clone(), self.machine.clone());
        let transport = Arc::clone(&self.chronicle);
        let store = Arc::clone(&self.memory) as Arc<dyn Store>;
        self.scene = Some(Scene::start_with(settings, machine, transport, Some(store)));
    }

    async fn until(&self, instant: Timestamp) {
        let left = instant.duration_since(self.clock.wall());
        self.clock.sleep(left.try_into().unwrap_or_default()).await;
    }

    async fn apply(&mut self, event: Event, watch: &mut Watch) {
        let now = self.clock.tick();
        match event.what {
            What::Begin(api, _) => watch.health[place(api)].begin(now),
            What::End(api, _) => watch.health[place(api)].end(now),
            What::Lag(api, minutes) => watch.health[place(api)].lag(minutes, now),
            What::Restart { killed } => self.restart(killed, watch).await,
            What::Step(by) => self.machine.step(by),
            What::Rotate(_) | What::ForgetTokens | What::Advice(..) => {}
        }
        self.vendors.apply(event.what);
    }

    async fn restart(&mut self, killed: bool, watch: &mut Watch) {
        self.end_scene(killed).await;
        // What was aborted lets go of its locks when the runtime next turns.
        self.clock.sleep(Duration::from_millis(20)).await;
        self.begin();
        watch.restarted();
    }

    async fn end_scene(&mut self, killed: bool) {
        match self.scene.take() {
            Some(scene) if killed => scene.kill().await,
            Some(scene) => scene.stop().await,
            None => {}
        }
    }

    fn broken_limits(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for judge in &self.judges {
            let violations = judge.record().violations();
            broken.extend(violations.iter().take(5).map(ToString::to_string));
            let refused = judge.refused().into_iter().filter(|(_, refused)| *refused > 0);
            broken.extend(refused.map(|(kind, times)| format!("{kind:?} refused {times} x")));
        }
        broken
    }

    async fn end(mut self) {
        self.end_scene(false).await;
    }
}
