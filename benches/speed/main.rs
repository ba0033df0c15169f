//! How fast the work is that grows with series, rows and jobs, each beside its rivals in one run.
//!
//! `cargo bench --bench speed` prints one table; `docs/performance.md` says how to read it. `-- --growth` prints what
//! `benches/growth.py` draws. What is
//! held in memory has a bench of its own, `memory`: counting allocations would slow who allocates.
#![allow(
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

mod compress;
mod decode;
mod growth;
mod measure;
mod once;
mod options;
mod pages;
mod render;
mod report;
mod rivals;
mod rows;
mod schedule;
mod wire;

use options::Options;
use report::Line;

/// A work by the name that `--only` knows it by.
type Work = (&'static str, fn(&Options) -> Vec<Line>);

const WORKS: [Work; 7] = [
    ("render", render::render),
    ("again", render::again),
    ("compress", compress::compress),
    ("klar", decode::klar),
    ("socket", wire::klar),
    ("taprain", decode::taprain),
    ("schedule", schedule::schedule),
];

fn main() {
    let options = Options::read();
    if let Some(work) = &options.once {
        once::run(work, options.times);
        return;
    }
    if options.growth {
        growth::all(&options);
        return;
    }
    report::head();
    for (name, work) in WORKS {
        if options.wants(name) {
            report::tell(&work(&options));
        }
    }
}
