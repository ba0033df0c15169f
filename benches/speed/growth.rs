//! How cost grows with series, accounts and rows, as lines of CSV: figure, x, line, y.

use std::hint::black_box;
use std::time::Duration;

use revenue_exporter::exposition::press::Press;

use crate::decode::add_up;
use crate::measure::{each, race, rate, timed};
use crate::options::Options;
use crate::pages::{NOW, Pages};
use crate::render::Versions;
use crate::rows::Answer;

/// Ten accounts divide a thousand series, and a million.
const ACCOUNTS: usize = 10;

const SERIES: [usize; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/// All of the same page.
const SHARED: usize = 100_000;

pub fn all(options: &Options) {
    println!("figure,x,line,y");
    let works: [(_, fn()); 3] = [("series", series), ("accounts", accounts), ("klar", rows)];
    for (name, work) in works {
        if options.wants(name) {
            work();
        }
    }
}

/// Nanoseconds for each series of a whole page, of which every account has changed.
fn series() {
    for samples in SERIES {
        let [render, compress, _] = page(Pages { accounts: ACCOUNTS, ..Pages::new(samples) });
        println!("series,{samples},render,{:.1}", each(render, samples));
        println!("series,{samples},compress,{:.1}", each(compress, samples));
    }
}

/// Milliseconds for a page of 100,000 series, that more and more accounts share.
fn accounts() {
    for accounts in [1, 10, 100, 1000] {
        let [render, compress, one] = page(Pages { accounts, ..Pages::new(SHARED) });
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("accounts,{accounts},all of them changed,{:.3}", ms(render + compress));
        println!("accounts,{accounts},one of them changed,{:.3}", ms(one));
    }
}

/// What it takes to render a page, to compress it, and both after one account changed.
fn page(pages: Pages) -> [Duration; 3] {
    let (board, press) = (pages.board(), Press::default());
    let mut versions = Versions::new(pages);
    let render = || {
        versions.publish_all(&board);
        timed(|| black_box(press.page(&board, NOW))).0
    };
    let other = pages.board();
    let compress = || {
        let page = Press::default().page(&other, NOW);
        timed(|| _ = black_box(page.packed())).0
    };
    let (third, kept) = (pages.board(), Press::default());
    let mut turns = Versions::new(pages);
    let one = || {
        turns.publish_one(&third);
        timed(|| _ = black_box(kept.page(&third, NOW).packed())).0
    };
    let best = race(vec![Box::new(render), Box::new(compress), Box::new(one)]);
    [best[0], best[1], best[2]]
}

/// Megabytes of Klar's rows a second.
fn rows() {
    for rows in [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000] {
        let answer = Answer::new(rows);
        let best = race(vec![Box::new(|| timed(|| black_box(add_up(&answer))).0)]);
        println!("klar,{},MB a second,{:.1}", answer.rows, rate(answer.len(), best[0]));
    }
}
