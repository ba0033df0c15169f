//! The real exporter before simulated APIs, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::{Limit, LimiterKind};
use revenue_exporter::demo::switches::Fault;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::World;
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{Settings, TapRainLimits};
use revenue_exporter::state::Store;

use crate::record::{Recording, Wanted};
use crate::scenario::{Action, Vendor};
use crate::support::memory::Memory;
use crate::support::{Scene, every, klar_account, settings, taprain_account};

/// How one exporter is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    pub vendor: Vendor,
    /// Seconds between two looks at `today`.
    pub every: u64,
    /// Whether all but `today` is looked at so rarely that days are just seen when they are new.
    pub sparse: bool,
    /// Whether the past is asked for.
    pub history: bool,
}

impl Setup {
    fn settings(self) -> Settings {
        // Yesterday, a week, a month; of TapRain and of Klar.
        let ([day, week, month], [orders, fresh, klar_week, klar_month]) = if self.sparse {
            ([3_600, 43_200, 43_200], [14_400, 3_600, 43_200, 43_200])
        } else {
            ([1_800, 7_200, 7_200], [900, 1_800, 7_200, 43_200])
        };
        let ranges = [
            (Range::Today, self.every),
            (Range::Yesterday, day),
            (Range::SevenDays, week),
            (Range::ThirtyDays, month),
        ];
        let mut tap =
            taprain_account("t", ranges.map(|(range, seconds)| every(range, seconds)).into());
        tap.limits = TapRainLimits { country: 6, source: 6, offer: 10 };
        let ranges = [
            (Range::Today, orders),
            (Range::Yesterday, fresh),
            (Range::SevenDays, klar_week),
            (Range::ThirtyDays, klar_month),
        ];
        let ranges = ranges.map(|(range, seconds)| every(range, seconds)).into();
        let mut shop = klar_account("k", Detail::Channel, ranges);
        if self.history {
            tap.common.history_days = 35;
            shop.common.history_days = 60;
        }
        let tap = (self.vendor != Vendor::Klar).then_some(tap);
        let shop = (self.vendor != Vendor::TapRain).then_some(shop);
        settings(tap.into_iter().collect(), shop.into_iter().collect())
    }
}

/// Simulators of both APIs, and an exporter that may come and go.
pub struct Stage {
    pub clock: Clock,
    setup: Setup,
    taprain: Arc<taprain::TapRain>,
    klar: Arc<klar::Klar>,
    memory: Arc<Memory>,
    scene: Option<Scene>,
}

impl Stage {
    pub fn new(world: &Arc<World>, setup: Setup, start: Timestamp, memory: Arc<Memory>) -> Self {
        let clock = Clock::simulated(start, 1);
        let limit = Limit {
            requests: u32::MAX,
            per: Duration::from_secs(1),
            kind: LimiterKind::FixedWindow,
        };
        let options = taprain::Options { limit, ..Default::default() };
        let taprain = taprain::TapRain::new(Arc::clone(world), clock.clone(), options);
        let options = klar::Options { limit, ..Default::default() };
        let klar = klar::Klar::new(Arc::clone(world), clock.clone(), options);
        let (taprain, klar) = (Arc::new(taprain), Arc::new(klar));
        let mut stage = Self { clock, setup, taprain, klar, memory, scene: None };
        stage.begin();
        stage
    }

    fn begin(&mut self) {
        let hosts: Vec<(String, Arc<dyn Answer>)> = vec![
            ("t".to_owned(), Arc::clone(&self.taprain) as Arc<dyn Answer>),
            ("k".to_owned(), Arc::clone(&self.klar) as Arc<dyn Answer>),
        ];
        let options = wire::Options { keep_bodies: false, ..Default::default() };
        let wire = Arc::new(Wire::to_hosts(hosts, self.clock.clone(), options));
        let store = Arc::clone(&self.memory) as Arc<dyn Store>;
        let settings = self.setup.settings();
        self.scene = Some(Scene::start_with(settings, self.clock.clone(), wire, Some(store)));
    }

    pub async fn until(&self, instant: Timestamp) {
        let left = instant.duration_since(self.clock.wall());
        self.clock.sleep(left.try_into().unwrap_or_default()).await;
    }

    /// Ends; what was kept is in its memory.
    pub async fn end(mut self) {
        if let Some(scene) = self.scene.take() {
            scene.stop().await;
        }
    }

    async fn apply(&mut self, action: Action) {
        let switches = self.taprain.switches();
        match action {
            Action::Suspend => switches.change(|setting| setting.suspended = true),
            Action::LoseKey => self.taprain.set_key("another"),
            Action::Lag(minutes) => switches.change(|setting| setting.lag_minutes = minutes),
            Action::StandardTime => switches.change(|setting| setting.standard_time = true),
            Action::BadGateway(ill) => {
                switches.change(|setting| setting.fault = ill.then_some(Fault::BadGateway));
            }
            Action::Storm(on) => {
                switches.change(|setting| setting.storm = on.then_some(Duration::from_secs(60)));
            }
            Action::Restart(_) => {
                if let Some(scene) = self.scene.take() {
                    scene.kill().await;
                    self.clock.sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Scrapes every `step` seconds until `end`, while the script is played.
    pub async fn play(
        &mut self,
        script: &[(Timestamp, Action)],
        end: Timestamp,
        step: i64,
        (wanted, instance): (&Wanted, &str),
        recording: &mut Recording,
    ) {
        let mut script = script.iter().peekable();
        let mut back = None::<Timestamp>;
        let mut at = self.clock.wall().as_second().div_euclid(step) * step + step;
        while at <= end.as_second() {
            let scrape = Timestamp::from_second(at).unwrap();
            while let Some((when, action)) = script.next_if(|(when, _)| *when <= scrape) {
                self.until(*when).await;
                self.apply(*action).await;
                if let Action::Restart(minutes) = action {
                    back = Some(*when + jiff::SignedDuration::from_mins(*minutes));
                }
            }
            if let Some(when) = back.filter(|when| *when <= scrape) {
                self.until(when).await;
                self.begin();
                back = None;
            }
            self.until(scrape).await;
            let up = self.scene.is_some();
            if let Some(scene) = &self.scene {
                recording.page(&scene.metrics().await, at, wanted, instance);
            } else {
                recording.silence(at);
            }
            recording.note("up", at, f64::from(u8::from(up)), wanted, instance);
            at += step;
        }
        recording.silence(at);
    }
}
