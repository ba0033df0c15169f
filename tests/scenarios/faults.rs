//! Two days in which the network does its worst to both APIs, in turns: no limit is broken, no
//! figure is shown that was not answered, what is old goes when the contract says so, and every
//! fault is got over.

use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::{Clock, Tick};
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::klar::{Detail, Model};
use revenue_exporter::model::range::{Days, Range, local_date};
use revenue_exporter::model::settings::{KlarView, Settings};

use crate::support::faults::{Fault, Faulty, Script, Spell};
use crate::support::judge::Judge;
use crate::support::page::Page;
use crate::support::recorder::{Heard, Recorder};
use crate::support::truth::{self, Limits, Series};
use crate::support::{
    Scene, budget, clock_at, every, klar_account, klar_view, settings, taprain_account,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Figures of any age up to this may be shown, and older ones up to three intervals.
const LEAST_STALE: Duration = Duration::from_secs(15 * 60);

/// After the worst fault an account is asked again within a quarter of an hour and a tenth.
const LONGEST_HOLD: Duration = Duration::from_secs(990);

/// Time for what was on its way when a fault ended, and for the budget that it blocked.
const AFTERMATH: Duration = Duration::from_secs(180);

/// A (view, range) and the question that it asks.
struct Asked {
    host: &'static str,
    view: &'static str,
    range: Range,
    zone: &'static str,
}

const ASKED: [Asked; 5] = [
    Asked { host: "t", view: "all", range: Range::Today, zone: "America/New_York" },
    Asked { host: "t", view: "all", range: Range::Yesterday, zone: "America/New_York" },
    Asked { host: "t", view: "all", range: Range::SevenDays, zone: "America/New_York" },
    Asked { host: "k", view: "default", range: Range::Today, zone: "Europe/Berlin" },
    Asked { host: "k", view: "linear", range: Range::Yesterday, zone: "Europe/Berlin" },
];

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
struct Ordeal {
    scene: Scene,
    judges: [Arc<Judge>; 2],
    recorder: Arc<Recorder>,
    script: Script,
}

impl Ordeal {
    fn begin(seed: u64, time: Duration) -> Self {
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
        let script = Script::random(seed, &["t", "k"], time);
        let faulty = Faulty::new(wire, clock.clone(), script.clone());
        let recorder = faulty.recorder();
        let scene = Scene::start(greedy(), clock, Arc::new(faulty));
        Self { scene, judges, recorder, script }
    }

    /// Looks at the page at moments of no significance, and when each fault must be got over.
    async fn last(self, seed: u64, time: Duration) -> String {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut due: Vec<(Tick, Option<Spell>)> =
            self.script.0.iter().map(|spell| (got_over(spell), Some(spell.clone()))).collect();
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

impl Asked {
    fn days(&self, at: jiff::Timestamp) -> Days {
        self.range.days(local_date(at, &jiff::tz::TimeZone::get(self.zone).unwrap()))
    }

    /// The last answer to this question, if it was asked of the dates that it means now.
    fn last_answer<'a>(&self, heard: &'a [Heard], clock: &Clock) -> Option<&'a Heard> {
        let days = self.days(clock.wall());
        let parts = match self.host {
            "t" => vec![format!("range={}", self.range.label())],
            _ => vec![
                format!("startDate={}", days.start),
                format!("endDate={}", days.end),
                format!("metric={}", if self.view == "linear" { "linear" } else { "data_driven" }),
            ],
        };
        let asks = |query: &str| parts.iter().all(|part| query.split('&').any(|own| own == part));
        let mut mine = heard.iter().filter(|heard| heard.host == self.host && asks(&heard.query));
        mine.next_back().filter(|heard| self.days(heard.asked.wall) == days)
    }

    fn figures(&self, heard: &Heard) -> Series {
        let Days { start, end } = self.days(heard.asked.wall);
        let labels = format!("account=\"{}\",view=\"{}\"", self.host, self.view);
        let range = format!("range=\"{}\"", self.range.label());
        if self.host == "t" {
            let limits = Limits { country: 60, source: 50, offer: 50 };
            return truth::taprain(&heard.body, &format!("{labels},{range}"), "USD", &limits);
        }
        if &*heard.body == b"[]" {
            return Series::new();
        }
        let model = if self.view == "linear" { "linear" } else { "data_driven" };
        let labels = format!(
            "{labels},model=\"{model}\",attribution_window=\"7_day\",date_basis=\"order\",{range}"
        );
        let mut all =
            truth::klar(&[&heard.body], (&start.to_string(), &end.to_string()), &labels, "EUR");
        let deeper = ["klar_campaign_", "klar_ad_group_", "klar_ad_level_"];
        all.retain(|key, _| deeper.iter().all(|deeper| !key.starts_with(deeper)));
        all
    }

    /// What the exporter says of it.
    fn own(&self, page: &Page, name: &str) -> f64 {
        let (view, range) = (self.view, self.range.label());
        let api = if self.host == "t" { "taprain" } else { "klar" };
        page.get(&format!(
            "revenue_exporter_{name}{{api=\"{api}\",account=\"{}\",view=\"{view}\",range=\"{range}\"}}",
            self.host
        ))
    }
}

fn of(series: &Series, prefix: &str) -> Series {
    let own = series.iter().filter(|(key, _)| key.starts_with(prefix));
    own.map(|(key, value)| (key.clone(), *value)).collect()
}

/// By when every view must have new figures.
fn got_over(spell: &Spell) -> Tick {
    let hold = match spell.fault {
        Fault::Throttled(_) | Fault::Page(403) => LONGEST_HOLD,
        // A rare range is asked again an interval later.
        _ => Duration::from_secs(740),
    };
    spell.until + hold + AFTERMATH
}

#[tokio::test(start_paused = true)]
async fn two_days_of_every_fault_cost_no_limit_no_figure_and_no_view() {
    let page = Ordeal::begin(1, 2 * DAY).last(1, 2 * DAY).await;
    let page = Page::read(&page);
    for api in ["api=\"taprain\"", "api=\"klar\""] {
        for outcome in [
            "ok",
            "connect",
            "timeout",
            "not_json",
            "forbidden",
            "server_error",
            "rate_limited",
            "too_large",
        ] {
            let parts = [api, &format!("outcome=\"{outcome}\"")];
            let met = page.with("revenue_exporter_upstream_requests_total{", &parts);
            assert!(met.values().sum::<f64>() > 0.0, "{api} never met {outcome}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_seed_is_one_row_of_faults_and_one_page() {
    let time = DAY / 4;
    let first = Ordeal::begin(2, time).last(2, time).await;
    let second = Ordeal::begin(2, time).last(2, time).await;
    assert!(first == second, "the pages differ");
    assert_ne!(Script::random(2, &["t"], time), Script::random(3, &["t"], time));
}
