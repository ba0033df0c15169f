//! What must hold of any page, whatever an API said. The fuzz targets read this file too.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use revenue_exporter::figures::klar::{Line, Tally};
use revenue_exporter::figures::taprain::{DIMENSIONS, Report};
use revenue_exporter::figures::taprain_sheet::Naming;
use revenue_exporter::figures::{OTHER, klar_sheet, or_none, taprain_sheet};
use revenue_exporter::label::clean;
use revenue_exporter::model::Api;
use revenue_exporter::model::settings::{KlarLimits, TapRainLimits};
use revenue_exporter::snapshot::Sheet;

use super::stage::{families, labels, shown};

/// The levels of a Klar page: a family, and the labels of a path down to it.
const LEVELS: [(&str, &[&str]); 4] = [
    ("klar_attributed_orders", &["channel"]),
    ("klar_campaign_attributed_orders", &["channel", "campaign_id", "campaign"]),
    ("klar_ad_group_attributed_orders", &["campaign_id", "campaign", "ad_group_id", "ad_group"]),
    ("klar_ad_level_attributed_orders", &["ad_group_id", "ad_group", "ad_id", "ad"]),
];

/// Every label of `report` comes back from its page as cleaned, folded or not, and only once;
/// returns how many did.
///
/// # Panics
/// When it does not.
pub(crate) fn taprain(report: &Report, limit: usize) -> usize {
    let limits = TapRainLimits { country: limit, source: limit, offer: limit };
    let labels = labels();
    let naming = Naming { labels: &labels, limits, zone: &TimeZone::UTC };
    let sheet = taprain_sheet::sheet(report, &naming).sheet;
    unique(&sheet);
    let page = families(Api::TapRain, sheet);
    let mut judged = 0;
    for (dimension, breakdown) in DIMENSIONS.into_iter().zip(&report.breakdowns) {
        let names = breakdown.iter().flatten().map(|(name, _)| cleaned(name.as_deref()));
        let names: BTreeSet<String> = names.collect();
        let clicks = shown(&page, &format!("taprain_{dimension}_clicks"), &[dimension]);
        let others = clicks.iter().filter(|row| row[0] != OTHER);
        assert!(others.clone().count() <= limit, "{clicks:?}");
        assert!(others.into_iter().all(|row| names.contains(&row[0])), "{clicks:?}");
        judged += clicks.len();
    }
    judged
}

/// The same of a Klar answer, level by level.
///
/// # Panics
/// When it does not hold.
pub(crate) fn klar(tally: &Tally, limit: usize) -> usize {
    let limits = KlarLimits { channel: limit, campaign: limit, ad_group: limit, ad: limit };
    let sheet = klar_sheet::sheet(tally, &labels(), limits, &TimeZone::UTC).sheet;
    unique(&sheet);
    let page = families(Api::Klar, sheet);
    let steps = tally.cells().into_iter().flat_map(|(path, _)| path);
    let words = steps.flat_map(|step| [cleaned(Some(&step.id)), cleaned(Some(&step.name))]);
    let words: BTreeSet<String> = words.chain([OTHER.to_owned()]).collect();
    let mut judged = 0;
    for (family, names) in LEVELS {
        let rows = shown(&page, family, names);
        assert!(rows.iter().flatten().all(|word| words.contains(word)), "{rows:?}");
        let others = rows.iter().filter(|row| row[names.len() - 1] != OTHER);
        assert!(others.count() <= limit, "{rows:?}");
        judged += rows.len();
    }
    judged
}

/// Rows are added up only when their channel and the identity of everything below it are equal: an
/// id, or the name where there is none.
///
/// # Panics
/// When others were, too.
pub(crate) fn apart(tally: &Tally, lines: &[Line<'_>]) {
    let key = |line: &Line<'_>| {
        let below = line.below.iter().map(|entity| {
            let name = entity.name.as_deref().unwrap_or_default();
            let name = entity.id.is_none().then(|| name.to_owned());
            (entity.id.as_deref().map(str::to_owned), name)
        });
        (line.channel.to_string(), below.collect::<Vec<_>>())
    };
    let keys: BTreeSet<_> = lines.iter().map(key).collect();
    assert_eq!(tally.cells().len(), keys.len(), "{keys:?}");
}

fn cleaned(name: Option<&str>) -> String {
    clean(or_none(name)).0.into_owned()
}

/// Also of rows without a figure, which no page shows.
fn unique(sheet: &Sheet) {
    for table in &sheet.tables {
        let labels: BTreeSet<_> = table.rows.iter().map(|row| &row.labels).collect();
        assert_eq!(labels.len(), table.rows.len(), "{:?}", table.group);
    }
}
