//! Many accounts in one exporter: `cargo bench --bench fleet -- --accounts 1000,10000 --minutes 2`.
//!
//! Half of the accounts are TapRain's and half Klar's, and all ask for more than their budgets allow. The
//! real program runs as a child over loopback, with state on the disk and a scrape every 15 s. Both
//! APIs are threads of this process, whose time of the processor is therefore not the exporter's. They
//! note when each request arrives: how long after the ledger's rule permitted it, as a share of the
//! budget's interval, is how far a budget was missed.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench reports, and ends by panicking"
)]

mod answers;
mod ledgers;
mod options;
mod program;
mod record;
mod upstream;

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use options::Options;
use program::Program;
use record::{KLAR, Missed, Record, TAPRAIN};
use revenue_exporter::clock::Clock;
use upstream::Upstream;

/// How often Prometheus comes.
const SCRAPE: Duration = Duration::from_secs(15);

fn main() {
    let options = Options::read();
    println!("{}", options.said());
    println!(
        "| accounts | requests | CPU of one core | memory | each account | threads | page, gzip \
         | scrape | TapRain missed by: half, 99 %, worst | Klar | broken limits | first scrape after |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for accounts in &options.accounts {
        run(*accounts, &options);
    }
}

fn run(accounts: usize, options: &Options) {
    let clock = Clock::system();
    let [taprain, klar] = options.split(accounts);
    let directory = tempfile::tempdir_in(&options.directory).unwrap();
    let record = Arc::new(Record::new(taprain, klar));
    if !options.cold {
        ledgers::write_hour(directory.path(), &clock, &record);
    }
    let upstream = Upstream::serve(Arc::clone(&record), clock.clone(), options.latency);
    let mut program = Program::start(directory.path(), [taprain, klar], upstream.port, options);
    let first_scrape = program.await_page();
    let (mut scrapes, mut page) = (Vec::new(), 0);
    let mut watch = |program: &Program, time: Duration| {
        let began = Instant::now();
        loop {
            let (bytes, took) = program.scrape();
            page = bytes;
            scrapes.push(took);
            let left = time.saturating_sub(began.elapsed());
            sleep(left.min(SCRAPE));
            if left <= SCRAPE {
                break;
            }
        }
    };
    watch(&program, options.settle);
    let (from, before, began) = (clock.tick(), program.usage(), Instant::now());
    watch(&program, options.time);
    let (until, after, passed) = (clock.tick(), program.usage(), began.elapsed());
    let [stats, store] = [TAPRAIN, KLAR].map(|api| record.missed(api, from, until));
    let slowest = scrapes.iter().max().unwrap();
    let share = (after.cpu - before.cpu) / passed.as_secs_f64();
    let requests = (stats.count() + store.count()) as f64 / passed.as_secs_f64();
    println!(
        "| {accounts} | {requests:.0}/s | {:.0} % | {:.0} MB | {:.0} kB | {} | {:.1} MB | {:.2} s | {} | {} | {} | {:.1} s |",
        share * 100.0,
        after.resident / 1e6,
        after.resident / 1e3 / accounts as f64,
        after.threads,
        page as f64 / 1e6,
        slowest.as_secs_f64(),
        said(&stats),
        said(&store),
        stats.broken + store.broken,
        first_scrape.as_secs_f64(),
    );
    if options.verbose {
        println!("{}", program.last_words());
        println!("beyond 5 %, by the second: {:?} {:?}", stats.by_second(), store.by_second());
        println!("failed: {:?}", program.failures());
        println!("scrapes took {scrapes:.2?}");
    }
    program.stop();
}

fn said(missed: &Missed) -> String {
    let [half, most, worst] = [0.5, 0.99, 1.0].map(|share| missed.quantile(share) * 100.0);
    format!("{half:.1} %, {most:.1} %, {worst:.1} %")
}
