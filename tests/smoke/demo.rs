//! `demo`: everything there is to see, without configuration, network or keys.

use std::io::Read;

use flate2::bufread::GzDecoder;
use revenue_exporter::demo::{klar, taprain};

use super::client::{ask, get};
use super::page::{has, value};
use super::program::{Program, Setup};
use super::waiting::wait_for;

const OPEN_METRICS: &str = "accept: application/openmetrics-text;version=1.0.0";

/// Some of each of the contract's tables.
const NAMES: [&str; 24] = [
    "taprain_up",
    "taprain_account_info",
    "taprain_clicks",
    "taprain_revenue",
    "taprain_cvr_ratio",
    "taprain_country_epc",
    "taprain_source_leads",
    "taprain_offer_revenue",
    "taprain_hour_clicks",
    "taprain_unattributed_revenue",
    "taprain_generated_timestamp_seconds",
    "klar_up",
    "klar_attributed_orders",
    "klar_attributed_net_revenue",
    "klar_customer_lifetime_value",
    "klar_campaign_cost",
    "klar_ad_group_ad_clicks",
    "klar_ad_level_attributed_orders",
    "klar_report_rows",
    "revenue_exporter_build_info",
    "revenue_exporter_upstream_request_duration_seconds_bucket",
    "revenue_exporter_token_expiry_timestamp_seconds",
    "revenue_exporter_budget_remaining_requests",
    "process_resident_memory_bytes",
];

#[test]
fn the_demo_soon_shows_both_apis_and_itself() {
    let demo = Program::demo();
    assert_eq!(get(demo.address, "/-/healthy").text(), "Healthy\n");
    wait_for("readiness", || {
        let ready = get(demo.address, "/-/ready");
        assert!([200, 503].contains(&ready.status), "{ready:?}");
        (ready.status == 200).then_some(())
    });
    let page = wait_for("every name", || {
        let page = get(demo.address, "/metrics").text().to_owned();
        NAMES.iter().all(|name| has(&page, name)).then_some(page)
    });
    assert_eq!(value(&page, "taprain_up", &["account=\"demo\""]), Some(1.0));
    assert_eq!(value(&page, "klar_up", &["account=\"demo-store\""]), Some(1.0));
    assert!(get(demo.address, "/").text().contains("data-state=\"klar demo-store\">Answers"));
    t18_no_key_is_shown(&demo);
}

fn t18_no_key_is_shown(demo: &Program) {
    let config = get(demo.address, "/config");
    assert!(config.text().contains("# api_key: built in"), "{config:?}");
    for path in ["/config", "/", "/metrics", "/-/ready"] {
        let text = get(demo.address, path).text().to_owned();
        assert!(!text.contains(taprain::KEY) && !text.contains(klar::REFRESH_TOKEN), "{path}");
    }
}

#[test]
fn a_configuration_of_ones_own_is_rehearsed_with_what_the_demo_prints() {
    let demo = Program::demo();
    let printed = wait_for("all it prints", || {
        Some(demo.printed()).filter(|printed| printed.contains("Ctrl-C"))
    });
    let accounts: Vec<_> = printed.lines().filter(|line| line.contains("base_url")).collect();
    let keys = printed.lines().find_map(|line| line.strip_prefix("Their keys: ")).unwrap();
    let setup = Setup::new(&accounts.join("\n").replace("  ", ""));
    let setup = keys
        .split(' ')
        .filter_map(|key| key.split_once('='))
        .fold(setup, |setup, key| setup.with_variable(key.0, key.1));
    let own = Program::serve(setup);
    wait_for("figures of both APIs", || {
        let page = get(own.address, "/metrics").text().to_owned();
        let is_up = |name, account| value(&page, name, &[account]) == Some(1.0);
        (is_up("taprain_up", "account=\"main\"") && is_up("klar_up", "account=\"my-store\""))
            .then_some(())
    });
}

#[test]
fn a_client_gets_the_format_the_coding_and_the_method_it_asks_for() {
    let demo = Program::demo();
    let text = get(demo.address, "/metrics");
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(!text.text().contains("# EOF") && text.content_length() == text.body.len());
    let open = ask(demo.address, "GET", "/metrics", &[OPEN_METRICS]);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), Some(kind));
    assert!(open.text().ends_with("\n# EOF\n"));
    let packed = ask(demo.address, "GET", "/metrics", &[OPEN_METRICS, "accept-encoding: gzip"]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut decoder = GzDecoder::new(&*packed.body);
    let mut page = String::new();
    decoder.read_to_string(&mut page).unwrap();
    assert!(page.ends_with("\n# EOF\n"));
    assert!(decoder.into_inner().is_empty(), "more than one gzip member");
}

#[test]
fn head_announces_what_get_would_send() {
    let demo = Program::demo();
    for path in ["/config", "/-/healthy", "/nowhere"] {
        let head = ask(demo.address, "HEAD", path, &[]);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.content_length(), get(demo.address, path).body.len(), "{path}");
    }
    // Ages and counts may change between two answers, but not every time.
    for path in ["/", "/metrics"] {
        wait_for("two pages of one length", || {
            let head = ask(demo.address, "HEAD", path, &[]);
            assert!(head.status == 200 && head.body.is_empty());
            (head.content_length() == get(demo.address, path).body.len()).then_some(())
        });
    }
}

#[test]
fn wrong_paths_and_methods_are_told_so() {
    let demo = Program::demo();
    for path in ["/metric", "/metrics/", "/-/", "/config/x", "//"] {
        assert_eq!(get(demo.address, path).status, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        for path in ["/metrics", "/", "/config", "/-/healthy", "/-/ready"] {
            let reply = ask(demo.address, method, path, &["content-length: 0"]);
            let said = (reply.status, reply.header("allow"));
            assert_eq!(said, (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
}
