//! Any texts as the names of offers, sources, countries, channels and what is below them: each
//! comes back from the page as cleaned, and no two series are equal.
#![no_main]

mod shared;

use arbitrary::Arbitrary;
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use revenue_exporter::figures::klar::{Entity, Line, Tally, Values};
use revenue_exporter::figures::taprain::{Figures, Report};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Days;
use rust_decimal::Decimal;

use shared::judge;

/// A channel, ids and names below it, and a figure.
type Named<'a> = (&'a str, [(Option<&'a str>, Option<&'a str>); 3], i16);

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    limit: u8,
    offers: Vec<(Option<&'a str>, i16)>,
    lines: Vec<Named<'a>>,
}

const DAYS: Days = Days { start: date(2026, 1, 1), end: date(2026, 1, 2) };

fuzz_target!(|input: Input<'_>| {
    let limit = usize::from(input.limit % 8);
    judge::taprain(&report(&input), limit);
    let (lines, mut tally) = (lines(&input), Tally::new(Detail::Ad, DAYS));
    for line in &lines {
        tally.add(line);
    }
    judge::klar(&tally, limit);
    judge::apart(&tally, &lines);
});

fn report(input: &Input<'_>) -> Report {
    let figures = |cents: i16| Figures {
        clicks: Some(cents.into()),
        revenue: Some(Decimal::new(cents.into(), 2)),
        ..Figures::default()
    };
    let rows = input.offers.iter().map(|(name, cents)| (name.map(str::to_owned), figures(*cents)));
    let rows: Vec<_> = rows.collect();
    Report { breakdowns: [Some(rows.clone()), None, Some(rows)], ..Report::default() }
}

fn lines<'a>(input: &Input<'a>) -> Vec<Line<'a>> {
    // The decoder gives no empty id.
    let entity = |(id, name): (Option<&'a str>, Option<&'a str>)| Entity {
        id: id.filter(|id| !id.is_empty()).map(Into::into),
        name: name.map(Into::into),
    };
    let line = |(channel, below, orders): &Named<'a>| {
        let mut values = Values::default();
        values.0[0] = Some((*orders).into());
        let (channel, below) = ((*channel).into(), below.map(entity));
        Line { date: DAYS.start, channel, below, values }
    };
    input.lines.iter().map(line).collect()
}
