//! Rule sets: what is recorded, what alerts, and what keeps what quiet.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use promql_parser::label::Labels;
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Expr, LabelModifier, MatrixSelector, ParenExpr, SubqueryExpr,
    UnaryExpr, VectorSelector, parse,
};
use promql_parser::util::{ExprVisitor, parse_duration, walk_expr};
use serde::Deserialize;

use crate::record::Wanted;

/// One set of rules, which is scored by itself.
pub struct RuleBook {
    pub name: &'static str,
    pub recorded: Vec<Recorded>,
    pub alerts: Vec<Alert>,
    pub inhibitions: Vec<Inhibition>,
    /// Whether it knows anything but a fall of TapRain's revenue.
    pub general: bool,
}

pub struct Recorded {
    pub name: String,
    pub expr: String,
    pub labels: BTreeMap<String, String>,
    /// Whether a rule reads it over a range.
    pub dense: bool,
}

#[derive(Clone)]
pub struct Alert {
    pub name: String,
    pub expr: String,
    pub severity: String,
    pub labels: BTreeMap<String, String>,
    /// In seconds, as the next.
    pub hold: i64,
    pub keep: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Inhibition {
    pub source_matchers: Vec<String>,
    pub target_matchers: Vec<String>,
    pub equal: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    record: Option<String>,
    alert: Option<String>,
    expr: String,
    #[serde(rename = "for")]
    hold: Option<String>,
    keep_firing_for: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alertmanager {
    inhibit_rules: Vec<Inhibition>,
}

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/prometheus");
const BASELINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/incidents");

impl RuleBook {
    /// Ours first, then the two that it is compared with.
    pub fn all() -> Vec<Self> {
        let ours = [format!("{EXAMPLES}/alert-rules.yml")];
        let text = std::fs::read_to_string(format!("{EXAMPLES}/alertmanager.yml"));
        let alertmanager: Alertmanager =
            text.map(|text| serde_saphyr::from_str(&text).unwrap()).unwrap_or_default();
        let mut first = Self::read("these rules", &ours, true);
        first.inhibitions = alertmanager.inhibit_rules;
        let last_week = [format!("{BASELINES}/last-week.yml")];
        let adaptive = [format!("{BASELINES}/adaptive.yml")];
        vec![
            first,
            Self::read("half of last week", &last_week, false),
            Self::read("adaptive bands", &adaptive, false),
        ]
    }

    fn read(name: &'static str, files: &[String], general: bool) -> Self {
        let mut book = Self {
            name,
            recorded: Vec::new(),
            alerts: Vec::new(),
            inhibitions: Vec::new(),
            general,
        };
        for file in files {
            let text = std::fs::read_to_string(Path::new(file))
                .unwrap_or_else(|error| panic!("{file}: {error}"));
            let file: File = serde_saphyr::from_str(&text).unwrap();
            for rule in file.groups.into_iter().flat_map(|group| group.rules) {
                book.add(rule);
            }
        }
        let mut read = Read::default();
        for expr in book.exprs() {
            read.note(expr);
        }
        for recorded in &mut book.recorded {
            recorded.dense = read.0.dense.contains(&recorded.name);
        }
        book
    }

    fn add(&mut self, rule: Rule) {
        let expr = by_instance(&rule.expr);
        if let Some(name) = rule.record {
            self.recorded.push(Recorded { name, expr, labels: rule.labels, dense: false });
        } else if let Some(name) = rule.alert {
            let severity = rule.labels.get("severity").cloned().unwrap_or_default();
            let (hold, keep) =
                (seconds(rule.hold.as_deref()), seconds(rule.keep_firing_for.as_deref()));
            self.alerts.push(Alert { name, expr, severity, labels: rule.labels, hold, keep });
        }
    }

    fn exprs(&self) -> impl Iterator<Item = &str> {
        let recorded = self.recorded.iter().map(|rule| rule.expr.as_str());
        recorded.chain(self.alerts.iter().map(|rule| rule.expr.as_str()))
    }

    /// The metrics that any of `books` reads.
    pub fn wanted(books: &[Self]) -> Wanted {
        let mut read = Read::default();
        for expr in books.iter().flat_map(Self::exprs) {
            read.note(expr);
        }
        read.0
    }
}

fn seconds(text: Option<&str>) -> i64 {
    text.map_or(0, |text| parse_duration(text).unwrap().as_secs().cast_signed())
}

/// The metrics that expressions read.
#[derive(Default)]
struct Read(Wanted);

impl Read {
    fn note(&mut self, expr: &str) {
        let expr = parse(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
        walk_expr(self, &expr).unwrap();
    }
}

impl ExprVisitor for Read {
    type Error = Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Infallible> {
        match expr {
            Expr::VectorSelector(VectorSelector { name: Some(name), .. }) => {
                self.0.names.insert(name.clone());
            }
            Expr::MatrixSelector(MatrixSelector { vs, .. }) => {
                if let Some(name) = &vs.name {
                    self.0.names.insert(name.clone());
                    self.0.dense.insert(name.clone());
                }
            }
            _ => {}
        }
        Ok(true)
    }
}

/// All runs are asked about at once, each an instance: so what matches or aggregates on named labels
/// must name `instance` as well. Where a rule does not, it is added here.
fn by_instance(text: &str) -> String {
    let mut expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut apart = Apart(false);
    apart.visit(&mut expr);
    if apart.0 { expr.to_string() } else { text.to_owned() }
}

struct Apart(bool);

impl Apart {
    fn visit(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Aggregate(AggregateExpr { modifier, expr, .. }) => {
                match modifier {
                    Some(LabelModifier::Include(labels)) => self.add(labels),
                    Some(LabelModifier::Exclude(labels)) => self.take(labels),
                    None => {
                        self.0 = true;
                        *modifier = Some(LabelModifier::Include(Labels::new(vec!["instance"])));
                    }
                }
                self.visit(expr);
            }
            Expr::Binary(BinaryExpr { modifier, lhs, rhs, .. }) => {
                match modifier.as_mut().and_then(|modifier| modifier.matching.as_mut()) {
                    // A constant has no labels and is matched on none.
                    Some(LabelModifier::Include(labels)) if !labels.labels.is_empty() => {
                        self.add(labels);
                    }
                    Some(LabelModifier::Exclude(labels)) => self.take(labels),
                    _ => {}
                }
                self.visit(lhs);
                self.visit(rhs);
            }
            Expr::Unary(UnaryExpr { expr })
            | Expr::Paren(ParenExpr { expr })
            | Expr::Subquery(SubqueryExpr { expr, .. }) => self.visit(expr),
            Expr::Call(call) => call.args.args.iter_mut().for_each(|one| self.visit(one)),
            _ => {}
        }
    }
}

impl Apart {
    fn add(&mut self, labels: &mut Labels) {
        if !labels.labels.iter().any(|label| label == "instance") {
            self.0 = true;
            labels.labels.push("instance".to_owned());
        }
    }

    fn take(&mut self, labels: &mut Labels) {
        if labels.labels.iter().any(|label| label == "instance") {
            self.0 = true;
            labels.labels.retain(|label| label != "instance");
        }
    }
}
