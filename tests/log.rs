//! The log as the person on call reads it. A binary of its own: what a thread logs is remembered
//! for the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::range::Range;
use support::{NOON, Scene, Vendors, clock_at, every, settings, taprain_account, world};

/// A log that can be read again.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_one_line_in_the_log_and_its_end_another() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(log);
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let ranges = [Range::Today, Range::Yesterday, Range::SevenDays, Range::Hour];
    let account = taprain_account("t", ranges.map(|range| every(range, 60)).into());
    let settings = settings(vec![account], Vec::new());
    let scene = Scene::start(settings, clock, Arc::new(wire.clone()));
    scene.pass(Duration::from_secs(90)).await;
    for cut in [true, false] {
        wire.cut(cut);
        scene.pass(Duration::from_secs(900)).await;
    }
    scene.stop().await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!((count("no new figures"), count("coming in again")), (1, 1), "{text}");
}
