//! An exporter whose APIs are disturbed by a script, and what must hold all the same: no limit is
//! broken, no figure is shown that was not answered, what is old goes when the contract says so, and
//! every fault is got over.

use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Tick;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::klar::{Detail, Model};
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{KlarView, Settings};

use super::asked::ASKED;
use crate::support::faults::Faulty;
use crate::support::judge::Judge;
use crate::support::page::Page;
use crate::support::recorder::Recorder;
use crate::support::script::{Script, Spell};
use crate::support::truth::{self, Series};
use crate::support::{
    Scene, budget, clock_at, every, klar_account, klar_view, settings, taprain_account,
};

/// Figures of any age up to this may be shown, and older ones up to three intervals.
const LEAST_STALE: Duration = Duration::from_secs(15 * 60);

/// After the worst fault an account is asked again within a quarter of an hour and a tenth.
const LONGEST_HOLD: Duration = Duration::from_secs(990);

/// After any other a view is asked again within its interval and a tenth, this one the longest.
const RARE: Duration = Duration::from_secs(740);

/// Time for what was on its way when a fault ended, and for the budget that it blocked.
const AFTERMATH: Duration = Duration::from_secs(180);

/// Both accounts want more than their whole budget, nothing of which is left to others.
fn greedy() -> Settings {
    let ranges =
        vec![every(Range::Today, 10), every(Range::Yesterday, 12), every(Range::SevenDays, 600)];
    let mut stats = taprain_account("t", ranges);
    stats.common.budget = budget(600, 3600, 0.0);
    let mut store = klar_account("k", Detail::Channel, vec![every(Range::Today, 20)]);
    let view = klar_view("linear", Detail::Channel, vec![every(Range::Yesterday, 20)]);
    store.views.push(KlarView { model: Model::Linear, ..view });
    let mut settings = settings(vec![stats], vec![store]);
    settings.collection.max_response = 1 << 20;
    settings
}

/// The exporter, its judges, and what it has been told.
pub(super) struct Ordeal {
    scene: Scene,
    judges: [Arc<Judge>; 2],
    recorder: Arc<Recorder>,
    script: Script,
}

impl Ordeal {
    pub(super) fn begin(seed: u64, script: Script) -> Self {
        let clock = clock_at("2026-03-28T00:00:05Z");
        let size = Size { leads_per_day: 45, sources: 2, ads_per_group: 1 };
        let world = Arc::new(World::new(seed, size));
        let stats =
            taprain::TapRain::new(Arc::clone(&world), clock.clone(), taprain::Options::default());
        let store = klar::Klar::new(world, clock.clone(), klar::Options::default());
        let judges = [
            Judge::new(Arc::new(stats), clock.clone(), Limit::TAPRAIN),
            Judge::new(Arc::new(store), clock.clone(), Limit::KLAR),
        ];
        let [t, k] = judges.clone().map(|judge| judge as Arc<dyn Answer>);
        let options = wire::Options { seed, keep_bodies: false, ..wire::Options::default() };
        let hosts = vec![("t".to_owned(), t), ("k".to_owned(), k)];
        let wire = Wire::to_hosts(hosts, clock.clone(), options);
        let faulty = Faulty::new(wire, clock.clone(), script.clone());
        let recorder = faulty.recorder();
        let scene = Scene::start(greedy(), clock, Arc::new(faulty));
        Self { scene, judges, recorder, script }
    }

    /// Looks at the page at moments of no significance, and when each fault must be got over.
    pub(super) async fn watch(self, seed: u64, time: Duration) -> String {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut due = self.got_over();
        let mut at = Tick::default();
        while at.since_start() < time {
            at = at + Duration::from_millis(rng.u64(1..20 * 60_000));
            due.push((at, None));
        }
        due.sort_by_key(|(at, _)| *at);
        for (at, spell) in due {
            self.scene.clock.sleep_until(at).await;
            let page = self.scene.page().await;
            assert_eq!(self.scene.clock.tick(), at, "a scrape waits for nothing");
            let wanted = self.wanted(&page);
            for prefix in ["taprain_", "klar_"] {
                truth::assert_same(&of(&wanted, prefix), &page.figures(prefix), 1e-9);
            }
            if let Some(spell) = spell {
                self.assert_recovered(&spell, &page);
            }
        }
        self.assert_no_limit_is_broken();
        let page = self.scene.metrics().await;
        self.scene.stop().await;
        page
    }

    /// The faults that leave time to recover, and by when every view must have new figures.
    fn got_over(&self) -> Vec<(Tick, Option<Spell>)> {
        let spells = &self.script.0;
        let due = spells.iter().map(|spell| {
            let hold = if spell.fault.silences() { LONGEST_HOLD } else { RARE };
            (spell.until + hold + AFTERMATH, Some(spell.clone()))
        });
        let alone = |(until, due): &(Tick, Option<Spell>)| {
            let due = due.as_ref().unwrap();
            let next = |spell: &Spell| spell.host == due.host && spell.from >= due.until;
            !spells.iter().any(|spell| next(spell) && spell.from < *until)
        };
        due.filter(alone).collect()
    }

    /// Every figure that the contract wants on the page: all of each last answer that is neither
    /// too old nor of another day, and nothing else.
    fn wanted(&self, page: &Page) -> Series {
        let heard = self.recorder.heard();
        let clock = &self.scene.clock;
        let shown = ASKED.iter().filter_map(|asked| {
            let heard = asked.last_answer(&heard, clock)?;
            let interval = Duration::from_secs_f64(asked.own(page, "refresh_interval_seconds"));
            let age = clock.tick().since(heard.answered.tick);
            (age < LEAST_STALE.max(interval * 3)).then(|| asked.figures(heard))
        });
        shown.flatten().collect()
    }

    fn assert_recovered(&self, spell: &Spell, page: &Page) {
        let heard = self.recorder.heard();
        for asked in ASKED.iter().filter(|asked| asked.host == spell.host) {
            let last = asked.last_answer(&heard, &self.scene.clock).map(|last| last.asked.tick);
            assert!(last > Some(spell.until), "{} {:?}: {spell:?}", asked.view, asked.range);
            assert_eq!(asked.own(page, "view_up"), 1.0, "{} {:?}", asked.view, asked.range);
        }
    }

    fn assert_no_limit_is_broken(&self) {
        for judge in &self.judges {
            let first = judge.record().violations().first().map(ToString::to_string);
            assert_eq!(first, None);
            for (kind, refused) in judge.refused() {
                assert_eq!(refused, 0, "{kind:?}");
            }
        }
    }
}

fn of(series: &Series, prefix: &str) -> Series {
    let own = series.iter().filter(|(key, _)| key.starts_with(prefix));
    own.map(|(key, value)| (key.clone(), *value)).collect()
}
