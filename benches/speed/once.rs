//! One small work without a clock, for whoever counts its instructions: `.ci/instructions`.
//!
//! Everything is prepared first, whatever `times` is, so that the count of `--times 0` is what the
//! work did not cost.

use std::hint::black_box;

use revenue_exporter::exposition::press::Press;
use revenue_exporter::upstream::taprain;

use crate::decode::add_up;
use crate::pages::{NOW, Pages};
use crate::render::Versions;
use crate::rows::{self, Answer};
use crate::schedule::Desk;

const SAMPLES: usize = 2_000;
const ROWS: usize = 2_000;
const MOST_TIMES: usize = 2;

pub fn run(work: &str, times: usize) {
    match work {
        "render" => render(times),
        "again" => again(times),
        "compress" => compress(times),
        "klar" => klar(times),
        "taprain" => read(times),
        "schedule" => schedule(times),
        _ => panic!("no work is called {work}"),
    }
}

fn render(times: usize) {
    let board = Pages::new(SAMPLES).board();
    for _ in 0..times {
        black_box(Press::default().page(&board, NOW));
    }
}

fn again(times: usize) {
    let pages = Pages::new(SAMPLES);
    let (board, press, mut versions) = (pages.board(), Press::default(), Versions::new(pages));
    press.page(&board, NOW).packed();
    for _ in 0..times {
        versions.publish_one(&board);
        black_box(press.page(&board, NOW).packed());
    }
}

fn compress(times: usize) {
    let board = Pages::new(SAMPLES).board();
    // A page is compressed once; so many are printed, whatever `times` is.
    let pages = [(); MOST_TIMES].map(|()| Press::default().page(&board, NOW));
    for page in &pages[..times] {
        black_box(page.packed());
    }
}

fn klar(times: usize) {
    let answer = Answer::new(ROWS);
    for _ in 0..times {
        // Never freed: a hash table frees its cells in an order of chance, which costs more or less.
        std::mem::forget(black_box(add_up(&answer)));
    }
}

fn read(times: usize) {
    let body = rows::taprain(100);
    for _ in 0..times {
        black_box(taprain::read(black_box(&body)).unwrap());
    }
}

fn schedule(times: usize) {
    let mut desk = Desk::new();
    for _ in 0..times {
        black_box(desk.serve(SAMPLES));
    }
}
