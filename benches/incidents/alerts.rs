//! From what an expression returns to alerts that fire: `for`, `keep_firing_for`, inhibition.

use std::collections::{BTreeMap, BTreeSet};

use crate::hold::firing;
use crate::prometheus::{Ranged, Server};
use crate::record::written_back;
use crate::rules::{Alert, Inhibition, RuleBook};
use crate::wire_format::{Written, request};

/// How long Alertmanager waits for what may belong together, or inhibit, before it notifies.
const GROUP_WAIT: i64 = 300;

/// Seconds between two looks at what is inhibited.
const LOOK: i64 = 300;

/// When rules are evaluated, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: i64,
    pub end: i64,
    /// Between two evaluations, and as much between two scrapes.
    pub step: i64,
}

/// An alert that fired, from its first to its last moment.
#[derive(Clone, Debug)]
pub struct Firing {
    pub alert: String,
    pub severity: String,
    pub instance: String,
    pub labels: BTreeMap<String, String>,
    pub from: i64,
    pub until: i64,
}

/// Records and evaluates `book` over `span`, for the instances `names`; recorded rules from
/// `history` on.
pub fn evaluate(
    server: &Server,
    book: &RuleBook,
    history: i64,
    span: Span,
    names: &BTreeSet<&str>,
) -> Vec<Firing> {
    let Span { start, end, step } = span;
    // Runs of another time may reach into this one; they were judged then.
    let ours =
        |one: &&Ranged| one.labels.get("instance").is_none_or(|name| names.contains(name.as_str()));
    for rule in &book.recorded {
        let ranged = server.range(&rule.expr, (history, end), step);
        let kept: Vec<_> = ranged
            .iter()
            .filter(ours)
            .map(|one| {
                let mut labels = one.labels.clone();
                labels.insert("__name__".to_owned(), rule.name.clone());
                labels.extend(rule.labels.clone());
                (labels, written_back(&one.labels, &one.values, step, rule.dense))
            })
            .collect();
        let written: Vec<Written<'_>> = kept
            .iter()
            .map(|(labels, samples)| Written {
                labels: labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect(),
                samples,
            })
            .collect();
        for some in written.chunks(2_000) {
            server.put(&request(some));
        }
    }
    let mut firings = Vec::new();
    for alert in &book.alerts {
        for one in server.range(&alert.expr, (start, end), step) {
            let active: Vec<i64> = one.values.iter().map(|(at, _)| *at).collect();
            for (from, until) in firing(&active, step, alert.hold, alert.keep) {
                firings.push(made(alert, &one.labels, from, until));
            }
        }
    }
    firings
}

fn made(alert: &Alert, labels: &BTreeMap<String, String>, from: i64, until: i64) -> Firing {
    let mut labels = labels.clone();
    labels.remove("__name__");
    labels.extend(alert.labels.clone());
    labels.insert("alertname".to_owned(), alert.name.clone());
    let instance = labels.get("instance").cloned().unwrap_or_default();
    let (alert, severity) = (alert.name.clone(), alert.severity.clone());
    Firing { alert, severity, instance, labels, from, until }
}

/// Stretches of the firings that nobody inhibits, one for each that is notified of.
pub fn notified<'a>(firings: &'a [Firing], rules: &[Inhibition]) -> Vec<&'a Firing> {
    let told = |firing: &&Firing| {
        let mut at = firing.from + GROUP_WAIT;
        while at < firing.until.max(firing.from + GROUP_WAIT + 1) {
            if !inhibited(firing, at, firings, rules) {
                return true;
            }
            at += LOOK;
        }
        false
    };
    firings.iter().filter(told).collect()
}

fn inhibited(target: &Firing, at: i64, firings: &[Firing], rules: &[Inhibition]) -> bool {
    rules.iter().filter(|rule| matches(&rule.target_matchers, target)).any(|rule| {
        firings.iter().any(|source| {
            source.from <= at
                && at < source.until
                && source.instance == target.instance
                && matches(&rule.source_matchers, source)
                && !matches(&rule.source_matchers, target)
                && rule
                    .equal
                    .iter()
                    .all(|label| source.labels.get(label) == target.labels.get(label))
        })
    })
}

/// `a="x"`, `a!="x"`, `a=~"x|y"`, `a!~"x|y"`, as Alertmanager writes matchers.
fn matches(matchers: &[String], firing: &Firing) -> bool {
    matchers.iter().all(|matcher| {
        let place = matcher.find(['=', '!']).unwrap();
        let (label, rest) = matcher.split_at(place);
        let value = firing.labels.get(label.trim()).map_or("", String::as_str);
        let (operator, wanted) =
            rest.split_at(if rest.starts_with("=~") || rest.starts_with('!') { 2 } else { 1 });
        let wanted = wanted.trim().trim_matches('"');
        match operator {
            "=" => value == wanted,
            "!=" => value != wanted,
            "=~" => alternatives(wanted, value),
            _ => !alternatives(wanted, value),
        }
    })
}

/// Alternatives of which each may end in `.*` or `.+`: all that the example uses.
fn alternatives(pattern: &str, value: &str) -> bool {
    pattern.trim_start_matches('(').trim_end_matches(')').split('|').any(|one| {
        match one.strip_suffix(".*").or(one.strip_suffix(".+")) {
            Some(start) => {
                value.starts_with(start) && (one.ends_with('*') || value.len() > start.len())
            }
            None => value == one,
        }
    })
}
