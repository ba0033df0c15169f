//! The vendors' lines of some accounts: the same bytes are valid OpenMetrics 1.0.0 and text 0.0.4.

use std::sync::Arc;

use bytes::Bytes;

use super::catalogue::{self, Column, Metric, Source, Tail};
use super::number::Numbers;
use super::short::Short;
use crate::clock::Tick;
use crate::label::Labels;
use crate::snapshot::{AccountPart, Group, Row, Table};

/// Samples as text, family after family, without the families' heads: other accounts may have
/// samples of the same families.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Whole lines; pieces of it are sent as they are.
    pub text: Bytes,
    /// Where each family stands in it, in the order of the page; those without a sample do not.
    pub families: Vec<Family>,
    /// The largest value for each metric that is the largest of all accounts, by its place in the
    /// catalogue.
    pub largest: Vec<(usize, f64)>,
    /// How many samples it has.
    pub series: usize,
    /// When the first of its values dies; `None` is never.
    pub until: Option<Tick>,
}

/// A family's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The metric's place in [`catalogue::vendor`].
    pub metric: usize,
    /// Its first byte, and the first one after it.
    pub bytes: (usize, usize),
}

/// Renders what lives of `accounts` at `now`, writing over `buffer`.
pub fn render(accounts: &[Arc<AccountPart>], now: Tick, mut buffer: Vec<u8>) -> Lines {
    buffer.clear();
    let accounts: Vec<_> = accounts.iter().map(|part| Shown::new(part, now)).collect();
    let until = accounts.iter().filter_map(|shown| shown.until).min();
    let mut writer = Writer { text: buffer, series: 0, numbers: Numbers::default() };
    let (mut families, mut largest) = (Vec::new(), Vec::new());
    for (place, metric) in catalogue::vendor().enumerate() {
        let begin = writer.text.len();
        for account in &accounts {
            writer.account(metric, account);
        }
        if writer.text.len() > begin {
            families.push(Family { metric: place, bytes: (begin, writer.text.len()) });
        }
        if let Source::Largest(group, index) = metric.source {
            largest.extend(largest_of(&accounts, group, index).map(|value| (place, value)));
        }
    }
    let mut text = writer.text;
    // Doubling leaves up to as much unused. Some room is kept, so that the next page fits in it.
    if text.capacity() > text.len() + text.len() / 8 {
        text.shrink_to(text.len() + text.len() / 32);
    }
    let text = Bytes::from(text);
    Lines { text, families, largest, series: writer.series, until }
}

/// A whole family of one sample without labels.
pub fn single(metric: &Metric, value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(metric.head().as_bytes());
    out.extend_from_slice(metric.name.as_bytes());
    out.push(b' ');
    Numbers::default().line(value, out);
}

fn largest_of(accounts: &[Shown<'_>], group: Group, index: usize) -> Option<f64> {
    let rows = accounts.iter().flat_map(|account| account.rows(group));
    rows.filter_map(|row| row.values.get(index).copied().flatten()).reduce(f64::max)
}

/// What one account shows now, with the labels that all its money shares.
struct Shown<'a> {
    part: &'a AccountPart,
    until: Option<Tick>,
    /// By group, and of one group in the order of the ranges.
    tables: Vec<&'a Table>,
    currency: String,
    /// The same where it ends a sample's labels.
    money: Short,
}

impl<'a> Shown<'a> {
    fn new(part: &'a AccountPart, now: Tick) -> Self {
        let good = part.slots.iter().filter_map(|slot| slot.good.as_ref());
        let alive: Vec<_> = good.filter(|good| good.lives(now)).collect();
        let until = alive.iter().map(|good| good.dies()).min();
        let mut tables: Vec<_> = alive.iter().flat_map(|good| &good.sheet.tables).collect();
        tables.sort_by_key(|table| table.group);
        let currency = Tail::Currency.labels(&part.currency);
        let money = Short::new([&currency, "} "]);
        Self { part, until, tables, currency, money }
    }

    fn rows(&self, group: Group) -> impl Iterator<Item = &'a Row> {
        let first = self.tables.partition_point(|table| table.group < group);
        let tables = self.tables[first..].iter().take_while(move |table| table.group == group);
        tables.flat_map(|table| &table.rows)
    }
}

struct Writer {
    text: Vec<u8>,
    series: usize,
    numbers: Numbers,
}

impl Writer {
    fn account(&mut self, metric: &Metric, account: &Shown<'_>) {
        let part = account.part;
        match metric.source {
            Source::Columns(group, columns) => self.columns(metric.name, account, group, columns),
            Source::Up(api) if part.api == api => {
                if let Some(up) = part.up {
                    let labels = Labels::new().with("account", &part.account).finish();
                    self.sample(metric.name, &[&labels], f64::from(up));
                }
            }
            Source::AccountInfo(api) if part.api == api => self.info(metric.name, account),
            Source::Up(_) | Source::AccountInfo(_) | Source::Largest(..) | Source::Own => {}
        }
    }

    /// The many: what all rows share is put together once.
    fn columns(&mut self, name: &str, account: &Shown<'_>, group: Group, columns: &[Column]) {
        if account.rows(group).next().is_none() {
            return;
        }
        let name = Short::new([name, "{"]);
        let end = |column: &Column| match column.tail {
            Tail::Currency => account.money.clone(),
            other => Short::new([&other.labels(&account.part.currency), "} "]),
        };
        let column = |column: &Column| (column.index, end(column));
        let columns: Vec<_> = columns.iter().map(column).collect();
        for row in account.rows(group) {
            for (index, end) in &columns {
                let Some(Some(value)) = row.values.get(*index) else { continue };
                name.append(&mut self.text);
                self.text.extend_from_slice(row.labels.as_bytes());
                end.append(&mut self.text);
                self.end(*value);
            }
        }
    }

    fn info(&mut self, name: &str, account: &Shown<'_>) {
        let part = account.part;
        let labels =
            Labels::new().with("account", &part.account).with("timezone", &part.timezone).finish();
        self.sample(name, &[&labels, &account.currency], 1.0);
    }

    fn sample(&mut self, name: &str, labels: &[&str], value: f64) {
        let begin = [&[name, "{"], labels, &["} "]].concat().concat();
        self.text.extend_from_slice(begin.as_bytes());
        self.end(value);
    }

    fn end(&mut self, value: f64) {
        self.numbers.line(value, &mut self.text);
        self.series += 1;
    }
}
