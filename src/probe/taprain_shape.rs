//! A TapRain answer as JSON: what a lenient reader overlooks on purpose.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::label;

/// Everything that the page's sample and prose name.
const TOP: [&str; 3] = ["success", "meta", "data"];
const META: [&str; 8] = [
    "range",
    "timezone",
    "granularity",
    "period_start",
    "period_end",
    "generated_at",
    "filters",
    "requests_remaining",
];
const DATA: [&str; 5] = ["summary", "time_series", "by_country", "by_source", "by_offer"];
const FIGURES: [&str; 5] = ["clicks", "leads", "revenue", "cvr", "epc"];
const LABELS: [&str; 5] = ["period", "granularity", "country", "source", "offer"];

/// Names shown at most.
const MOST_NAMES: usize = 10;

/// What an answer's fields look like.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Figures that came as texts (trap T8).
    pub(super) quoted: BTreeSet<String>,
    /// Figures that came as null (trap T8).
    pub(super) null: BTreeSet<String>,
    /// Fields that the page does not name (trap T21), as paths, made harmless.
    pub(super) strange: BTreeSet<String>,
    /// What a field called `currency` says, made harmless.
    pub(super) currency: Option<String>,
}

impl Shape {
    /// Looks at an answer; at what is no JSON there is nothing to see.
    pub(super) fn look(&mut self, body: &[u8]) {
        let Ok(Value::Object(top)) = serde_json::from_slice(body) else { return };
        self.names(&top, "", &TOP);
        if let Some(Value::Object(meta)) = top.get("meta") {
            self.names(meta, "meta.", &META);
            self.find_currency(meta);
        }
        let Some(Value::Object(data)) = top.get("data") else { return };
        self.names(data, "data.", &DATA);
        if let Some(Value::Object(summary)) = data.get("summary") {
            self.figures(summary, "summary.", &[]);
        }
        for name in DATA.iter().skip(1) {
            let rows = data.get(*name).and_then(Value::as_array).into_iter().flatten();
            for row in rows.filter_map(Value::as_object) {
                self.figures(row, &format!("{name}."), &LABELS);
            }
        }
    }

    fn figures(&mut self, object: &Map<String, Value>, place: &str, labels: &[&str]) {
        let known: Vec<&str> = FIGURES.iter().chain(labels).copied().collect();
        self.names(object, place, &known);
        self.find_currency(object);
        for name in FIGURES {
            match object.get(name) {
                Some(Value::String(_)) => _ = self.quoted.insert(name.to_owned()),
                Some(Value::Null) => _ = self.null.insert(name.to_owned()),
                _ => {}
            }
        }
    }

    fn names(&mut self, object: &Map<String, Value>, place: &str, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            if self.strange.len() < MOST_NAMES {
                self.strange.insert(label::clean(&format!("{place}{name}")).0.into_owned());
            }
        }
    }

    fn find_currency(&mut self, object: &Map<String, Value>) {
        if let Some(Value::String(text)) = object.get("currency") {
            self.currency.get_or_insert_with(|| label::clean(text).0.into_owned());
        }
    }
}

/// Names with commas between them.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
