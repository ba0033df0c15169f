//! What is held in memory beside the page, and while an answer is read.
//!
//! `cargo bench --bench memory`, `-- --rows 1000000`. Every allocation is counted, by the byte that
//! was asked for.
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
    reason = "a bench reports, and ends by panicking; it uses a part of another's modules"
)]

mod decode;
mod measure;
mod options;
mod pages;
mod report;
mod rivals;
mod rows;

use options::Options;
use peak_alloc::PeakAlloc;
use report::Line;
use revenue_exporter::exposition::press::Press;
use rows::Answer;

use crate::pages::{NOW, Pages};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn main() {
    let options = Options::read();
    report::head();
    report::tell(&[page(Pages::new(100_000), false), page(Pages::new(100_000), true)]);
    report::tell(&[answer(options.rows), answer(10 * options.rows)]);
}

/// What a sample costs as long as it is shown.
fn page(pages: Pages, compressed: bool) -> Line {
    let before = HEAP.current_usage();
    let (board, press) = (pages.board(), Press::default());
    let page = press.page(&board, NOW);
    if compressed {
        page.packed();
    }
    let each = |bytes: usize| format!("{} B", bytes / page.series);
    let held = HEAP.current_usage() - before - page.text.len();
    let family = {
        let before = HEAP.current_usage();
        let _registry = rivals::families(pages);
        HEAP.current_usage() - before
    };
    let what = if compressed { "body, its gzip body included" } else { "body" };
    let work = format!("held for each of {} samples beside the rendered {what}", page.series);
    let ratio = family as f64 / held as f64;
    let line = Line::of(work, each(held)).beside("prometheus-client Family", &each(family), ratio);
    if compressed { line } else { line.goal("64 B", held / page.series <= 64) }
}

/// The most that reading an answer takes, beside the piece of it that has just arrived.
fn answer(rows: usize) -> Line {
    let answer = Answer::new(rows);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    drop(decode::add_up(&answer));
    let most = (HEAP.peak_usage() - before) as f64 / f64::from(1 << 20);
    let work = format!("most memory while {} rows of Klar are added up", answer.rows);
    Line::of(work, format!("{most:.1} MiB")).goal("16 MiB", most <= 16.0)
}
