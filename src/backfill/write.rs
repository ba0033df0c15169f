//! The file: families in the order of the page, series after series, samples in their order.

use std::io::{Error, ErrorKind, Write};

use jiff::civil::Date;

use super::harvest::Harvest;
use super::plan::{Leg, Plan};
use crate::exposition::catalogue::{self, Column, Metric, Source};
use crate::exposition::number::Numbers;
use crate::figures::taprain_sheet;
use crate::model::range::Range;
use crate::model::settings::Subject;
use crate::snapshot::Group;

/// Text is handed on in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Samples.
    pub samples: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Writes `harvest` as OpenMetrics, as long as `goes_on` says so.
///
/// # Errors
/// What the system says of `out`; `Interrupted` where `goes_on` ended it.
pub fn write(
    plan: &Plan,
    harvest: &Harvest,
    out: &mut dyn Write,
    goes_on: &dyn Fn() -> bool,
) -> std::io::Result<Written> {
    let (text, numbers, written) = (Vec::new(), Numbers::default(), Written::default());
    let mut writer = Writer { plan, harvest, out, goes_on, text, numbers, written };
    for metric in catalogue::vendor() {
        if let Source::Columns(group, columns) = metric.source {
            writer.family(metric, group, columns)?;
        }
    }
    writer.text.extend_from_slice(b"# EOF\n");
    writer.hand_on()?;
    writer.out.flush()?;
    Ok(writer.written)
}

struct Writer<'a> {
    plan: &'a Plan,
    harvest: &'a Harvest,
    out: &'a mut dyn Write,
    goes_on: &'a dyn Fn() -> bool,
    text: Vec<u8>,
    numbers: Numbers,
    written: Written,
}

impl Writer<'_> {
    /// A family without a sample leaves no trace.
    fn family(&mut self, metric: &Metric, group: Group, columns: &[Column]) -> std::io::Result<()> {
        let mut head = metric.head();
        let (plan, harvest) = (self.plan, self.harvest);
        for (index, leg) in plan.legs.iter().enumerate() {
            for view in 0..leg.views() {
                let Some(crop) = harvest.crop(index, view) else { continue };
                for column in columns {
                    let tail = column.tail.labels(&leg.common().currency);
                    if group == Group::TapRainSummary {
                        let labels = today(leg, view);
                        let name = format!("{}{{{}{labels}{tail}}} ", metric.name, plan.labels);
                        for (date, growth) in &crop.growth {
                            self.growth(&mut head, &name, leg, (*date, growth, column.index))?;
                        }
                    }
                    for (labels, series) in crop.groups.get(&group).into_iter().flatten() {
                        let name = format!("{}{{{}{labels}{tail}}} ", metric.name, plan.labels);
                        for (date, value) in series.column(column.index, group.columns()) {
                            self.day_after(&mut head, &name, leg, (date, value))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// `today` on `date`, as it grew.
    fn growth(
        &mut self,
        head: &mut String,
        name: &str,
        leg: &Leg,
        (date, growth, column): (Date, &[(i64, [f64; 5])], usize),
    ) -> std::io::Result<()> {
        let mut steps = growth.iter();
        let (mut value, mut next) = (f64::NAN, steps.next());
        let mut shown = Vec::new();
        for at in leg.instants(date, self.plan.step) {
            while let Some((_, values)) = next.filter(|(from, _)| *from <= at) {
                (value, next) = (values.get(column).copied().unwrap_or(f64::NAN), steps.next());
                shown.clear();
                self.numbers.append(value, &mut shown);
            }
            if !value.is_nan() {
                self.sample(head, name, &shown, at)?;
            }
        }
        Ok(())
    }

    /// `yesterday` on the day after `date`.
    fn day_after(
        &mut self,
        head: &mut String,
        name: &str,
        leg: &Leg,
        (date, value): (Date, f64),
    ) -> std::io::Result<()> {
        let Ok(after) = date.tomorrow() else { return Ok(()) };
        let mut shown = Vec::new();
        self.numbers.append(value, &mut shown);
        for at in leg.instants(after, self.plan.step) {
            self.sample(head, name, &shown, at)?;
        }
        Ok(())
    }

    fn sample(
        &mut self,
        head: &mut String,
        name: &str,
        value: &[u8],
        at: i64,
    ) -> std::io::Result<()> {
        self.text.extend_from_slice(head.as_bytes());
        head.clear();
        for part in [name.as_bytes(), value, b" "] {
            self.text.extend_from_slice(part);
        }
        // Writing to memory cannot fail.
        let _ = writeln!(self.text, "{at}");
        self.written.samples += 1;
        if self.text.len() >= PIECE { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> std::io::Result<()> {
        if !(self.goes_on)() {
            return Err(Error::from(ErrorKind::Interrupted));
        }
        self.out.write_all(&self.text)?;
        self.written.bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }
}

/// The labels of a TapRain view's `today`.
fn today(leg: &Leg, view: usize) -> Box<str> {
    let Subject::TapRain(account) = &leg.subject else { return Box::default() };
    let Some(view) = account.views.get(view) else { return Box::default() };
    taprain_sheet::labels(&account.common.name, &view.name, Range::Today.label()).finish()
}
