//! A collector that panics harms nobody but itself, and not for long. A binary of its own: the
//! seam is the log, which a process remembers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use support::page::Page;
use support::{
    NOON, Scene, Vendors, clock_at, every, klar_account, settings, taprain_account, world,
};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A log that breaks whoever speaks of the account `t`, while it is told to.
#[derive(Clone, Default)]
struct Curse {
    on: Arc<AtomicBool>,
    struck: Arc<AtomicU64>,
}

impl<S: tracing::Subscriber> Layer<S> for Curse {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut asked = Asked::default();
        event.record(&mut asked);
        if asked.of_t && asked.is_answer && self.on.load(Ordering::Relaxed) {
            self.struck.fetch_add(1, Ordering::Relaxed);
            panic!("the log is cursed");
        }
    }
}

/// Whether an event tells of an answer to the account `t`.
#[derive(Default)]
struct Asked {
    of_t: bool,
    is_answer: bool,
}

impl Visit for Asked {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.of_t |= field.name() == "account" && value == "t";
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.is_answer |= field.name() == "message" && format!("{value:?}") == "asked";
    }
}

const TODAY: &str = "taprain_revenue{account=\"t\",view=\"all\",range=\"today\",currency=\"USD\"}";

fn restarts(page: &Page, api: &str, account: &str) -> f64 {
    let name = "revenue_exporter_collector_restarts_total";
    page.get(&format!("{name}{{api=\"{api}\",account=\"{account}\"}}"))
}

async fn readiness(scene: &Scene) -> (u16, String) {
    let request = http::Request::get("/-/ready").body(()).unwrap();
    let reply = scene.site.answer(&request).await;
    let status = reply.status().as_u16();
    let body = http_body_util::BodyExt::collect(reply.into_body()).await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_panics_is_started_again_and_leaves_the_others_alone() {
    let curse = Curse::default();
    let guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(curse.clone()));
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let taprain = taprain_account("t", vec![every(Range::Today, 30), every(Range::Hour, 30)]);
    let klar = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(vec![taprain], vec![klar]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(45)).await;
    let before = scene.page().await;
    assert_eq!((restarts(&before, "taprain", "t"), restarts(&before, "klar", "k")), (0.0, 0.0));
    assert_eq!(readiness(&scene).await.0, 200);

    curse.on.store(true, Ordering::Relaxed);
    scene.pass(Duration::from_secs(600)).await;
    let struck = curse.struck.load(Ordering::Relaxed);
    let page = scene.page().await;
    assert_eq!(restarts(&page, "taprain", "t"), struck as f64);
    assert!((3..=12).contains(&struck), "ever more rarely: {struck}");
    assert_eq!(page.get(TODAY), before.get(TODAY), "the last good figures stay");
    assert_eq!(restarts(&page, "klar", "k"), 0.0);
    assert_eq!(page.get("klar_up{account=\"k\"}"), 1.0);
    let sentence = "Not ready: a failure inside the exporter stopped taprain t.\n".to_owned();
    assert_eq!(readiness(&scene).await, (503, sentence));

    curse.on.store(false, Ordering::Relaxed);
    scene.pass(Duration::from_secs(900)).await;
    assert_eq!(readiness(&scene).await.0, 200);
    let after = scene.page().await;
    assert!(after.get(TODAY) > before.get(TODAY), "figures are coming in again");
    assert_eq!(restarts(&after, "taprain", "t"), struck as f64);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
    drop(guard);
}
