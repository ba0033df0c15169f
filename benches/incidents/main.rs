//! The alert rules, scored like a classifier: the simulated business with 30 incidents and non-incidents,
//! the real exporter in virtual time, and a real Prometheus that evaluates the real rules.
//!
//! `cargo bench --bench incidents` scores everything and writes `docs/alert-quality.md`;
//! `-- --short` takes a minute and writes nothing. It needs `prometheus` in the path.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures real time, reports, and ends by panicking"
)]

mod alerts;
mod batch;
mod calendar;
mod evidence;
mod hold;
mod options;
mod prometheus;
mod record;
mod report;
mod rules;
mod scenario;
mod score;
mod stage;
#[path = "../../tests/support/mod.rs"]
mod support;
mod wire_format;

use std::sync::Mutex;
use std::time::Instant;

use options::Options;
use rules::RuleBook;
use score::Outcome;

fn main() {
    let options = Options::read();
    if !prometheus::is_there() {
        eprintln!("this bench needs `prometheus` in the path (Debian: apt-get install prometheus)");
        std::process::exit(1);
    }
    let begun = Instant::now();
    let books = RuleBook::all();
    let work = Mutex::new(options.batches());
    let outcomes: Mutex<Vec<Outcome>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..options.workers {
            let (work, outcomes, books, options) = (&work, &outcomes, &books, &options);
            scope.spawn(move || {
                loop {
                    let Some(batch) = work.lock().unwrap().pop() else { break };
                    let made = batch::play(batch, books, worker, options);
                    outcomes.lock().unwrap().extend(made);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(Outcome::order);
    report::tell(&outcomes, &books, &options, begun.elapsed());
}
