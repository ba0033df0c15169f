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
    if options.growth {
        for rows in [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000] {
            let answer = Answer::new(rows);
            println!("klar,{},peak memory in MiB,{:.3}", answer.rows, most(&answer));
        }
        return;
    }
    report::head();
    report::tell(&page(Pages::new(100_000)));
    report::tell(&[answer(options.rows), answer(10 * options.rows)]);
}

/// What a sample costs as long as it is shown.
fn page(pages: Pages) -> [Line; 3] {
    let before = HEAP.current_usage();
    let _registry = rivals::families(pages);
    let family = HEAP.current_usage() - before;

    let before = HEAP.current_usage();
    let (board, press) = (pages.board(), Press::default());
    let figures = HEAP.current_usage() - before;
    let page = press.page(&board, NOW);
    let held = |body: usize| HEAP.current_usage() - before - body;
    let body = page.text().map(|piece| piece.len()).sum();
    let beside_text = held(body);
    page.packed();
    let with_gzip = held(body);

    let each = |bytes: usize| format!("{} B", bytes / page.series);
    let line = |what: &str, held: usize| {
        Line::of(format!("held for each of {} samples: {what}", page.series), each(held))
    };
    let ratio = family as f64 / beside_text as f64;
    [
        line("labels and values, before there is a page", figures),
        line("all but the rendered body", beside_text)
            .beside("prometheus-client Family", &each(family), ratio)
            .goal("64 B", beside_text / page.series <= 64),
        line("the same and the compressed body", with_gzip),
    ]
}

/// The most that reading an answer takes, beside the piece of it that has just arrived.
fn answer(rows: usize) -> Line {
    let answer = Answer::new(rows);
    let most = most(&answer);
    let work = format!("most memory while {} rows of Klar are added up", answer.rows);
    Line::of(work, format!("{most:.1} MiB")).goal("16 MiB", most <= 16.0)
}

/// In MiB.
fn most(answer: &Answer) -> f64 {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    drop(decode::add_up(answer));
    (HEAP.peak_usage() - before) as f64 / f64::from(1 << 20)
}
