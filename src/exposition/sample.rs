//! A small hand-made board for tests.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::budget::Budget;
use crate::clock::{Moment, Tick};
use crate::label::Labels;
use crate::model::restated::{Age, Direction, Move};
use crate::model::settings::BudgetTerms;
use crate::model::{AccountState, Api};
use crate::plan::Plan;
use crate::snapshot::{AccountPart, End, Good, Group, Row, Sheet, Slot, Table};
use crate::telemetry::{Anomaly, Outcome, Restated, Telemetry, Who};

/// How long the figures are fresh.
pub(crate) const FRESH: Duration = Duration::from_secs(900);

/// When everything is fresh and no range has ended.
pub(crate) fn now() -> Moment {
    Moment { tick: Tick::default(), wall: at("2026-03-18T19:00:00Z") }
}

/// When `today` ends.
pub(crate) fn midnight() -> End {
    End { at: at("2026-03-19T04:00:00Z"), tick: Tick::at(FRESH / 2) }
}

pub(crate) fn accounts() -> Vec<AccountPart> {
    vec![taprain("main"), klar("my-store")]
}

pub(crate) fn telemetry() -> Telemetry {
    let telemetry = Telemetry::default();
    let who = |api, account: &str| Who { api, account: Arc::from(account) };
    let (main, store) = (who(Api::TapRain, "main"), who(Api::Klar, "my-store"));
    for millis in [40, 180, 181, 45_000] {
        telemetry.request(&main, "stats", Outcome::Ok, Duration::from_millis(millis));
    }
    telemetry.request(&store, "token", Outcome::Ok, Duration::from_millis(300));
    telemetry.request(&store, "report", Outcome::Timeout, Duration::from_secs(30));
    telemetry.token_refresh(&store, Outcome::Ok);
    telemetry.state_is(true);
    telemetry.restart(&store);
    telemetry.anomaly(&main, Anomaly::CleanedLabel, 2);
    let of = |who: &Who, view: &str, currency: &str| Restated {
        who: who.clone(),
        view: view.into(),
        currency: currency.into(),
    };
    let reversal =
        Move { direction: Direction::Down, age: Age::OneDay, amount: Decimal::new(13_824, 2) };
    telemetry.restated(&of(&main, "all", "USD"), &[reversal, reversal]);
    telemetry.restated(&of(&store, "default", "EUR"), &[]);
    telemetry
}

pub(crate) fn taprain(account: &str) -> AccountPart {
    let slots = vec![
        slot("today", 30, Some(midnight()), today_sheet(account)),
        slot("black-friday", 900, None, taprain_sheet(account, "black-friday", 100.0)),
        Slot {
            up: None,
            last_success: None,
            good: None,
            ..slot("7days", 3600, None, Sheet::default())
        },
    ];
    part(Api::TapRain, account, ("America/New_York", "USD"), slots)
}

pub(crate) fn klar(account: &str) -> AccountPart {
    let today = slot("today", 300, Some(midnight()), klar_sheet(account));
    let slots = vec![Slot { view: Arc::from("default"), ..today }];
    let token_expiry = Some(at("2026-03-18T19:04:00.5Z"));
    AccountPart { token_expiry, ..part(Api::Klar, account, ("Europe/Berlin", "EUR"), slots) }
}

/// So many TapRain accounts, each with as many sources.
pub(crate) fn many(accounts: usize, sources: usize) -> Vec<AccountPart> {
    (0..accounts).map(|number| with_rows(&format!("account {number}"), sources, 1.0)).collect()
}

/// An account with so many sources, whose figures are so large.
pub(crate) fn with_rows(account: &str, sources: usize, factor: f64) -> AccountPart {
    let labels = Labels::new().with("account", account).with("view", "all").with("range", "today");
    let row = |number: usize| {
        let clicks = factor * number as f64;
        let values = [clicks, clicks / 8.0, clicks * 1.37, 0.125, 0.1].map(Some);
        Row {
            labels: labels.and("source", &format!("campaign_{number}")),
            values: Box::new(values),
        }
    };
    let rows = (0..sources).map(row).collect();
    let tables = vec![Table { group: Group::TapRainSource, rows }];
    let sheet = Sheet { tables, folded: Vec::new() };
    part(Api::TapRain, account, ("UTC", "USD"), vec![slot("today", 60, None, sheet)])
}

fn part(api: Api, account: &str, (zone, currency): (&str, &str), slots: Vec<Slot>) -> AccountPart {
    let requests = NonZeroU32::new(600).unwrap();
    let terms = BudgetTerms { requests, per: Duration::from_secs(3600), reserve: 0.0 };
    AccountPart {
        api,
        account: Arc::from(account),
        timezone: Arc::from(zone),
        currency: Arc::from(currency),
        state: Some(AccountState::Ok),
        up: Some(true),
        broken: false,
        token_expiry: None,
        budget: Arc::new(Mutex::new(Budget::new(terms))),
        plan: Plan::new(&[], terms, None),
        whole: slots.first().map(|slot| Arc::clone(&slot.view)),
        slots,
    }
}

fn slot(range: &str, every: u64, ends: Option<End>, sheet: Sheet) -> Slot {
    Slot {
        view: Arc::from("all"),
        range: Arc::from(range),
        meaning: Arc::from(""),
        every: Duration::from_secs(every),
        interval: Duration::from_secs(every),
        next_due: Some(Tick::at(Duration::from_secs(every))),
        up: Some(true),
        last_success: Some(at("2026-03-18T18:59:45.25Z")),
        good: Some(Good {
            series: sheet.series(),
            sheet: Arc::new(sheet),
            arrived: Tick::default(),
            stale_from: Tick::at(FRESH),
            ends,
        }),
    }
}

fn taprain_sheet(account: &str, range: &str, factor: f64) -> Sheet {
    let labels = || Labels::new().with("account", account).with("view", "all").with("range", range);
    let figures = |clicks: f64, leads: f64, revenue: f64| -> Box<[Option<f64>]> {
        let (clicks, leads, revenue) = (clicks * factor, leads * factor, revenue * factor);
        [clicks, leads, revenue, leads / clicks, revenue / clicks].map(Some).into()
    };
    let row = |labels: Labels, values: Box<[Option<f64>]>| Row { labels: labels.finish(), values };
    let table = |group, rows| Table { group, rows };
    let hostile = "Say \"hi\\there\"\n{clickid}, 🔥";
    Sheet {
        tables: vec![
            table(Group::TapRainSummary, vec![row(labels(), figures(200.0, 25.0, 140.5))]),
            table(
                Group::TapRainCountry,
                vec![
                    row(labels().with("country", "US"), figures(160.0, 20.0, 128.0)),
                    row(labels().with("country", "(none)"), figures(40.0, 5.0, 12.5)),
                ],
            ),
            table(
                Group::TapRainSource,
                vec![row(labels().with("source", "Direct"), figures(200.0, 25.0, 140.5))],
            ),
            table(
                Group::TapRainOffer,
                vec![
                    row(labels().with("offer", hostile), figures(160.0, 20.0, -0.75)),
                    Row {
                        labels: labels().with("offer", "(other)").finish(),
                        values: [Some(0.0), Some(0.0), Some(0.0), None, None].into(),
                    },
                ],
            ),
            table(
                Group::TapRainHour,
                vec![row(labels().with("hour", "00"), [9.0, 1.0, 5.25].map(Some).into())],
            ),
            table(
                Group::TapRainUnattributed,
                vec![row(
                    labels().with("dimension", "offer"),
                    [40.0, 5.0, 141.25].map(Some).into(),
                )],
            ),
            table(
                Group::TapRainMeta,
                vec![row(
                    labels(),
                    [Some(1_773_806_400.0), Some(1_773_892_799.0), Some(1_773_860_385.0)].into(),
                )],
            ),
        ],
        folded: vec![("country", 0), ("source", 0), ("offer", 17)],
    }
}

/// The same with what is normal.
fn today_sheet(account: &str) -> Sheet {
    let mut sheet = taprain_sheet(account, "today", 1.0);
    let labels = || Labels::new().with("account", account).with("view", "all");
    let mut add = |group, labels: Labels, values: &[f64]| {
        let values = values.iter().copied().map(Some).collect();
        sheet.tables.push(Table { group, rows: vec![Row { labels: labels.finish(), values }] });
    };
    add(Group::TapRainExpected, labels(), &[210.5, 26.25, 151.5, 96.75, 214.25, 0.95]);
    add(Group::TapRainBaseline, labels(), &[0.1248, 4.0, 0.0, 22_380.0]);
    add(Group::TapRainWindow, labels().with("window", "1h"), &[31.0, 4.0, 20.5]);
    let expected = [29.5, 3.75, 21.25, 3.5];
    add(Group::TapRainExpectedWindow, labels().with("window", "1h"), &expected);
    let groups = [
        ("country", "US", Group::TapRainCountryWindow),
        ("source", "Direct", Group::TapRainSourceWindow),
        ("offer", "Freecash CPI", Group::TapRainOfferWindow),
    ];
    let expected = [
        Group::TapRainCountryExpectedWindow,
        Group::TapRainSourceExpectedWindow,
        Group::TapRainOfferExpectedWindow,
    ];
    let baselines =
        [Group::TapRainCountryBaseline, Group::TapRainSourceBaseline, Group::TapRainOfferBaseline];
    for (index, (label, name, window)) in groups.into_iter().enumerate() {
        let member = || labels().with(label, name);
        add(window, member().with("window", "24h"), &[300.0, 36.0, 180.25]);
        add(expected[index], member().with("window", "24h"), &[310.5, 37.5, 190.0]);
        add(baselines[index], member(), &[0.1185]);
    }
    sheet.tables.sort_by_key(|table| table.group);
    sheet
}

fn klar_sheet(account: &str) -> Sheet {
    let labels = || {
        Labels::new()
            .with("account", account)
            .with("view", "default")
            .with("model", "data_driven")
            .with("attribution_window", "7_day")
            .with("date_basis", "order")
            .with("range", "today")
    };
    let channel = || labels().with("channel", "Facebook");
    let campaign = || channel().with("campaign_id", "cmp_67890").with("campaign", "Spring");
    let ad_group = || campaign().with("ad_group_id", "123").with("ad_group", "Broad");
    let ad = || ad_group().with("ad_id", "(none)").with("ad", "(none)");
    let values = || -> Box<[Option<f64>]> {
        (0..18)
            .map(|column| (column < 17).then_some((f64::from(column) * 100.0 + 213.0) / 100.0))
            .collect()
    };
    let table = |group, labels: Labels| Table {
        group,
        rows: vec![Row { labels: labels.finish(), values: values() }],
    };
    let report =
        Row { labels: labels().finish(), values: [Some(1234.0), Some(1_773_788_400.0)].into() };
    let of = Labels::new().with("account", "my-store").with("view", "default").finish();
    let baseline = Row { labels: of, values: [Some(4.0), Some(0.0)].into() };
    Sheet {
        tables: vec![
            table(Group::KlarChannel, channel()),
            table(Group::KlarCampaign, campaign()),
            table(Group::KlarAdGroup, ad_group()),
            table(Group::KlarAd, ad()),
            Table { group: Group::KlarReport, rows: vec![report] },
            Table { group: Group::KlarBaseline, rows: vec![baseline] },
        ],
        folded: vec![("channel", 0)],
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
