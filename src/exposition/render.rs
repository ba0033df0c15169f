//! The vendors' part of the page: the same bytes are valid OpenMetrics 1.0.0 and text 0.0.4, where
//! `# UNIT` is a comment.

use super::catalogue::{self, Column, Metric, Source, Tail};
use super::number::Numbers;
use crate::clock::Tick;
use crate::label::Labels;
use crate::snapshot::{AccountPart, Group, Row, Snapshot, Table};

/// Vendor metrics as text, and how long that text tells the truth.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Whole lines; no `# EOF`.
    pub text: String,
    /// How many samples it has.
    pub series: usize,
    /// When the first of its values dies; `None` is never.
    pub until: Option<Tick>,
}

/// Renders what lives at `now`, writing over `buffer`.
pub fn render(snapshot: &Snapshot, now: Tick, mut buffer: String) -> Rendered {
    buffer.clear();
    let accounts: Vec<_> = snapshot.accounts.iter().map(|part| Shown::new(part, now)).collect();
    let until = accounts.iter().filter_map(|shown| shown.until).min();
    let mut writer = Writer { text: buffer, series: 0, numbers: Numbers::default() };
    for metric in catalogue::vendor() {
        writer.family(metric, &accounts);
    }
    Rendered { text: writer.text, series: writer.series, until }
}

/// What one account shows now, with the labels that all its money shares.
struct Shown<'a> {
    part: &'a AccountPart,
    until: Option<Tick>,
    tables: Vec<&'a Table>,
    currency: String,
}

impl<'a> Shown<'a> {
    fn new(part: &'a AccountPart, now: Tick) -> Self {
        let good = part.slots.iter().filter_map(|slot| slot.good.as_ref());
        let alive: Vec<_> = good.filter(|good| good.lives(now)).collect();
        let until = alive.iter().map(|good| good.dies()).min();
        let tables = alive.iter().flat_map(|good| &good.sheet.tables).collect();
        let currency = format!(",{}", Labels::new().with("currency", &part.currency).finish());
        Self { part, until, tables, currency }
    }

    fn rows(&self, group: Group) -> impl Iterator<Item = &'a Row> {
        self.tables.iter().filter(move |table| table.group == group).flat_map(|table| &table.rows)
    }
}

struct Writer {
    text: String,
    series: usize,
    numbers: Numbers,
}

impl Writer {
    /// Writes one family; a family without a sample leaves no trace.
    fn family(&mut self, metric: &Metric, accounts: &[Shown<'_>]) {
        let begin = self.text.len();
        metric.head(&mut self.text);
        let before = self.series;
        for account in accounts {
            self.account(metric, account);
        }
        if let Source::Largest(group, index) = metric.source {
            self.largest(metric.name, accounts, group, index);
        }
        if self.series == before {
            self.text.truncate(begin);
        }
    }

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

    fn columns(&mut self, name: &str, account: &Shown<'_>, group: Group, columns: &[Column]) {
        for row in account.rows(group) {
            for column in columns {
                let Some(Some(value)) = row.values.get(column.index) else { continue };
                match column.tail {
                    Tail::None => self.sample(name, &[&row.labels], *value),
                    Tail::Currency => self.sample(name, &[&row.labels, &account.currency], *value),
                    Tail::Horizon(horizon) => {
                        let labels =
                            [&*row.labels, &account.currency, ",horizon=\"", horizon, "\""];
                        self.sample(name, &labels, *value);
                    }
                }
            }
        }
    }

    fn largest(&mut self, name: &str, accounts: &[Shown<'_>], group: Group, index: usize) {
        let rows = accounts.iter().flat_map(|account| account.rows(group));
        let values = rows.filter_map(|row| row.values.get(index).copied().flatten());
        if let Some(largest) = values.reduce(f64::max) {
            self.line(&[name], largest);
        }
    }

    fn info(&mut self, name: &str, account: &Shown<'_>) {
        let part = account.part;
        let labels =
            Labels::new().with("account", &part.account).with("timezone", &part.timezone).finish();
        self.sample(name, &[&labels, &account.currency], 1.0);
    }

    fn sample(&mut self, name: &str, labels: &[&str], value: f64) {
        self.push(&[name, "{"]);
        self.push(labels);
        self.line(&["}"], value);
    }

    /// Ends a sample's line.
    fn line(&mut self, parts: &[&str], value: f64) {
        self.push(parts);
        self.text.push(' ');
        self.numbers.append(value, &mut self.text);
        self.text.push('\n');
        self.series += 1;
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }
}
