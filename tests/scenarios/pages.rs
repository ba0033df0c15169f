//! Every vendor gauge equals what the simulator answered.

use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{Filters, KlarLimits, TapRainLimits};

use crate::support::expectation::{self, Seen, channels};
use crate::support::recorder::{Heard, Recorder};
use crate::support::truth::{self, Limits, Series};
use crate::support::truth_klar::{self, Naming};
use crate::support::{
    NOON, Scene, Vendors, clock_at, custom, every, klar_account, klar_view, settings,
    taprain_account, taprain_view,
};

/// A quarter of a second after whatever happened on the minute: nothing is in flight.
const SETTLED: Duration = Duration::from_millis(10);

fn filtered(country: &[&str], offer: &[&str], source: &[&str]) -> Filters {
    let list = |values: &[&str]| values.iter().map(ToString::to_string).collect();
    Filters { country: list(country), offer: list(offer), source: list(source) }
}

/// The last answer to a question that holds every one of `parts`.
fn last<'a>(heard: &'a [Heard], host: &str, parts: &[&str]) -> &'a [u8] {
    let asked = |heard: &&Heard| {
        heard.host == host && parts.iter().all(|part| heard.query.split('&').any(|p| p == *part))
    };
    &heard.iter().rfind(asked).unwrap_or_else(|| panic!("never asked: {parts:?}")).body
}

#[tokio::test(start_paused = true)]
async fn every_taprain_gauge_equals_the_answer_in_every_view_and_range() {
    let clock = clock_at(NOON);
    let world = Arc::new(World::new(5, Size { sources: 80, ..Size::DEFAULT }));
    let vendors = Vendors::new(&world, &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let ranges = || {
        vec![
            every(Range::Today, 60),
            every(Range::Hour, 60),
            every(Range::Yesterday, 120),
            every(Range::SevenDays, 240),
            every(Range::ThirtyDays, 300),
            every(Range::MonthToDate, 120),
            every(custom("launch", "2026-03-01", "2026-03-03"), 300),
        ]
    };
    let mut account = taprain_account("t", ranges());
    account.limits = TapRainLimits { country: 4, source: 20, offer: 3 };
    account.views.push(taprain_view("gb", filtered(&["GB", "DE"], &[], &[]), ranges()));
    let limits = Limits { country: 4, source: 20, offer: 3 };
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, recorder.clone());
    for round in 0..3 {
        scene.pass(Duration::from_secs(307) + SETTLED).await;
        let (page, heard) = (scene.page().await, recorder.heard());
        let mut wanted = Series::new();
        for (view, filter) in [("all", None), ("gb", Some("country=GB%2CDE"))] {
            let questions = [
                ("today", "range=today", "range=today"),
                ("hour", "range=hour", "range=hour"),
                ("yesterday", "range=yesterday", "range=yesterday"),
                ("7days", "range=7days", "range=7days"),
                ("30days", "range=30days", "range=30days"),
                ("month_to_date", "start=2026-03-01", "end=2026-03-18"),
                ("launch", "start=2026-03-01", "end=2026-03-02"),
            ];
            for (range, one, other) in questions {
                let labels = format!("account=\"t\",view=\"{view}\",range=\"{range}\"");
                let unfiltered: Vec<Heard> = heard
                    .iter()
                    .filter(|heard| heard.query.contains("country=") == filter.is_some())
                    .cloned()
                    .collect();
                let parts: Vec<&str> = [one, other].into_iter().chain(filter).collect();
                let body = last(&unfiltered, "t", &parts);
                wanted.extend(truth::taprain(body, &labels, "USD", &limits));
            }
        }
        truth::assert_same(&wanted, &page.figures("taprain_"), 0.0);
        let folded = "revenue_exporter_folded_rows{api=\"taprain\",account=\"t\",view=\"all\",range=\"30days\",dimension=\"source\"}";
        assert_eq!(page.get(folded), 60.0, "round {round}");
    }
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn dimension_sums_and_unattributed_equal_the_summary_to_the_cent() {
    let clock = clock_at(NOON);
    let world = Arc::new(World::new(9, Size { sources: 120, ..Size::DEFAULT }));
    let vendors = Vendors::new(&world, &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut account =
        taprain_account("t", vec![every(Range::Today, 30), every(Range::ThirtyDays, 60)]);
    account.limits = TapRainLimits { country: 3, source: 7, offer: 2 };
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(90)).await;
    let page = scene.page().await;
    for range in ["range=\"today\"", "range=\"30days\""] {
        for figure in ["clicks", "leads", "revenue"] {
            let sum = |prefix: &str, more: &[&str]| -> f64 {
                let parts: Vec<&str> = [range].into_iter().chain(more.iter().copied()).collect();
                page.with(&format!("{prefix}_{figure}{{"), &parts).values().sum()
            };
            let whole = sum("taprain", &[]);
            for dimension in ["country", "source", "offer"] {
                let rows = sum(&format!("taprain_{dimension}"), &[]);
                let rest = sum("taprain_unattributed", &[&format!("dimension=\"{dimension}\"")]);
                assert!((whole - rows - rest).abs() < 0.005, "{range} {figure} {dimension}");
                let other =
                    page.with(&format!("taprain_{dimension}_{figure}{{"), &[range, "(other)"]);
                assert_eq!(other.len(), 1, "{range} {dimension}");
            }
        }
    }
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn every_klar_gauge_equals_the_rows_at_every_level_of_detail() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&Arc::new(World::new(5, Size::DEFAULT)), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let ranges = vec![
        every(Range::Today, 300),
        every(Range::Yesterday, 900),
        every(Range::SevenDays, 3600),
        every(Range::ThirtyDays, 7200),
        every(custom("january", "2026-01-01", "2026-02-01"), 7200),
    ];
    let account = klar_account("k", Detail::Ad, ranges);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, recorder.clone());
    scene.pass(Duration::from_secs(240)).await;
    let (page, heard) = (scene.page().await, recorder.heard());
    let bodies: Vec<&[u8]> = heard.iter().map(|heard| &*heard.body).collect();
    assert_eq!(bodies.len(), 4, "the first piece serves four ranges, January takes two more");
    let mut wanted = Series::new();
    for (range, days) in [
        ("today", ("2026-03-18", "2026-03-19")),
        ("yesterday", ("2026-03-17", "2026-03-18")),
        ("7days", ("2026-03-12", "2026-03-19")),
        ("30days", ("2026-02-17", "2026-03-19")),
        ("january", ("2026-01-01", "2026-02-01")),
    ] {
        let labels = format!(
            "account=\"k\",view=\"default\",model=\"data_driven\",attribution_window=\"7_day\",\
             date_basis=\"order\",range=\"{range}\""
        );
        let limits = [usize::MAX; 4];
        let naming =
            Naming { labels: &labels, currency: "EUR", zone: "Europe/Berlin", limits: &limits };
        wanted.extend(truth_klar::klar(&bodies, days, &naming));
    }
    // The first piece of thirty days has three of the four Tuesdays before, which had settled.
    let body = |part: &str| serde_json::from_slice(last(&heard, "k", &[part])).unwrap();
    let piece = body("startDate=2026-02-19");
    let week = |date| Some(Seen { fresh: false, channels: channels(&piece, date)? });
    let weeks = ["2026-03-10", "2026-03-03", "2026-02-24", "2026-02-17"].map(week);
    let view = "account=\"k\",view=\"default\"";
    let labels = "model=\"data_driven\",attribution_window=\"7_day\",date_basis=\"order\"";
    wanted.extend(expectation::series(&weeks, view, labels));
    truth::assert_same(&wanted, &page.figures("klar_"), 1e-9);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn folded_klar_levels_still_sum_to_the_channels() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&Arc::new(World::new(5, Size::DEFAULT)), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut account = klar_account("k", Detail::Ad, vec![every(Range::SevenDays, 600)]);
    account.limits = KlarLimits { channel: 4, campaign: 5, ad_group: 6, ad: 7 };
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(60)).await;
    let page = scene.page().await;
    for field in ["attributed_net_revenue", "attributed_orders", "cost", "contribution_margin_2"] {
        let sum = |level: &str| -> f64 {
            page.with(&format!("klar_{level}{field}{{"), &[]).values().sum()
        };
        let whole = sum("");
        assert!(whole > 0.0);
        for level in ["campaign_", "ad_group_", "ad_level_"] {
            assert!((sum(level) - whole).abs() < 1e-6, "{level}{field}");
        }
    }
    assert!(page.with("klar_cost{", &["channel=\"(other)\""]).len() == 1);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k13_models_differ_and_never_share_a_series() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&Arc::new(World::new(5, Size::DEFAULT)), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut account = klar_account("k", Detail::Channel, vec![every(Range::SevenDays, 600)]);
    for model in revenue_exporter::model::klar::Model::ALL {
        let view = klar_view(model.as_str(), Detail::Channel, vec![every(Range::SevenDays, 1800)]);
        account.views.push(revenue_exporter::model::settings::KlarView { model: *model, ..view });
    }
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(600)).await;
    let page = scene.page().await;
    let total = |model: &str| -> f64 {
        let label = format!("model=\"{model}\"");
        page.with("klar_attributed_orders{", &[&label, &format!("view=\"{model}\"")]).values().sum()
    };
    assert!(total("any_click") > total("linear") * 1.05, "full credit to each touchpoint");
    assert!((total("linear") - total("last_touch")).abs() < total("linear") * 0.01);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_would_grow_too_large_folds_its_details_and_says_so() {
    let clock = clock_at(NOON);
    let vendors =
        Vendors::new(&Arc::new(World::new(5, Size { sources: 80, ..Size::DEFAULT })), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = taprain_account("t", vec![every(Range::Today, 60), every(Range::Yesterday, 60)]);
    let mut settings = settings(vec![account], Vec::new());
    settings.collection.max_series = 700;
    let scene = Scene::start(settings, clock, Arc::new(wire));
    scene.pass(Duration::from_secs(30)).await;
    let page = scene.page().await;
    assert!(page.get("revenue_exporter_series") <= 700.0);
    let yesterday = page.with("taprain_source_revenue{", &["range=\"yesterday\""]);
    assert_eq!(yesterday.len(), 1, "{yesterday:?}");
    let folded =
        "revenue_exporter_anomalies_total{api=\"taprain\",account=\"t\",reason=\"series_limit\"}";
    assert!(page.get(folded) >= 1.0);
    let whole: f64 = page.with("taprain_revenue{", &["range=\"yesterday\""]).values().sum();
    assert_eq!(yesterday.values().sum::<f64>(), whole);
    scene.stop().await;
}
