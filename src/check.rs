//! The request plan as people read it: what every view asks for, and how fresh it will be.

use std::fmt::Write;
use std::time::Duration;

use crate::config::{duration, format_percent};
use crate::model::klar::CHUNK_DAYS;
use crate::model::settings::{Account, RangeEvery, Settings};
use crate::plan::{Ask, Plan};
use anstyle::{AnsiColor, Style};

/// Writes the plan of every account as an aligned table for up to 100 columns.
///
/// `colour` adds ANSI colours.
pub fn plan_table(settings: &Settings, colour: bool) -> String {
    let palette = if colour { Palette::COLOURED } else { Palette::PLAIN };
    let taprain = settings.taprain.iter().map(|account| {
        let views = account.views.iter().map(|view| (&*view.name, &view.ranges[..]));
        let rows = rows(views, Ask::taprain);
        let past = past(&account.common, account.views.len(), 1);
        Sheet { api: "taprain", account: &account.common, rows, plan: Plan::taprain(account), past }
    });
    let klar = settings.klar.iter().map(|account| {
        let views = account.views.iter().map(|view| (&*view.name, &view.ranges[..]));
        let rows = rows(views, Ask::klar);
        let past = past(&account.common, account.views.len(), CHUNK_DAYS);
        Sheet { api: "klar", account: &account.common, rows, plan: Plan::klar(account), past }
    });
    let sheets: Vec<String> = taprain.chain(klar).map(|sheet| sheet.render(&palette)).collect();
    sheets.join("\n")
}

fn rows<'a>(
    views: impl Iterator<Item = (&'a str, &'a [RangeEvery])>,
    ask: fn(&RangeEvery) -> Ask,
) -> Vec<Row<'a>> {
    let row = |view, each: &'a RangeEvery| Row { view, range: each.range.label(), ask: ask(each) };
    views.flat_map(|(view, ranges)| ranges.iter().map(move |each| row(view, each))).collect()
}

/// How many requests the days that are over take at most, when one brings `chunk` of them.
fn past(account: &Account, views: usize, chunk: u32) -> usize {
    views * account.history_days.div_ceil(chunk) as usize
}

/// One account's part of the table.
struct Sheet<'a> {
    api: &'static str,
    account: &'a Account,
    rows: Vec<Row<'a>>,
    plan: Plan,
    past: usize,
}

struct Row<'a> {
    view: &'a str,
    range: &'a str,
    ask: Ask,
}

impl Sheet<'_> {
    fn render(&self, palette: &Palette) -> String {
        let mut text = String::new();
        self.header(&mut text, palette);
        text.push('\n');
        self.table(&mut text, palette);
        text.push('\n');
        self.footer(&mut text, palette);
        text
    }

    fn header(&self, text: &mut String, palette: &Palette) {
        let (account, terms) = (self.account, self.account.budget);
        let title = format!("{} {}", self.api, account.name);
        let place =
            format!("{}, {}, {}", account.base_url, account.timezone_name, account.currency);
        let budget = format!(
            "{} requests per {}, {} in reserve: {:.0} an hour allowed",
            terms.requests,
            duration::format(terms.per),
            format_percent(terms.reserve),
            self.plan.allowed_per_hour,
        );
        let _ = writeln!(text, "{}", palette.title.paint(&title));
        let _ = writeln!(text, "  {}", palette.aside.paint(&place));
        let _ = writeln!(text, "  {}", palette.aside.paint(&budget));
    }

    fn table(&self, text: &mut String, palette: &Palette) {
        let cells: Vec<[String; 6]> = self.rows.iter().map(|row| self.cells(row)).collect();
        let widths = widths(&cells);
        let _ = writeln!(text, "{}", palette.aside.paint(&aligned(&HEADINGS, widths)));
        for cells in &cells {
            let line = aligned(&cells.each_ref().map(String::as_str), widths);
            let (asked, gets) = line.split_at(line.len() - widths[5]);
            let gets = if self.is_stretched() { palette.warning.paint(gets) } else { gets.into() };
            let _ = writeln!(text, "{asked}{gets}");
        }
    }

    fn cells(&self, row: &Row<'_>) -> [String; 6] {
        let per_hour = f64::from(row.ask.requests) * 3600.0 / row.ask.every.as_secs_f64();
        [
            row.view.to_owned(),
            row.range.to_owned(),
            duration::format(row.ask.every),
            row.ask.requests.to_string(),
            format!("{per_hour:.1}"),
            readable(self.plan.stretched(row.ask.every)),
        ]
    }

    fn footer(&self, text: &mut String, palette: &Palette) {
        self.sums(text, palette);
        if self.past > 0 {
            let (past, days) = (self.past, self.account.history_days);
            let once = format!("and once, for {days} days of history, up to {past} requests");
            let _ = writeln!(text, "  {}", palette.aside.paint(&once));
        }
    }

    fn sums(&self, text: &mut String, palette: &Palette) {
        let plan = self.plan;
        let share = plan.asked_per_hour / plan.allowed_per_hour;
        let mut sums = format!(
            "asks for {:.1} requests an hour, {:.1} are allowed ({:.1} %)",
            plan.asked_per_hour,
            plan.allowed_per_hour,
            100.0 * share
        );
        if plan.tokens_per_hour > 0.0 {
            let _ = write!(sums, ", {:.1} of them for access tokens", plan.tokens_per_hour);
        }
        if !self.is_stretched() {
            let _ = writeln!(text, "  {}", palette.good.paint(&sums));
            return;
        }
        let remark = format!(
            "asks for {} times the budget: intervals are stretched by {}",
            factor(share),
            factor(plan.stretch)
        );
        let _ = writeln!(text, "  {}", palette.warning.paint(&sums));
        let _ = writeln!(text, "  {}", palette.warning.paint(&remark));
    }

    fn is_stretched(&self) -> bool {
        self.plan.stretch > 1.0
    }
}

const HEADINGS: [&str; 6] =
    ["view", "range", "asked every", "requests", "requests/h", "refreshed every"];

/// The width of each column: its widest cell.
fn widths(cells: &[[String; 6]]) -> [usize; 6] {
    let mut widths = HEADINGS.map(str::len);
    for row in cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// One line: names to the left, numbers to the right.
fn aligned(cells: &[&str; 6], widths: [usize; 6]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let _ = match column {
            0 | 1 => write!(line, "  {cell:<width$}"),
            _ => write!(line, "  {cell:>width$}"),
        };
    }
    line
}

/// A factor above 1, with as many digits as tell it from 1.
fn factor(factor: f64) -> String {
    if factor < 1.1 { format!("{factor:.3}") } else { format!("{factor:.1}") }
}

/// The interval, rounded to what matters at its size.
fn readable(interval: Duration) -> String {
    let step = match interval.as_secs() {
        0..10 => 0.1,
        10..3600 => 1.0,
        _ => 60.0,
    };
    let rounded = (interval.as_secs_f64() / step).round() * step;
    duration::format(Duration::from_secs_f64(rounded))
}

struct Palette {
    title: Ink,
    aside: Ink,
    good: Ink,
    warning: Ink,
}

impl Palette {
    const PLAIN: Self = Self {
        title: Ink(Style::new()),
        aside: Ink(Style::new()),
        good: Ink(Style::new()),
        warning: Ink(Style::new()),
    };
    const COLOURED: Self = Self {
        title: Ink(Style::new().bold()),
        aside: Ink(Style::new().dimmed()),
        good: Ink(AnsiColor::Green.on_default()),
        warning: Ink(AnsiColor::Yellow.on_default()),
    };
}

struct Ink(Style);

impl Ink {
    fn paint(&self, text: &str) -> String {
        format!("{}{text}{:#}", self.0, self.0)
    }
}
