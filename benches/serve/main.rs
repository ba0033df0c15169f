//! Serving a page, beside nginx with the same bytes: `cargo bench --bench serve`.
//!
//! Needs `nginx` and `wrk` in the path (Debian's packages). Everybody is on one machine: wrk has a
//! thread of its own, nginx as many workers as ours, and they take turns, so that what else the
//! machine does meets both. The best round of each counts. `-- --growth` is one page and more and more scrapers.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a bench reports, and ends by panicking"
)]

mod nginx;
mod ours;
#[path = "../speed/pages.rs"]
mod pages;
#[path = "../../tests/support/site.rs"]
mod site;
mod wrk;

use std::path::Path;

use nginx::Nginx;
use pages::Pages;
use wrk::Wrk;

/// Samples of a page and the accounts that they are of: some 20 kB, 190 kB, 1.7 MB and 16 MB.
const SIZES: [(usize, usize); 4] = [(100, 1), (1_000, 10), (10_000, 20), (100_000, 20)];

const ROUNDS: usize = 5;

fn main() {
    for program in ["nginx", "wrk"] {
        if !is_there(program) {
            eprintln!(
                "this bench needs `{program}` in the path (Debian: apt-get install {program})"
            );
            std::process::exit(1);
        }
    }
    if std::env::args().any(|word| word == "--growth") {
        growth();
        return;
    }
    println!("| page | coding | clients | ours | nginx | ratio | ours, 99 % within |");
    println!("|---|---|---|---|---|---|---|");
    for (samples, accounts) in SIZES {
        let ours = ours::serve(Pages { samples, accounts, version: 0 });
        for gzip in [true, false] {
            let body = wrk::fetch(ours.port, gzip);
            let nginx = Nginx::serve(&body, gzip);
            assert_eq!(wrk::fetch(nginx.port, gzip).len(), body.len());
            for clients in [8, 64] {
                race(samples, body.len(), gzip, clients, (ours.port, nginx.port));
            }
        }
    }
}

/// How it grows with scrapers, for `benches/growth.py`: the most answers and the least delay of any round.
fn growth() {
    let ours = ours::serve(Pages::new(10_000));
    let nginx = Nginx::serve(&wrk::fetch(ours.port, true), true);
    for clients in [1, 4, 16, 64, 256] {
        let wrk = Wrk { clients, gzip: true };
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            rounds[0].push(wrk.load(ours.port));
            rounds[1].push(wrk.load(nginx.port));
        }
        for (who, rounds) in ["ours", "nginx"].iter().zip(rounds) {
            let most = rounds.iter().map(|round| round.requests).fold(0.0, f64::max);
            let least = rounds.iter().map(|round| round.slowest).fold(f64::INFINITY, f64::min);
            println!("serve,{clients},{who}: answers a second,{most:.0}");
            println!("serve,{clients},{who}: 99 % within ms,{least:.3}");
        }
    }
}

fn race(samples: usize, bytes: usize, gzip: bool, clients: usize, (ours, nginx): (u16, u16)) {
    let wrk = Wrk { clients, gzip };
    let (mut best, mut rival) = (wrk::Outcome::default(), wrk::Outcome::default());
    for _ in 0..ROUNDS {
        best = best.better(wrk.load(ours));
        rival = rival.better(wrk.load(nginx));
    }
    let ratio = best.requests / rival.requests;
    let coding = if gzip { "gzip" } else { "identity" };
    println!(
        "| {samples} samples, {} kB | {coding} | {clients} | {:.0}/s | {:.0}/s | {ratio:.2} x | {:.1} ms |",
        bytes / 1000,
        best.requests,
        rival.requests,
        best.slowest
    );
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = [Path::new("/usr/sbin").to_path_buf()];
    std::env::split_paths(&path).chain(sbin).any(|folder| folder.join(program).is_file())
}
