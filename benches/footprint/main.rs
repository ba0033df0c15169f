//! What the idle daemon costs: memory, threads, bytes on the disk, its start, and a scrape.
//!
//! `cargo bench --bench footprint` builds the program as it is handed out (the `dist` profile), lets it collect from
//! simulators in this process, one account of each API, and looks at it from outside. It takes some three minutes
//! after the build, of which `-- --idle 60` seconds are spent doing nothing.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures real time, reports, and ends by panicking"
)]

mod client;
mod dist;
mod options;
mod program;
#[path = "../speed/report.rs"]
mod report;
mod stage;
mod times;

use std::time::{Duration, Instant};

use client::Client;
use options::Options;
use program::{Program, Status};
use report::Line;
use stage::Stage;
use times::Times;

/// How long the first collection may take, history included.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often the idle program is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Scrapes one after the other in a round; of the rounds the best counts.
const SCRAPES: usize = 1_000;
const ROUNDS: usize = 8;

/// Scrapes so far apart that the exporter's own part is made anew for each.
const APART: usize = 120;
const GAP: Duration = Duration::from_millis(260);

fn main() {
    let options = Options::read();
    let program = options.program.clone().unwrap_or_else(dist::build);
    report::head();
    report::tell(&[size(&program)]);
    let small = Stage::small(program.clone());
    report::tell(&idle(&small, &options));
    report::tell(&[start(&small, options.starts)]);
    report::tell(&scrapes(&Stage::large(program), &options));
}

fn size(program: &std::path::Path) -> Line {
    let size = std::fs::metadata(program).unwrap().len() as f64 / 1e6;
    Line::of("the program's file", format!("{size:.1} MB")).goal("10 MB", size <= 10.0)
}

/// Collects everything once, waits, and looks for as long again.
fn idle(stage: &Stage, options: &Options) -> [Line; 3] {
    let program = collected(stage);
    let page = program.page();
    let series = page.lines().filter(|line| !line.starts_with('#')).count();
    std::thread::sleep(options.idle);
    let mut seen = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < options.idle {
        seen.push(program.status());
        std::thread::sleep(LOOK);
    }
    program.stop();
    let most = |of: fn(&Status) -> u64| seen.iter().map(of).max().unwrap();
    let (resident, threads) = (most(|status| status.resident), most(|status| status.threads));
    let mean = seen.iter().map(|status| status.threads as f64).sum::<f64>() / seen.len() as f64;
    let own = most(|status| status.anonymous);
    [
        Line::of(format!("idle with {series} series: resident memory, at most"), mib(resident))
            .goal("12 MiB", resident <= 12 << 20),
        Line::of("the same without pages of the program's file", mib(own)),
        Line::of("threads, at most (on average)", format!("{threads} ({mean:.1})"))
            .goal("4", threads <= 4),
    ]
}

/// From exec until the figures that were saved have been sent.
fn start(stage: &Stage, starts: usize) -> Line {
    let mut times = Times::default();
    for _ in 0..starts {
        let program = stage.start();
        times.push(program.first(stage::SAVED));
        program.stop();
    }
    let (half, worst) = (times.within(0.5), times.within(1.0));
    let work = format!(
        "from exec to the first scrape with saved figures, half of {starts} starts (worst)"
    );
    Line::of(work, format!("{} ({})", ms(half), ms(worst)))
        .goal("50 ms", worst <= Duration::from_millis(50))
}

/// How long a client that is alone waits for a gzip page.
fn scrapes(stage: &Stage, options: &Options) -> [Line; 3] {
    let program = collected(stage);
    let page = program.page();
    let series = page.lines().filter(|line| !line.starts_with('#')).count();
    std::thread::sleep(options.idle.min(Duration::from_secs(5)));
    let mut kept = Client::connect(program.address);
    let bytes = kept.scrape();
    let work = |how: &str| {
        format!("scrape of {series} series, {} kB of gzip, {how}: 99 % within (half)", bytes / 1000)
    };
    let line = |how: &str, times: &mut Times| {
        let (most, half) = (times.within(0.99), times.within(0.5));
        Line::of(work(how), format!("{} ({})", ms(most), ms(half)))
            .goal("1 ms", most < Duration::from_millis(1))
    };
    let mut same = best(|| Times::of(SCRAPES, || kept.scrape()));
    let mut new = best(|| Times::of(SCRAPES, || Client::connect(program.address).scrape()));
    let mut apart = Times::default();
    for _ in 0..APART {
        std::thread::sleep(GAP);
        apart.take(|| kept.scrape());
    }
    program.stop();
    [
        line("over one connection", &mut same),
        line("over a new connection each", &mut new),
        line(&format!("over one connection, every {} ms", GAP.as_millis()), &mut apart),
    ]
}

/// The round of which 99 % took least: whatever else the machine does can only add.
fn best(mut round: impl FnMut() -> Times) -> Times {
    (0..ROUNDS).map(|_| round()).min_by_key(|times| times.clone().within(0.99)).unwrap()
}

/// A program on a fresh state directory that has asked for everything once.
fn collected(stage: &Stage) -> Program {
    let program = stage.start();
    let begun = Instant::now();
    while !Stage::is_collected(&program.page()) {
        assert!(begun.elapsed() < PATIENCE, "not everything is collected:\n{}", program.page());
        std::thread::sleep(LOOK);
    }
    program
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
