//! The scenarios of one size, seed and time: warmed up once for each calendar, played, judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use revenue_exporter::demo::world::{Size, World};

use crate::alerts::{Firing, Span, evaluate, notified};
use crate::calendar::Calendar;
use crate::evidence::knowable;
use crate::options::Options;
use crate::prometheus::Server;
use crate::record::{Recording, Wanted};
use crate::rules::RuleBook;
use crate::scenario::{ALL, COARSE, FINE, LONG, NEW_YORK, Scenario, Vendor};
use crate::score::{Outcome, judge};
use crate::stage::{Setup, Stage};
use crate::support::memory::Memory;

/// Days that the exporter watches before anything is judged: members need three weeks.
const WARM_UP: i64 = 28;

/// The last of them, in which leads are seen to come late.
const LATELY: i64 = 7;

/// Hours of a run before its onset.
const BEFORE: i64 = 3;

/// Days of revenue that a baseline looks back.
const PAST: i64 = 8;

#[derive(Clone, Copy, Debug)]
pub struct Batch {
    pub leads_per_day: u32,
    pub seed: u64,
    /// Those of [`Calendar::TOGETHER`] that are played.
    pub calendars: &'static [Calendar],
}

/// A run that was played.
pub struct Run {
    pub scenario: &'static Scenario,
    pub instance: String,
    pub knowable: Option<i64>,
    pub recording: Recording,
}

pub fn play(batch: Batch, books: &[RuleBook], worker: usize, options: &Options) -> Vec<Outcome> {
    let begun = Instant::now();
    let wanted = RuleBook::wanted(books);
    let runs = batch.calendars.iter().flat_map(|calendar| {
        let scenarios = asked_for(*calendar, options);
        if scenarios.is_empty() {
            return Vec::new();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(played(batch, *calendar, &scenarios, &wanted))
    });
    let runs: Vec<Run> = runs.collect();
    let played = begun.elapsed();
    let apart = [FINE, COARSE, LONG].map(|step| of_step(&runs, step));
    let judged = apart.iter().filter(|runs| !runs.is_empty());
    let outcomes = judged.flat_map(|runs| judge_all(batch, runs, books, worker, options)).collect();
    if options.verbose {
        let judged = begun.elapsed().saturating_sub(played);
        eprintln!("{batch:?}: played {played:.1?}, judged {judged:.1?}");
    }
    outcomes
}

fn of_step(runs: &[Run], step: i64) -> Vec<&Run> {
    runs.iter().filter(|run| run.scenario.step() == step).collect()
}

fn asked_for(calendar: Calendar, options: &Options) -> Vec<&'static Scenario> {
    ALL.iter()
        .filter(|one| one.calendar == calendar)
        .filter(|one| options.only.is_empty() || options.only.contains(&one.number))
        .collect()
}

/// The business of a batch: lively, with a past that changes.
fn business(batch: Batch, calendar: Calendar) -> World {
    let leads_per_day = match calendar {
        Calendar::Tiny => (batch.leads_per_day / 10).max(5),
        _ => batch.leads_per_day,
    };
    let world = World::revised(batch.seed, Size { leads_per_day, ..Size::DEFAULT }).lively();
    if calendar == Calendar::Feast { world.with_holidays() } else { world }
}

async fn played(
    batch: Batch,
    calendar: Calendar,
    scenarios: &[&'static Scenario],
    wanted: &Wanted,
) -> Vec<Run> {
    let clean = Arc::new(business(batch, calendar));
    let start = calendar.start(batch.seed, BEFORE);
    let memory = Memory::new();
    if calendar != Calendar::New {
        warm_up(&clean, start, &memory).await;
    }
    let mut runs = Vec::new();
    for scenario in scenarios {
        let instance = format!("{}-{}-{}", batch.leads_per_day, batch.seed, scenario.number);
        let world = scenario.incident(batch.seed).map_or_else(
            || Arc::clone(&clean),
            |incident| Arc::new(business(batch, calendar).befallen(incident)),
        );
        let step = scenario.step();
        let history = calendar != Calendar::New;
        let setup =
            Setup { vendor: scenario.vendor, every: step.cast_unsigned(), sparse: false, history };
        let mut recording = Recording::default();
        past(&clean, scenario, start, wanted, &instance, &mut recording);
        let mut stage = Stage::new(&world, setup, start, memory.copy());
        let (script, end) = (scenario.script(batch.seed), scenario.ends(batch.seed));
        stage.play(&script, end, step, (wanted, &instance), &mut recording).await;
        stage.end().await;
        let known = scenario.must_fire().then(|| knowable(scenario, batch.seed, &clean, &world));
        runs.push(Run { scenario, instance, knowable: known.flatten(), recording });
    }
    runs
}

/// Watches until `start`: first once an hour, which is what members need, then as the runs do, for
/// how late leads come is learned within hours.
async fn warm_up(clean: &Arc<World>, start: Timestamp, memory: &Arc<Memory>) {
    let before = |days: i64| start - SignedDuration::from_hours(24 * days);
    let ready = start - SignedDuration::from_secs(5);
    for (from, until, every) in [(WARM_UP, before(LATELY), 3_600), (LATELY, ready, COARSE)] {
        let every = every.cast_unsigned();
        let setup = Setup { vendor: Vendor::Both, every, sparse: true, history: true };
        let stage = Stage::new(clean, setup, before(from), Arc::clone(memory));
        stage.until(until).await;
        stage.end().await;
    }
}

/// What the baselines look back to, from the truth itself: `today` as it grew for eight days.
fn past(
    world: &World,
    scenario: &Scenario,
    start: Timestamp,
    wanted: &Wanted,
    instance: &str,
    recording: &mut Recording,
) {
    if scenario.vendor == Vendor::Klar || scenario.calendar == Calendar::New {
        return;
    }
    let zone = jiff::tz::TimeZone::get(NEW_YORK).unwrap();
    let key = r#"taprain_revenue{account="t",view="all",range="today",currency="USD"}"#;
    let step = scenario.step();
    let mut at = start.as_second().div_euclid(step) * step - PAST * 24 * 3_600;
    while at <= start.as_second() {
        let now = Timestamp::from_second(at).unwrap();
        let today = now.to_zoned(zone.clone()).start_of_day().unwrap().timestamp();
        let cents = world.traffic(today, now).first().map_or(0, |all| all.cents);
        recording.note(key, at, cents as f64 / 100.0, wanted, instance);
        at += step;
    }
}

fn judge_all(
    batch: Batch,
    runs: &[&Run],
    books: &[RuleBook],
    worker: usize,
    options: &Options,
) -> Vec<Outcome> {
    // One for each: a head takes nothing that is much older than what it has.
    let server = Server::start(worker);
    for run in runs {
        server.write(&run.recording);
    }
    let step = runs[0].scenario.step();
    let start = batch.calendars[0].start(batch.seed, BEFORE).as_second();
    let start = start.div_euclid(step) * step;
    let names: BTreeSet<&str> = runs.iter().map(|run| run.instance.as_str()).collect();
    let ends: BTreeMap<String, i64> = runs
        .iter()
        .map(|run| (run.instance.clone(), run.scenario.ends(batch.seed).as_second()))
        .collect();
    let mut outcomes = Vec::new();
    for (place, book) in books.iter().enumerate() {
        let mut firings: BTreeMap<String, Vec<Firing>> = BTreeMap::new();
        let end = runs.iter().map(|run| run.scenario.ends(batch.seed).as_second()).max().unwrap();
        let history = if book.general { start } else { start - PAST * 24 * 3_600 };
        for mut firing in evaluate(&server, book, history, Span { start, end, step }, &names) {
            // After its end a run is silent, and that is nobody's fault.
            let ends = ends.get(&firing.instance).copied().unwrap_or(0);
            if firing.from > ends {
                continue;
            }
            firing.until = firing.until.min(ends + 1);
            firings.entry(firing.instance.clone()).or_default().push(firing);
        }
        for run in runs {
            let firings = firings.remove(&run.instance).unwrap_or_default();
            let pages = notified(&firings, &book.inhibitions);
            let outcome = judge(batch, place, book, run, &firings, &pages);
            if options.verbose {
                outcome.say();
            }
            outcomes.push(outcome);
        }
    }
    outcomes
}
