//! Any texts as the names of offers, sources, countries, channels and what is below them: each
//! comes back from the page as cleaned, and no two series are equal.
#![no_main]

#[path = "../../tests/properties/judge.rs"]
mod judge;
#[path = "../../tests/properties/stage.rs"]
mod stage;
#[path = "../../src/exposition/strict.rs"]
mod strict;

use arbitrary::Arbitrary;
use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use revenue_exporter::figures::klar::{Entity, Line, Tally, Values};
use revenue_exporter::figures::taprain::{Figures, Report};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Days;
use rust_decimal::Decimal;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    limit: u8,
    offers: Vec<(Option<&'a str>, i16)>,
    lines: Vec<(&'a str, [(Option<&'a str>, Option<&'a str>); 3], i16)>,
}

fuzz_target!(|input: Input<'_>| {
    let limit = usize::from(input.limit % 8);
    judge::taprain(&report(&input), limit);
    judge::klar(&tally(&input), limit);
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

fn tally(input: &Input<'_>) -> Tally {
    let days = Days { start: date(2026, 1, 1), end: date(2026, 1, 2) };
    let mut tally = Tally::new(Detail::Ad, days);
    for (channel, below, cents) in &input.lines {
        let entity = |(id, name): (Option<&'_ str>, Option<&'_ str>)| Entity {
            id: id.map(|id| id.to_owned().into()),
            name: name.map(|name| name.to_owned().into()),
        };
        let mut values = Values::default();
        values.0[0] = Some((*cents).into());
        let channel = (*channel).into();
        tally.add(&Line { date: days.start, channel, below: below.map(entity), values });
    }
    tally
}
