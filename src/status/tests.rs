//! The status of a small hand-made board.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::account::Level;
use super::page::{Kind, document};
use super::*;
use crate::clock::Tick;
use crate::exposition::sample;
use crate::label::Labels;
use crate::model::AccountState;
use crate::snapshot::{AccountPart, Group, Row, Snapshot};
use crate::telemetry::failed::Failed;
use crate::telemetry::{Outcome, Who};

/// What no page may take for markup.
const HOSTILE: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>&'`";

fn generation(parts: Vec<AccountPart>) -> Generation {
    let accounts = parts.into_iter().map(Arc::new).collect();
    Generation { number: 7, snapshot: Snapshot { accounts } }
}

fn at(seconds: u64) -> Moment {
    let passed = Duration::from_secs(seconds);
    Moment { tick: Tick::at(passed), wall: sample::now().wall + passed }
}

fn status_of(parts: Vec<AccountPart>, now: Moment, detail: Detail<'_>) -> Status {
    status_with(parts, now, detail, &sample::telemetry())
}

fn status_with(
    parts: Vec<AccountPart>,
    now: Moment,
    detail: Detail<'_>,
    telemetry: &Telemetry,
) -> Status {
    let facts = Facts {
        generation: &generation(parts),
        changes: telemetry.changes(),
        telemetry,
        now,
        version: "1.2.3",
        started: sample::now().wall,
        reload: ReloadState { successful: true, at: sample::now().wall },
        warnings: Vec::new(),
    };
    Status::of(&facts, detail)
}

fn full(parts: Vec<AccountPart>) -> Value {
    serde_json::to_value(status_of(parts, at(20), Detail::Full)).unwrap()
}

/// A TapRain account with an offer of this name.
fn offering(offer: &str) -> AccountPart {
    let mut part = sample::taprain("main");
    let good = part.slots[0].good.as_mut().unwrap();
    let sheet = Arc::make_mut(&mut good.sheet);
    let table = sheet.tables.iter_mut().find(|table| table.group == Group::TapRainOffer).unwrap();
    let labels = Labels::new().with("account", "main").and("offer", offer);
    table.rows = vec![Row { labels, values: [Some(1.0); 5].into() }];
    part
}

/// Another state of the account.
fn being(state: Option<AccountState>) -> AccountPart {
    AccountPart { state, up: state.map(|of| of == AccountState::Ok), ..sample::taprain("main") }
}

/// An account that never had figures.
fn empty(mut part: AccountPart) -> AccountPart {
    for slot in &mut part.slots {
        (slot.good, slot.up, slot.last_success) = (None, None, None);
    }
    part
}

#[test]
fn figures_expectations_and_budgets_are_those_of_the_board() {
    let status = full(sample::accounts());
    let main = &status["accounts"][0];
    let today = &main["today"][0];
    assert_eq!((&today["revenue"], &today["cvr_ratio"]), (&json!(140.5), &json!(0.125)));
    let band = [&today["expected"]["revenue_low"], &today["expected"]["revenue_high"]];
    assert_eq!(band, [&json!(96.75), &json!(214.25)]);
    assert_eq!(
        today["hours"][0],
        json!({"hour": "00", "clicks": 9.0, "leads": 1.0, "revenue": 5.25})
    );
    assert_eq!(today["offers"]["rows"][0]["name"], "Say \"hi\\there\"\n{clickid}, 🔥");
    assert_eq!(
        today["offers"]["other"],
        json!({"name": "(other)", "clicks": 0.0, "leads": 0.0, "revenue": 0.0})
    );
    assert_eq!(
        (&main["data_age_seconds"], &main["next_fetch_seconds"]),
        (&json!(20.0), &json!(10.0))
    );
    assert_eq!(main["budget"]["limit_requests"], 600);
    let store = &status["accounts"][1]["attribution"][0];
    assert_eq!(store["channels"][0]["name"], "Facebook");
    assert_eq!(store["total"]["roas_ratio"], json!(5.13 / 11.13));
    assert_eq!(status["totals"][0]["revenue"], json!(140.5));
    assert_eq!(status["totals"][1]["net_revenue"], json!(5.13));
    assert_eq!((&status["version"], &status["generation"]), (&json!(1), &json!(7)));
}

#[test]
fn what_is_not_known_is_absent_and_never_nothing() {
    let parts = vec![empty(being(None)), empty(sample::klar("my-store"))];
    let status = full(parts);
    let main = &status["accounts"][0];
    for field in
        ["state", "data_age_seconds", "today", "token_expiry_timestamp_seconds", "failures"]
    {
        assert!(main.get(field).is_none(), "{field}");
    }
    assert_eq!(
        (&status["money"]["level"], &status["trust"]["level"]),
        (&json!("waiting"), &json!("waiting"))
    );
    assert_eq!(
        (&status["totals"][0]["missing"], status["totals"][0].get("revenue")),
        (&json!(1), None)
    );
}

#[test]
fn figures_whose_range_has_ended_are_not_shown() {
    let after = at(sample::FRESH.as_secs() / 2);
    let status = status_of(sample::accounts(), after, Detail::Full);
    assert!(status.accounts[0].today.is_empty() && status.accounts[1].attribution.is_empty());
    assert!(!status.accounts[0].plan[0].shown && status.accounts[0].plan[1].shown);
    let page = document(&status, Kind::All, "/metrics");
    assert!(page.contains("There are no figures of today that may be shown."));
}

#[test]
fn states_are_words_and_the_worst_decides() {
    for (part, level, word) in [
        (being(Some(AccountState::Ok)), Level::Good, "Answers."),
        (being(None), Level::Waiting, "Not asked yet."),
        (empty(being(Some(AccountState::Ok))), Level::Waiting, "no figures yet"),
        (being(Some(AccountState::Unauthorized)), Level::Bad, "(401)"),
        (being(Some(AccountState::Forbidden)), Level::Bad, "(403)"),
        (being(Some(AccountState::RateLimited)), Level::Warning, "(429)"),
        (empty(being(Some(AccountState::RateLimited))), Level::Bad, "(429)"),
        (being(Some(AccountState::Unreachable)), Level::Warning, "cannot be reached"),
        (being(Some(AccountState::Invalid)), Level::Warning, "not understood"),
        (AccountPart { broken: true, ..being(None) }, Level::Bad, "inside the exporter"),
    ] {
        let status = status_of(vec![sample::klar("well"), part], at(20), Detail::Full);
        let account = &status.accounts[1];
        assert!(account.level == level && account.sentence.contains(word), "{}", account.sentence);
        assert_eq!(status.trust.level, level, "{}", status.trust.text);
        let page = document(&status, Kind::All, "/metrics");
        assert!(page.contains(&account.sentence), "{word}");
    }
}

#[test]
fn money_is_judged_by_its_band_and_by_the_last_hours() {
    let with = |revenue: f64, window: &str, lately: f64| {
        let mut part = sample::taprain("main");
        let good = part.slots[0].good.as_mut().unwrap();
        let sheet = Arc::make_mut(&mut good.sheet);
        let labels = Labels::new().and("window", window);
        for table in &mut sheet.tables {
            match table.group {
                Group::TapRainSummary => table.rows[0].values[2] = Some(revenue),
                Group::TapRainWindow => {
                    let values = [Some(99.0), Some(0.0), Some(lately)].into();
                    table.rows = vec![Row { labels: labels.clone(), values }];
                }
                Group::TapRainExpectedWindow => {
                    let values = [99.0, 12.0, 60.0, 12.0].map(Some).into();
                    table.rows = vec![Row { labels: labels.clone(), values }];
                }
                _ => {}
            }
        }
        status_of(vec![part], at(20), Detail::Full).money
    };
    for (revenue, window, lately, level, headline) in [
        (140.5, "3h", 20.0, Level::Good, "Money is coming in"),
        (96.0, "3h", 20.0, Level::Bad, "Less money than usual"),
        (140.5, "3h", 0.0, Level::Bad, "No money is coming in"),
        (140.5, "1h", 0.0, Level::Good, "Money is coming in"),
    ] {
        let money = with(revenue, window, lately);
        assert_eq!((money.level, &*money.headline), (level, headline), "{}", money.text);
    }
    let none = status_of(Vec::new(), at(0), Detail::Full);
    assert_eq!(none.money.headline, "Nothing to collect");
    assert!(document(&none, Kind::All, "/metrics").contains("No account is configured"));
}

#[test]
fn a_hostile_name_is_text_everywhere() {
    let mut bad = offering(HOSTILE);
    bad.account = HOSTILE.into();
    bad.slots[0].view = HOSTILE.into();
    bad.whole = Some(HOSTILE.into());
    let telemetry = Telemetry::default();
    let who = Who { api: bad.api, account: HOSTILE.into() };
    telemetry.failed(&who, Failed::new(at(3).wall, "stats", Outcome::Connect, HOSTILE));
    let many = |count| vec![bad.clone(); count];
    for parts in [many(1), many(2), many(page::MANY + 1)] {
        let status = status_with(parts, at(20), Detail::Full, &telemetry);
        assert_eq!(status.accounts[0].today[0].offers.rows[0].name, HOSTILE);
        for kind in [Kind::All, Kind::One] {
            let page = document(&status, kind, "/metrics");
            assert_eq!((page.matches("<script>").count(), page.matches("<img").count()), (1, 0));
            assert!(page.contains("&lt;img src=x onerror=alert(2)&gt;&amp;"));
            assert!(!page.contains("=\"<") && !page.contains("alert(1)</script>"));
        }
    }
}

#[test]
fn what_failed_is_told_with_its_age() {
    let (telemetry, who) =
        (Telemetry::default(), Who { api: Api::TapRain, account: "main".into() });
    for second in [1, 2, 3] {
        let failed = Failed::new(at(second).wall, "stats", Outcome::Timeout, "too slow");
        telemetry.failed(&who, failed);
    }
    let status = status_with(sample::accounts(), at(20), Detail::Full, &telemetry);
    let mishap = &status.accounts[0].failures[0];
    assert_eq!((mishap.times, mishap.outcome, &*mishap.sentence), (3, "timeout", "too slow"));
    let page = document(&status, Kind::All, "/metrics");
    assert!(page.contains("data-age=\"17.0\">17 s</span>") && page.contains("too slow"));
}

#[test]
fn the_policy_permits_just_what_the_page_has() {
    let status = status_of(sample::accounts(), at(20), Detail::Full);
    let page = document(&status, Kind::All, "/metrics");
    assert!(!page.contains(" style=") && !page.contains("http://"));
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, text) = page.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = text.split_once(&format!("</{tag}>")).unwrap();
        let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
        assert!(page::POLICY.contains(&format!("{directive} 'sha256-{hash}'")), "{tag}");
    }
    assert!(!page::POLICY.contains("unsafe"));
}

#[test]
fn five_hundred_accounts_are_a_list_with_the_worst_first() {
    let mut parts = sample::many(500, 3);
    parts[321].state = Some(AccountState::Unauthorized);
    let status = status_of(parts, at(20), Detail::Brief);
    let page = document(&status, Kind::All, "/metrics");
    let (open, folded) = page.split_once("<details id=\"rest\">").unwrap();
    assert!(
        open.contains("href=\"/?api=taprain&amp;account=account+321\"")
            && !open.contains("account+320")
    );
    assert_eq!(folded.matches("<tr data-name=").count(), 499);
    assert!(page.contains("1 failing") && page.len() < 400_000, "{}", page.len());
    let one = status_of(sample::many(500, 3), at(20), Detail::Of(Api::TapRain, "account 7"));
    assert_eq!((one.accounts.len(), &*one.accounts[0].account), (1, "account 7"));
}

/// Every name of a field, however deep.
fn names(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/status-api.md");
    let text = std::fs::read_to_string(path).unwrap();
    let telemetry = sample::telemetry();
    let who = Who { api: Api::TapRain, account: "main".into() };
    telemetry.failed(&who, Failed::new(at(1).wall, "stats", Outcome::Timeout, "too slow"));
    let parts = sample::accounts().into_iter().chain([sample::with_rows("many", 30, 1.0)]);
    let status = status_with(parts.collect(), at(20), Detail::Full, &telemetry);
    let mut found = std::collections::BTreeSet::new();
    names(&serde_json::to_value(status).unwrap(), &mut found);
    assert!(found.len() > 60, "{found:?}");
    for name in found {
        assert!(text.contains(&format!("`{name}`")), "docs/status-api.md does not tell of {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A name changes no tag and ends no attribute, whatever it is.
    #[test]
    fn a_page_has_the_same_tags_whatever_names_are(name in "[<>\"'&=/ a-z;#!-]{0,30}|\\PC{0,20}") {
        let page = |name: &str| {
            let mut part = offering(name);
            (part.account, part.whole) = (name.into(), Some(name.into()));
            part.slots[0].view = name.into();
            document(&status_of(vec![part], at(20), Detail::Full), Kind::All, "/metrics")
        };
        let counts = |page: &str| ["<", ">", "\""].map(|mark| page.matches(mark).count());
        prop_assert_eq!(counts(&page(&name)), counts(&page("plain")));
    }
}
