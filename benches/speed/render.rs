//! Rendering the page, all of it and after a change, through the press that scrapes use.

use std::hint::black_box;
use std::time::Duration;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;
use revenue_exporter::board::Board;
use revenue_exporter::exposition::press::Press;
use revenue_exporter::snapshot::AccountPart;

use crate::measure::{Runner, each, race, timed};
use crate::options::Options;
use crate::pages::{NOW, Pages};
use crate::report::Line;
use crate::rivals;

const SAMPLES: usize = 100_000;

/// Every account in two versions, to be published in turns.
pub struct Versions {
    parts: [Vec<AccountPart>; 2],
    accounts: usize,
    turn: usize,
}

impl Versions {
    pub fn new(pages: Pages) -> Self {
        let accounts = pages.accounts;
        let all = |pages: Pages| (0..accounts).map(|account| pages.part(account)).collect();
        Self { parts: [all(pages.changed()), all(pages)], accounts, turn: 0 }
    }

    /// Publishes the next account's other version.
    pub fn publish_one(&mut self, board: &Board) {
        let (version, account) = (self.turn / self.accounts % 2, self.turn % self.accounts);
        board.publish(self.parts[version][account].clone());
        self.turn += 1;
    }

    pub fn publish_all(&mut self, board: &Board) {
        (0..self.accounts).for_each(|_| self.publish_one(board));
    }
}

pub fn render(_: &Options) -> Vec<Line> {
    let pages = Pages::new(SAMPLES);
    let (board, press) = (pages.board(), Press::default());
    let page = press.page(&board, NOW);
    let (samples, bytes) = (page.series, page.text().collect::<Vec<_>>().concat());
    drop(page);

    let mut versions = Versions::new(pages);
    let warm = || {
        versions.publish_all(&board);
        timed(|| black_box(press.page(&board, NOW))).0
    };
    let fresh = || timed(|| black_box(Press::default().page(&board, NOW))).0;
    let (collector, family) = (rivals::collector(pages), rivals::families(pages));
    for rival in [&collector, &family] {
        let mut text = String::new();
        encode_registry(&mut text, rival).unwrap();
        let theirs = text.lines().filter(|line| !line.starts_with('#')).count();
        // Each account's `up` and `info` are ours alone.
        assert_eq!(theirs + 2 * pages.accounts, samples);
    }
    let mut copy = vec![0_u8; bytes.len()];
    let memcpy = || timed(|| black_box(&mut copy).copy_from_slice(black_box(&bytes))).0;

    let runners: Vec<Runner<'_>> = vec![
        Box::new(warm),
        Box::new(fresh),
        Box::new(encoding(&collector)),
        Box::new(encoding(&family)),
        Box::new(memcpy),
    ];
    let best: Vec<f64> = race(runners).into_iter().map(|time| each(time, samples)).collect();
    let ns = |which: usize| format!("{:.1} ns", best[which]);
    let ratio = |which: usize| best[which] / best[0];
    let work = |what: &str| {
        format!("render {samples} samples of 6 labels, {} B each{what}", bytes.len() / samples)
    };
    vec![
        Line::of(work(""), ns(0)).goal("60 ns", best[0] <= 60.0),
        Line::of(work(""), ns(0))
            .beside("prometheus-client Collector", &ns(2), ratio(2))
            .goal("8 x", ratio(2) >= 8.0),
        Line::of(work(""), ns(0))
            .beside("prometheus-client Family", &ns(3), ratio(3))
            .goal("10 x", ratio(3) >= 10.0),
        Line::of(work(""), ns(0)).beside("memcpy", &ns(4), ratio(4)),
        Line::of(work(", nothing reused"), ns(1)),
    ]
}

/// One that renders a registry over the memory of the time before.
fn encoding(registry: &Registry) -> impl FnMut() -> Duration {
    let mut text = String::new();
    move || {
        text.clear();
        timed(|| encode_registry(black_box(&mut text), registry).unwrap()).0
    }
}

pub fn again(_: &Options) -> Vec<Line> {
    let pages = Pages::new(SAMPLES);
    let (board, press) = (pages.board(), Press::default());
    press.page(&board, NOW).packed();
    let mut versions = Versions::new(pages);
    let one = || {
        versions.publish_one(&board);
        timed(|| _ = black_box(press.page(&board, NOW).packed())).0
    };
    let other = pages.board();
    let all = || {
        let press = Press::default();
        timed(|| _ = black_box(press.page(&other, NOW).packed())).0
    };
    let best = race(vec![Box::new(one), Box::new(all)]);
    let share = best[0].as_secs_f64() / best[1].as_secs_f64();
    let ms = |which: usize| format!("{:.2} ms", best[which].as_secs_f64() * 1e3);
    let line = Line::of("render and compress after 1 account of 20 changed", ms(0))
        .beside("all of it", &ms(1), 1.0 / share)
        .goal("10 x", share <= 0.1);
    vec![line]
}
