//! The tables.

use std::fmt::Write;
use std::time::Duration;

use crate::options::Options;
use crate::rules::RuleBook;
use crate::scenario::ALL;
use crate::score::Outcome;

/// Scenarios whose delay has a goal of its own.
const URGENT: [u32; 3] = [3, 10, 11];

struct Row {
    runs: usize,
    seen: usize,
    delays: Vec<i64>,
    urgent: Vec<i64>,
    weeks: f64,
    critical: u32,
    warning: u32,
    pages: u32,
    unknowable: usize,
}

impl Row {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut row = Self {
            runs: 0,
            seen: 0,
            delays: Vec::new(),
            urgent: Vec::new(),
            weeks: 0.0,
            critical: 0,
            warning: 0,
            pages: 0,
            unknowable: 0,
        };
        for one in outcomes {
            row.pages = row.pages.max(one.pages);
            if !one.must_fire {
                row.weeks += one.days / 7.0;
                row.critical += one.critical;
                row.warning += one.warning;
            } else if !one.knowable {
                row.unknowable += 1;
            } else {
                row.runs += 1;
                row.seen += usize::from(one.delay.is_some());
                row.delays.extend(one.delay);
                if URGENT.contains(&one.scenario) {
                    row.urgent.extend(one.delay);
                }
            }
        }
        row.delays.sort_unstable();
        row.urgent.sort_unstable();
        row
    }

    fn recall(&self) -> String {
        if self.runs == 0 {
            return "-".to_owned();
        }
        format!("{:.2}", self.seen as f64 / self.runs as f64)
    }

    fn a_week(&self, count: u32) -> String {
        if self.weeks == 0.0 {
            "-".to_owned()
        } else {
            format!("{:.2}", f64::from(count) / self.weeks)
        }
    }
}

/// The value below which `share` of the sorted lie, as hours and minutes.
fn quantile(sorted: &[i64], share: f64) -> String {
    if sorted.is_empty() {
        return "-".to_owned();
    }
    let place = ((sorted.len() - 1) as f64 * share).round() as usize;
    let minutes = sorted[place] / 60;
    if minutes < 120 { format!("{minutes} min") } else { format!("{:.1} h", minutes as f64 / 60.0) }
}

pub fn tell(outcomes: &[Outcome], books: &[RuleBook], options: &Options, took: Duration) {
    let mut text = sizes(outcomes, books, options);
    text.push('\n');
    text.push_str(&scenarios(outcomes, options));
    println!("{text}");
    println!(
        "{} runs judged by {} rule sets in {took:.0?}",
        outcomes.len() / books.len(),
        books.len()
    );
    if options.write {
        write(&text, outcomes.len() / books.len(), options);
    }
}

fn sizes(outcomes: &[Outcome], books: &[RuleBook], options: &Options) -> String {
    let mut text = String::from(
        "| rules | leads a day | recall | delay, median | 90 % | delay of 3, 10, 11 | false critical a week | false warning a week | most pages |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (place, book) in books.iter().enumerate() {
        for size in &options.sizes {
            let of = |one: &&Outcome| one.book == place && one.batch.leads_per_day == *size;
            let row = Row::of(outcomes.iter().filter(of));
            let _ = writeln!(
                text,
                "| {} | {size} | {} ({}/{}) | {} | {} | {} | {} | {} | {} |",
                book.name,
                row.recall(),
                row.seen,
                row.runs,
                quantile(&row.delays, 0.5),
                quantile(&row.delays, 0.9),
                quantile(&row.urgent, 0.5),
                row.a_week(row.critical),
                row.a_week(row.warning),
                row.pages,
            );
        }
    }
    text
}

fn scenarios(outcomes: &[Outcome], options: &Options) -> String {
    let mut text = String::from("| | scenario |");
    for size in &options.sizes {
        let _ = write!(
            text,
            " {size}: recall or false a week | delay, median and 90 % | could not be known | most pages |"
        );
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|---|---|---|".repeat(options.sizes.len()));
    text.push('\n');
    for scenario in ALL {
        if !outcomes.iter().any(|one| one.scenario == scenario.number) {
            continue;
        }
        let _ = write!(text, "| {} | {} |", scenario.number, scenario.name);
        for size in &options.sizes {
            let of = |one: &&Outcome| {
                one.book == 0 && one.batch.leads_per_day == *size && one.scenario == scenario.number
            };
            let row = Row::of(outcomes.iter().filter(of));
            if scenario.must_fire() {
                let (median, most) = (quantile(&row.delays, 0.5), quantile(&row.delays, 0.9));
                let _ = write!(
                    text,
                    " {} | {median}, {most} | {} | {} |",
                    row.recall(),
                    row.unknowable,
                    row.pages
                );
            } else {
                let wrong = row.a_week(row.critical + row.warning);
                let _ = write!(text, " {wrong} | | | {} |", row.pages);
            }
        }
        text.push('\n');
    }
    text
}

/// Puts the tables where `docs/alert-quality.md` has them.
fn write(tables: &str, runs: usize, options: &Options) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/alert-quality.md");
    let text = include_str!("quality.md")
        .replace("{tables}", tables)
        .replace("{runs}", &runs.to_string())
        .replace("{seeds}", &options.seeds.to_string())
        .replace("{version}", &crate::prometheus::version());
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
    std::fs::write(path, text).unwrap();
}
