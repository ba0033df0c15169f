//! Compressing the page, as the first scrape after a change asks for it.

use std::hint::black_box;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use revenue_exporter::exposition::press::Press;

use crate::measure::{each, race, rate, timed};
use crate::options::Options;
use crate::pages::{NOW, Pages};
use crate::report::Line;

pub fn compress(_: &Options) -> Vec<Line> {
    let board = Pages::new(20_000).board();
    let page = Press::default().page(&board, NOW);
    let text = page.text().collect::<Vec<_>>().concat();
    let ours = || {
        let page = Press::default().page(&board, NOW);
        timed(|| _ = black_box(page.packed())).0
    };
    let whole = |level| move |text: &[u8]| timed(|| packed(text, level)).0;
    let (six, one) = (whole(6), whole(1));
    let best = race(vec![Box::new(ours), Box::new(|| six(&text)), Box::new(|| one(&text))]);
    let ns = |which: usize| {
        let per_sample = each(best[which], page.series);
        format!("{per_sample:.0} ns, {:.0} MB/s", rate(text.len(), best[which]))
    };
    let line = |rival, which: usize| {
        let ratio = best[which].as_secs_f64() / best[0].as_secs_f64();
        Line::of("compress, for each sample", ns(0)).beside(rival, &ns(which), ratio)
    };
    vec![line("zlib-rs at level 6, in one piece", 1), line("zlib-rs at level 1, in one piece", 2)]
}

fn packed(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(black_box(text)).unwrap();
    black_box(encoder.finish().unwrap())
}
