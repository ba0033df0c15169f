//! The README's tables are what the program is: every command and flag has its row with its default, every metric
//! that it names exists, and no link leads nowhere.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory};
use revenue_exporter::cli::Cli;
use revenue_exporter::exposition::catalogue;

const README: &str = include_str!("../README.md");

/// Flags of commands that have no row of their own: each command's `--help` and manual page has them.
const OF_ONE_COMMAND: [&str; 14] = [
    "account",
    "budget-share",
    "cookie-file",
    "from",
    "help",
    "label",
    "output",
    "probe",
    "seed",
    "speed",
    "step",
    "timeout",
    "to",
    "view",
];

/// The cells of the tables' rows whose first begins so.
fn rows(first: &str) -> Vec<Vec<&'static str>> {
    let rows = README.lines().filter(|line| line.starts_with(&format!("| `{first}")));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn commands() -> Vec<Command> {
    let mut root = Cli::command();
    root.build();
    let below = root.get_subcommands().filter(|below| below.get_name() != "help").cloned();
    below.collect()
}

fn flags() -> Vec<Arg> {
    commands()
        .iter()
        .flat_map(|command| command.get_arguments().cloned().collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_command_has_its_row() {
    let rows = rows("revenue-exporter");
    for command in commands() {
        let name = format!("`revenue-exporter {}", command.get_name());
        assert!(rows.iter().any(|row| row[0].contains(&name)), "the README lacks {name}`");
    }
}

#[test]
fn every_flag_that_is_not_of_one_command_has_its_row_with_its_default() {
    let rows = rows("--");
    for flag in flags() {
        let long = flag.get_long().unwrap();
        if OF_ONE_COMMAND.contains(&long) {
            assert!(README.contains(&format!("--{long}")) || long == "timeout" || long == "help");
            continue;
        }
        let row = rows.iter().find(|row| {
            let name = row[0].trim_matches('`').split(' ').next().unwrap();
            name == format!("--{long}")
        });
        let row = row.unwrap_or_else(|| panic!("the README lacks --{long}"));
        let defaults = flag.get_default_values();
        // A switch is off.
        if let [default] = defaults
            && flag.get_action().takes_values()
        {
            assert_eq!(row[1].trim_matches('`'), default.to_str().unwrap(), "--{long}");
        }
    }
}

#[test]
fn no_flag_is_named_that_does_not_exist() {
    let known: BTreeSet<String> =
        flags().iter().filter_map(|flag| flag.get_long().map(str::to_owned)).collect();
    for row in rows("--") {
        let name = row[0].trim_matches('`').split(' ').next().unwrap().trim_start_matches('-');
        assert!(known.contains(name), "the README has --{name}");
    }
}

/// Names as PromQL and exposition write them, `_bucket` and the like aside.
#[test]
fn every_metric_that_is_named_whole_exists() {
    let known: BTreeSet<&str> = catalogue::all().map(|metric| metric.name).collect();
    let is_part = |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_';
    for (at, _) in ["taprain_", "klar_", "revenue_exporter_"]
        .iter()
        .flat_map(|prefix| README.match_indices(prefix))
    {
        if README[..at].ends_with(|symbol: char| is_part(symbol) || "/-.".contains(symbol)) {
            continue;
        }
        let name: &str = README[at..].split(|symbol| !is_part(symbol)).next().unwrap();
        let rest = &README[at + name.len()..];
        // `taprain_window_…` is many; a file is none.
        if name.ends_with('_') || rest.starts_with(['…', '.']) {
            continue;
        }
        assert!(known.contains(name), "the README names {name}");
    }
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|symbol| symbol.is_alphanumeric() || " -_".contains(*symbol));
    kept.map(|symbol| if symbol == ' ' { '-' } else { symbol }).collect()
}

/// Every document but `benches/incidents/quality.md`, which becomes one in `docs`.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && !["benches", "target"].contains(&name) {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn no_document_s_link_leads_nowhere() {
    let mut all = Vec::new();
    documents(Path::new("."), &mut all);
    assert!(all.len() > 30, "{all:?}");
    for document in all {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let is_elsewhere = link.contains("://") || link.contains(' ') || link.contains('$');
            if is_elsewhere {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let there = if file.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(file)
            };
            assert!(there.exists(), "{} links {link}", document.display());
            if !place.is_empty() {
                let there = fs::read_to_string(&there).unwrap();
                let mut headings = there.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|line| anchor(line.trim_start_matches('#')) == place);
                assert!(is_there, "{} links {link}", document.display());
            }
        }
    }
}
