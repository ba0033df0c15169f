//! From figures to a whole page, and the strict reader's judgement of it. The fuzz targets read
//! this file too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use revenue_exporter::board::Board;
use revenue_exporter::budget::Budget;
use revenue_exporter::clock::Tick;
use revenue_exporter::exposition::ending::{Endings, Origin};
use revenue_exporter::exposition::negotiate::Format;
use revenue_exporter::exposition::own::{self, Own, ReloadState};
use revenue_exporter::exposition::page;
use revenue_exporter::exposition::press::{Press, Printed};
use revenue_exporter::label::Labels;
use revenue_exporter::model::Api;
use revenue_exporter::model::settings::BudgetTerms;
use revenue_exporter::plan::Plan;
use revenue_exporter::snapshot::{AccountPart, Good, Sheet, Slot};
use revenue_exporter::telemetry::Counts;

use super::strict::{self, Family};

const NOW: Tick = Tick::at(Duration::ZERO);
const WALL: Timestamp = Timestamp::UNIX_EPOCH;

/// Families by name.
pub(crate) type Page = BTreeMap<String, Family>;

/// A word of the configuration that the page has to escape.
const ACCOUNT: &str = "a\"b\\";

/// The labels that every row begins with.
pub(crate) fn labels() -> Labels {
    Labels::new().with("account", ACCOUNT)
}

/// An account that shows `sheet`.
fn account(api: Api, sheet: Sheet) -> AccountPart {
    let requests = std::num::NonZeroU32::MIN;
    let terms = BudgetTerms { requests, per: Duration::from_secs(60), reserve: 0.0 };
    let stale_from = Tick::at(Duration::from_secs(60));
    let (series, sheet) = (sheet.series(), Arc::new(sheet));
    let slot = Slot {
        view: "all".into(),
        range: "today".into(),
        meaning: "".into(),
        every: Duration::from_secs(1),
        interval: Duration::from_secs(1),
        next_due: None,
        up: Some(true),
        last_success: Some(WALL),
        good: Some(Good { sheet, series, arrived: NOW, stale_from, ends: None }),
    };
    AccountPart {
        api,
        account: ACCOUNT.into(),
        timezone: "UTC".into(),
        currency: "EUR".into(),
        state: None,
        up: Some(true),
        broken: false,
        token_expiry: None,
        budget: Arc::new(Mutex::new(Budget::new(terms))),
        plan: Plan::default(),
        whole: None,
        slots: vec![slot],
    }
}

fn own(page: &Arc<Printed>) -> Own {
    Own {
        page: Arc::clone(page),
        budgets: own::budgets(page, NOW),
        counts: Counts::default(),
        version: "1.2.3",
        reload: ReloadState { successful: true, at: WALL },
        process: None,
    }
}

/// The page that shows `sheet`, as a strict reader understands it in either format.
///
/// # Panics
/// When it breaks a rule of its format, or two series are equal.
pub(crate) fn families(api: Api, sheet: Sheet) -> Page {
    let printed = Press::default().page(&Board::new(vec![account(api, sheet)]), NOW);
    let [open, plain] = [Format::OpenMetrics, Format::Text].map(|format| {
        let reload = ReloadState { successful: true, at: WALL };
        let origin = Origin { page: (0, NOW), changes: 0, reload };
        let own = || own(&printed).open_metrics();
        let ending = Endings::default().get(format, origin, NOW, own).unwrap();
        String::from_utf8(page::plain(&printed, &ending).concat()).unwrap()
    });
    let no_unit = |line: &&str| !line.starts_with("# UNIT");
    let plain: String = plain.split_inclusive('\n').filter(no_unit).collect();
    strict::text(&plain).unwrap_or_else(|why| panic!("{why}\n{plain}"));
    strict::open_metrics(&open).unwrap_or_else(|why| panic!("{why}\n{open}"))
}

/// What each series of `family` says under `names`.
pub(crate) fn shown(page: &Page, family: &str, names: &[&str]) -> Vec<Vec<String>> {
    let samples = page.get(family).map(|family| &family.samples).into_iter().flatten();
    let value = |labels: &[(String, String)], name: &str| {
        let found = labels.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    samples.map(|(_, labels, _)| names.iter().map(|name| value(labels, name)).collect()).collect()
}
