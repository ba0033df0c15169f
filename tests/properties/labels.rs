//! Names of any kind, all at once: whatever the labels are, no two series are equal.

use jiff::civil::date;
use proptest::prelude::*;
use revenue_exporter::figures::klar::{Entity, Line, Tally, Values};
use revenue_exporter::figures::taprain::{Figures, Report};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Days;

use super::judge;

const DAYS: Days = Days { start: date(2026, 1, 1), end: date(2026, 1, 2) };

/// Names that are equal once cleaned, look like our own words, or break a careless writer.
fn name() -> impl Strategy<Value = Option<String>> {
    let odd = prop::sample::select(vec![
        "(other)",
        "(none)",
        "",
        "US",
        "us",
        "a\u{0}",
        "a\u{1}",
        "a\u{fffd}",
        "a\u{2028}",
        "\\",
        "\"",
        "\n",
        "\\n",
        "\\\"",
        "a\",b=\"",
        "} 1",
        "# EOF",
        "\u{1f}",
        "\u{1e}",
        "a\u{1f}b",
        "\u{1f}\u{1f}",
        "b",
    ]);
    let long =
        (198_usize..203, 0_u8..3).prop_map(|(length, end)| format!("{}{end}", "ä".repeat(length)));
    prop::option::of(prop_oneof![6 => odd.prop_map(str::to_owned), 1 => long, 2 => "[\\s\\S]{0,4}"])
}

fn rows() -> impl Strategy<Value = Vec<(Option<String>, i64)>> {
    prop::collection::vec((name(), -99_i64..999), 0..24)
}

fn figures(clicks: i64) -> Figures {
    Figures { clicks: Some(clicks.into()), revenue: Some(clicks.into()), ..Figures::default() }
}

fn line(names: &[Option<String>], orders: i64) -> Line<'_> {
    let text = |index: usize| names[index].as_deref().map(Into::into);
    let entity = |index| Entity {
        id: text(index).filter(|id: &std::borrow::Cow<'_, str>| !id.is_empty()),
        name: text(index + 1),
    };
    let mut values = Values::default();
    values.0[0] = Some(orders.into());
    let channel = text(0).unwrap_or_default();
    Line { date: DAYS.start, channel, below: [entity(1), entity(3), entity(5)], values }
}

proptest! {
    #[test]
    fn no_two_taprain_series_are_equal(
        breakdowns in [rows(), rows(), rows()],
        limit in 0_usize..9,
    ) {
        let breakdown = |rows: Vec<(Option<String>, i64)>| {
            Some(rows.into_iter().map(|(name, clicks)| (name, figures(clicks))).collect())
        };
        let breakdowns = breakdowns.map(breakdown);
        judge::taprain(&Report { breakdowns, ..Report::default() }, limit);
    }

    #[test]
    fn no_two_klar_series_are_equal(
        lines in prop::collection::vec((prop::collection::vec(name(), 7), -99_i64..999), 0..24),
        limit in 0_usize..6,
    ) {
        let mut tally = Tally::new(Detail::Ad, DAYS);
        let lines: Vec<_> = lines.iter().map(|(names, orders)| line(names, *orders)).collect();
        for line in &lines {
            tally.add(line);
        }
        judge::klar(&tally, limit);
        judge::apart(&tally, &lines);
    }
}
