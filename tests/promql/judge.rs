//! Judges an expression from its leaves up.

use std::collections::BTreeSet;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{
    self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
    VectorSelector,
};

use super::known::Known;
use super::shape::Shape;

/// What must never be added up: ranges and windows overlap, views and models are the same business
/// once more.
const OVERLAPPING: [&str; 6] =
    ["view", "range", "model", "attribution_window", "date_basis", "window"];

/// Models whose channels add up to more than there was.
const ANY_CLICK: [&str; 2] = ["any_click", "any_click_unique"];

/// One expression's judge.
pub(super) struct Judge<'a> {
    known: &'a Known,
    /// What is wrong, as sentences.
    pub(super) wrong: Vec<String>,
    /// Every selector that was seen.
    pub(super) selectors: Vec<VectorSelector>,
}

/// What is wrong with `expression`.
pub(super) fn faults(known: &Known, expression: &str) -> Vec<String> {
    let mut judge = Judge::new(known);
    judge.shape(expression);
    judge.wrong
}

impl<'a> Judge<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self { known, wrong: Vec::new(), selectors: Vec::new() }
    }

    /// What `expression` makes.
    pub(super) fn shape(&mut self, expression: &str) -> Shape {
        match parser::parse(expression) {
            Ok(parsed) => {
                let shape = self.of(&parsed);
                self.held(shape.lacks_currency(), || "its money has no currency".to_owned());
                shape
            }
            Err(error) => {
                self.wrong.push(format!("does not parse: {error}"));
                Shape { open: true, ..Shape::default() }
            }
        }
    }

    fn held(&mut self, broken: bool, sentence: impl FnOnce() -> String) {
        if broken {
            self.wrong.push(sentence());
        }
    }

    fn of(&mut self, expression: &Expr) -> Shape {
        match expression {
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Unary(unary) => self.of(&unary.expr),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Paren(paren) => self.of(&paren.expr),
            Expr::Subquery(subquery) => self.of(&subquery.expr),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Shape::scalar(),
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Call(call) => self.call(call),
            Expr::Extension(_) => unreachable!("the parser makes none"),
        }
    }

    fn selector(&mut self, selector: &VectorSelector) -> Shape {
        self.selectors.push(selector.clone());
        let matchers = &selector.matchers.matchers;
        let by_name = matchers.iter().find(|matcher| matcher.name == "__name__");
        let names: Vec<&str> = match (&selector.name, by_name) {
            (Some(name), _) => vec![name],
            (None, Some(matcher)) => Known::named(&matcher.value).collect(),
            (None, None) => Vec::new(),
        };
        self.held(names.is_empty(), || "a selector without a metric".to_owned());
        let mut shape = Shape { amounts: true, ..Shape::default() };
        for name in names {
            let Some(one) = self.known.metric(name) else {
                self.wrong.push(format!("no metric is called {name}"));
                shape.open = true;
                continue;
            };
            shape.money |= one.labels.contains("currency") && one.amounts;
            shape.figures |= one.figures;
            shape.amounts &= one.amounts;
            shape.open |= one.open;
            shape.labels.extend(one.labels);
            shape.pinned.extend(one.pinned);
        }
        for matcher in matchers.iter().filter(|matcher| matcher.name != "__name__") {
            let (label, name) = (&matcher.name, selector.name.as_deref().unwrap_or("it"));
            self.held(!shape.has(label), || format!("{name} has no label {label}"));
            if matches!(matcher.op, MatchOp::Equal) && !matcher.value.is_empty() {
                shape.pinned.insert(label.clone());
            }
        }
        shape.any_click = shape.figures && shape.has("model") && !excludes_any_click(matchers);
        shape
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr) -> Shape {
        if let Some(parameter) = &aggregate.param {
            self.of(parameter);
        }
        let (operator, mut shape) = (aggregate.op.to_string(), self.of(&aggregate.expr));
        let listed: BTreeSet<String> = match &aggregate.modifier {
            Some(modifier) => modifier.labels().labels.iter().cloned().collect(),
            None => BTreeSet::new(),
        };
        for label in listed.iter().filter(|label| !shape.has(label)) {
            self.wrong.push(format!("{operator} names the label {label}, which is not there"));
        }
        let before = shape.labels.clone();
        match &aggregate.modifier {
            _ if ["topk", "bottomk", "limitk", "limit_ratio"].contains(&operator.as_str()) => {
                return shape;
            }
            Some(LabelModifier::Exclude(_)) => shape.labels.retain(|label| !listed.contains(label)),
            _ => (shape.labels, shape.open) = (listed, false),
        }
        if ["count", "group", "count_values"].contains(&operator.as_str()) {
            return shape.uncounted();
        }
        let gone = |label: &str| before.contains(label) && !shape.labels.contains(label);
        let lost = |label: &str| gone(label) && !shape.pinned.contains(label);
        // The greatest or smallest of the exporter's own numbers is an honest question, and so is the
        // worst of the windows.
        let extreme = ["min", "max"].contains(&operator.as_str());
        if shape.amounts && (shape.figures || !extreme) {
            let honest = |label: &str| extreme && label == "window";
            for label in OVERLAPPING.iter().filter(|label| lost(label) && !honest(label)) {
                self.wrong.push(format!("{operator} runs over every {label}"));
            }
            self.held(shape.any_click && gone("channel") && !extreme, || {
                format!("{operator} totals the channels of any_click")
            });
        }
        self.held(shape.money && lost("currency"), || format!("{operator} mixes currencies"));
        // Once said is enough.
        shape.money &= !lost_currency(&before, &shape);
        shape
    }

    fn call(&mut self, call: &Call) -> Shape {
        let shapes: Vec<Shape> = call.args.args.iter().map(|argument| self.of(argument)).collect();
        let texts: Vec<&str> =
            call.args.args.iter().filter_map(|argument| text(argument)).collect();
        let vector = shapes.into_iter().find(|shape| !shape.scalar).unwrap_or_else(Shape::scalar);
        match call.func.name {
            "label_replace" | "label_join" => {
                let from = if call.func.name == "label_join" { &texts[2..] } else { &texts[2..3] };
                for label in from.iter().filter(|label| !label.is_empty() && !vector.has(label)) {
                    self.wrong
                        .push(format!("{} reads {label}, which is not there", call.func.name));
                }
                let mut vector = vector;
                vector.pinned.remove(texts[0]);
                vector.labels.insert(texts[0].to_owned());
                vector
            }
            "histogram_quantile" => {
                self.held(!vector.has("le"), || "histogram_quantile has no le".to_owned());
                let mut vector = vector.uncounted();
                vector.labels.remove("le");
                vector
            }
            "absent" | "absent_over_time" => {
                Shape { labels: vector.pinned.clone(), open: false, ..vector.uncounted() }
            }
            "timestamp" | "changes" | "resets" | "count_over_time" | "present_over_time"
            | "days_in_month" | "day_of_month" | "day_of_week" | "day_of_year" | "hour"
            | "minute" | "month" | "year" | "sgn" => vector.uncounted(),
            "scalar" => {
                self.held(vector.money, || "scalar forgets the currency".to_owned());
                Shape::scalar()
            }
            "vector" => Shape::default(),
            _ => vector,
        }
    }

    fn binary(&mut self, binary: &BinaryExpr) -> Shape {
        let (left, right) = (self.of(&binary.lhs), self.of(&binary.rhs));
        let modifier = binary.modifier.as_ref();
        let truth = modifier.is_some_and(|modifier| modifier.return_bool);
        let operator = binary.op.to_string();
        if left.scalar || right.scalar {
            let both = left.scalar && right.scalar;
            let vector = if left.scalar { right } else { left };
            let vector = if truth { vector.uncounted() } else { vector };
            return Shape { scalar: both, ..vector };
        }
        let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
        self.matching(&operator, matching, &left, &right);
        if binary.op.is_set_operator() {
            return if operator == "or" { either(left, right) } else { left };
        }
        let mut result = match modifier.map(|modifier| &modifier.card) {
            Some(VectorMatchCardinality::ManyToOne(more)) => carried(&left, &right, &more.labels),
            Some(VectorMatchCardinality::OneToMany(more)) => carried(&right, &left, &more.labels),
            _ => {
                let mut one = left.clone();
                match matching {
                    Some(LabelModifier::Include(on)) => {
                        one.labels.retain(|label| on.labels.contains(label));
                        one.open = false;
                    }
                    Some(LabelModifier::Exclude(off)) => {
                        one.labels.retain(|label| !off.labels.contains(label));
                    }
                    None => {}
                }
                one
            }
        };
        let compares = binary.op.is_comparison_operator();
        result.money = match operator.as_str() {
            // Money by money is a ratio.
            "/" => left.money && !right.money,
            _ if compares => left.money,
            _ => left.money || right.money,
        };
        result.figures = left.figures || (right.figures && !compares);
        result.amounts = left.amounts || (right.amounts && !compares);
        if truth { result.uncounted() } else { result }
    }

    /// Both sides have the labels by which they are matched; otherwise nothing ever comes of it.
    fn matching(
        &mut self,
        operator: &str,
        by: Option<&LabelModifier>,
        left: &Shape,
        right: &Shape,
    ) {
        let labels = match by {
            Some(LabelModifier::Include(on)) => on.labels.clone(),
            Some(LabelModifier::Exclude(off)) => {
                let both = left.labels.symmetric_difference(&right.labels);
                both.filter(|label| !off.labels.contains(label)).cloned().collect()
            }
            // What is missing on one side is another series.
            None if operator == "or" => Vec::new(),
            None => left.labels.symmetric_difference(&right.labels).cloned().collect(),
        };
        for label in labels {
            let missing = !left.has(&label) || !right.has(&label);
            self.held(missing, || format!("{operator} matches {label}, which one side lacks"));
        }
    }
}

fn lost_currency(before: &BTreeSet<String>, after: &Shape) -> bool {
    before.contains("currency") && after.lacks_currency()
}

/// The side with many series, with what it takes over from the other.
fn carried(many: &Shape, one: &Shape, more: &[String]) -> Shape {
    let mut shape = many.clone();
    shape.labels.extend(more.iter().cloned());
    let pinned = one.pinned.iter().filter(|label| more.contains(label));
    shape.pinned.extend(pinned.cloned());
    shape
}

fn either(mut left: Shape, right: Shape) -> Shape {
    left.labels.extend(right.labels);
    left.pinned.retain(|label| right.pinned.contains(label));
    left.open |= right.open;
    left.money |= right.money;
    left.figures |= right.figures;
    left.amounts |= right.amounts;
    left.any_click |= right.any_click;
    left
}

/// Whether some matcher on the model lets neither any_click through. A chosen one (`$model`) may be
/// any.
fn excludes_any_click(matchers: &[Matcher]) -> bool {
    let mut of_model = matchers.iter().filter(|matcher| matcher.name == "model");
    of_model.any(|matcher| {
        !matcher.value.contains('$') && ANY_CLICK.iter().all(|model| !matcher.is_match(model))
    })
}

fn text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::StringLiteral(literal) => Some(&literal.val),
        _ => None,
    }
}
