//! Whole pages against the checked-in ones. `UPDATE_GOLDEN=1 cargo test` rewrites those.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::catalogue;
use super::ending::{Ending, Endings, Origin};
use super::negotiate::Format;
use super::own::{self, Own, ReloadState};
use super::page;
use super::press::{Press, Printed};
use super::process::Usage;
use super::{sample, strict};
use crate::board::Board;
use crate::budget::Reading;
use crate::label::{Labels, clean};
use crate::snapshot::{AccountPart, Good, Group, Row, Sheet, Slot, Table};

fn printed(accounts: Vec<AccountPart>) -> Arc<Printed> {
    Press::default().page(&Board::new(accounts), sample::now().tick)
}

/// Fixed readings, so that the pages hold whatever the ledger's rules are.
fn readings(page: &Printed) -> Vec<Reading> {
    let taprain = Reading {
        limit: 540,
        used: 132,
        remaining: 408,
        upstream_remaining: Some(451),
        waited: Duration::from_millis(12_500),
    };
    let klar = Reading { limit: 2, used: 2, ..Reading::default() };
    [taprain, klar].into_iter().take(own::budgets(page, sample::now().tick).len()).collect()
}

fn own_of(page: &Arc<Printed>) -> String {
    let own = Own {
        page: Arc::clone(page),
        budgets: readings(page),
        counts: sample::telemetry().counts(),
        version: "1.2.3",
        reload: ReloadState { successful: true, at: sample::now().wall },
        process: Some(Usage {
            cpu_seconds: 1.25,
            resident_bytes: 7_549_747.0,
            virtual_bytes: 2.5e8,
            started: 1_773_860_000.07,
            open_fds: Some(12.0),
            max_fds: Some(1024.0),
            threads: 3.0,
        }),
    };
    own.open_metrics().unwrap()
}

fn ending(page: &Arc<Printed>, format: Format) -> Arc<Ending> {
    let reload = ReloadState { successful: true, at: sample::now().wall };
    let origin = Origin { page: (page.generation.number, page.at), changes: 0, reload };
    Endings::default().get(format, origin, page.at, || Ok(own_of(page))).unwrap()
}

fn whole(page: &Arc<Printed>, format: Format) -> String {
    String::from_utf8(page::plain(page, &ending(page, format)).concat()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "whoever rewrites the pages says so there")]
fn golden(name: &str, page: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == page, "{path} differs; UPDATE_GOLDEN=1 rewrites it:\n{page}");
}

#[test]
fn the_open_metrics_page_is_as_it_was() {
    let page = printed(sample::accounts());
    let page = whole(&page, Format::OpenMetrics);
    strict::open_metrics(&page).unwrap();
    golden("page.openmetrics", &page);
}

#[test]
fn the_text_page_is_as_it_was() {
    let page = printed(sample::accounts());
    let page = whole(&page, Format::Text);
    golden("page.text", &page);
    let units = |line: &&str| !line.starts_with("# UNIT");
    let page: String = page.split_inclusive('\n').filter(units).collect();
    strict::text(&page).unwrap();
}

#[test]
fn every_metric_of_the_catalogue_is_on_the_full_page_with_its_labels_in_order() {
    let page = printed(sample::accounts());
    let families = strict::open_metrics(&whole(&page, Format::OpenMetrics)).unwrap();
    let mut seen: Vec<&str> = Vec::new();
    for metric in catalogue::all() {
        let family = metric.name.trim_end_matches("_total");
        let family = if metric.kind == catalogue::Kind::Info {
            family.trim_end_matches("_info")
        } else {
            family
        };
        let found = families.get(family).ok_or(metric.name);
        let samples = match found {
            Ok(family) => &family.samples,
            // The sample has clicks and no impressions.
            Err(name) => {
                assert!(name.ends_with("_ad_impressions"), "{name}");
                continue;
            }
        };
        assert_eq!(families[family].unit.as_deref(), metric.unit);
        for (_, labels, _) in samples {
            let labels: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
            let labels = labels.into_iter().filter(|name| *name != "le").collect::<Vec<_>>();
            assert_eq!(labels, metric.labels, "{}", metric.name);
        }
        seen.push(family);
    }
    assert_eq!(seen.len(), families.len());
}

#[test]
fn the_same_facts_are_the_same_bytes() {
    let [one, two] = [0, 1].map(|_| whole(&printed(sample::accounts()), Format::OpenMetrics));
    assert!(one == two);
}

#[test]
fn nothing_known_is_an_honest_page() {
    let mut account = sample::taprain("new");
    (account.state, account.up) = (None, None);
    for slot in &mut account.slots {
        *slot = Slot { up: None, last_success: None, good: None, ..slot.clone() };
    }
    let page = printed(vec![account]);
    let page = strict::open_metrics(&whole(&page, Format::OpenMetrics)).unwrap();
    let absent = [
        "taprain_up",
        "taprain_clicks",
        "revenue_exporter_view_up",
        "revenue_exporter_account_state",
        "revenue_exporter_folded_rows",
        "revenue_exporter_last_success_timestamp_seconds",
    ];
    assert!(absent.iter().all(|name| !page.contains_key(*name)));
    assert_eq!(page["taprain_account_info"].samples.len(), 1);
    assert_eq!(page["revenue_exporter_series"].samples[0].2, 1.0);
}

#[test]
fn a_packed_page_is_the_plain_page() {
    use std::io::Read as _;
    let page = printed(sample::accounts());
    for format in [Format::OpenMetrics, Format::Text] {
        let packed = page::packed(&page, &ending(&page, format)).concat();
        let mut read = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
        assert!(read == whole(&page, format));
    }
}

fn account(offers: &[String], values: &[Option<f64>; 5]) -> AccountPart {
    let mut account = sample::taprain("a\"b");
    let rows = offers.iter().map(|offer| Row {
        labels: Labels::new().with("account", "a\"b").with("offer", offer).finish(),
        values: Box::new(*values),
    });
    let tables = vec![Table { group: Group::TapRainOffer, rows: rows.collect() }];
    let sheet = Arc::new(Sheet { tables, folded: Vec::new() });
    let good = account.slots[0].good.clone().map(|good| Good { sheet, ..good });
    account.slots.truncate(1);
    account.slots[0].good = good;
    account
}

fn figure() -> impl Strategy<Value = Option<f64>> {
    let whole = (0..i32::MAX).prop_map(f64::from);
    let any =
        prop_oneof![-1e9..1e9_f64, 0.0..1.0_f64, proptest::num::f64::NORMAL, Just(0.0), whole];
    proptest::option::of(any)
}

proptest! {
    #[test]
    fn any_page_is_strictly_valid(
        offers in proptest::collection::btree_set("[\\s\\S]{0,8}|[\"\\\\\n{}=, #a]{0,9}", 0..12),
        values in [figure(), figure(), figure(), figure(), figure()],
    ) {
        let offers: std::collections::BTreeSet<String> =
            offers.iter().map(|offer| clean(offer).0.into_owned()).collect();
        let offers: Vec<String> = offers.into_iter().collect();
        let page = printed(vec![account(&offers, &values)]);
        let families = strict::open_metrics(&whole(&page, Format::OpenMetrics)).unwrap();
        let series = offers.len() * values.iter().flatten().count() + 2;
        prop_assert_eq!(page.series, series);
        let Some(family) = families.get("taprain_offer_clicks") else {
            prop_assert!(offers.is_empty() || values[0].is_none());
            return Ok(());
        };
        let read: Vec<&String> = family.samples.iter().map(|(_, labels, _)| &labels[1].1).collect();
        prop_assert_eq!(read, offers.iter().collect::<Vec<_>>());
        prop_assert!(family.samples.iter().all(|(_, _, value)| Some(*value) == values[0]));
    }
}
