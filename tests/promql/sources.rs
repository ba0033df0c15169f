//! Where expressions stand: dashboards, rules, and the code blocks of documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::known::Known;

/// An expression and its place.
pub(super) struct Found {
    pub(super) place: String,
    pub(super) expression: String,
}

/// The files under `folder` of the repository whose names end so; none where there is no folder.
pub(super) fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

/// Every dashboard.
pub(super) fn dashboards() -> Vec<(String, Value)> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        (
            name(path),
            serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    };
    files("grafana/dashboards", &[".json"]).iter().map(read).collect()
}

/// The queries of a dashboard's panels, with its variables filled in where they are no strings.
pub(super) fn queries(place: &str, dashboard: &Value) -> Vec<Found> {
    let values = variables(dashboard);
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let (title, id) = (&panel["title"], &target["refId"]);
            let place = format!("{place}, {title}, {id}");
            let expression = fill(target["expr"].as_str().unwrap(), &values);
            found.push(Found { place, expression });
        }
    }
    found
}

/// The variables that stand for numbers and times rather than in strings.
fn variables(dashboard: &Value) -> BTreeMap<String, String> {
    let mut values = BTreeMap::from(
        ["__rate_interval", "__interval", "__range"].map(|name| (name.to_owned(), "5m".to_owned())),
    );
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if ["custom", "textbox"].contains(&variable["type"].as_str().unwrap()) {
            let value = variable["current"]["value"].as_str().unwrap();
            values.insert(variable["name"].as_str().unwrap().to_owned(), value.to_owned());
        }
    }
    values
}

fn fill(expression: &str, values: &BTreeMap<String, String>) -> String {
    // The longest first, for one name may begin with another.
    values.iter().rev().fold(expression.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value)
    })
}

/// A rule: what it records, if anything, its expression, and the labels that it adds.
pub(super) struct Rule {
    pub(super) found: Found,
    pub(super) records: Option<String>,
    pub(super) labels: Vec<String>,
}

/// The rules of every YAML file of the examples; tests of rules aside.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for path in files("examples", &[".yml", ".yaml"]) {
        if path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let document: Value = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        rules_of(&name(&path), &document, &mut rules);
    }
    rules
}

/// The rules in `document`, however deep they stand.
pub(super) fn rules_of(file: &str, document: &Value, rules: &mut Vec<Rule>) {
    match document {
        Value::Object(object) => {
            let named = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
            let (records, alert) = (named("record"), named("alert"));
            if let (Some(title), Some(expression)) = (records.clone().or(alert), object.get("expr"))
            {
                let expression =
                    expression.as_str().map_or_else(|| expression.to_string(), str::to_owned);
                let labels = object.get("labels").and_then(Value::as_object);
                let labels = labels.into_iter().flatten().map(|(label, _)| label.clone()).collect();
                let found = Found { place: format!("{file}, {title}"), expression };
                rules.push(Rule { found, records, labels });
            }
            object.values().for_each(|value| rules_of(file, value, rules));
        }
        Value::Array(array) => array.iter().for_each(|value| rules_of(file, value, rules)),
        _ => {}
    }
}

/// The expressions of documents: each paragraph of a block marked `promql` is one.
pub(super) fn documents() -> Vec<Found> {
    let mut found = Vec::new();
    let mut documents = files("docs", &[".md"]);
    documents.extend(
        ["README.md", "METRICS.md"].map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file)),
    );
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        found.extend(blocks(&name(&path), &text));
    }
    found
}

/// The expressions of one document.
pub(super) fn blocks(file: &str, text: &str) -> Vec<Found> {
    let (mut found, mut inside, mut lines) = (Vec::new(), false, Vec::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let fence = line.starts_with("```");
        if inside && (fence || line.is_empty()) && !lines.is_empty() {
            let place = format!("{file}, before line {}", number + 1);
            found.push(Found { place, expression: lines.join("\n") });
            lines.clear();
        }
        if fence {
            inside = line == "```promql";
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            lines.push(line.to_owned());
        }
    }
    found
}

/// The catalogue and what the rules record.
pub(super) fn known(rules: &[Rule]) -> Known {
    let mut known = Known::catalogue();
    for rule in rules {
        if let Some(name) = &rule.records {
            known.record(name, &rule.found.expression, rule.labels.clone());
        }
    }
    known
}
