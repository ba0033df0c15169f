//! Dashboards are built as Grafana's gallery and their readers expect.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use serde_json::{Value, json};

use super::judge::Judge;
use super::known::Known;
use super::sources;

/// Panels that every Grafana has and that show what they mean.
const KINDS: [&str; 9] = [
    "timeseries",
    "stat",
    "table",
    "bargauge",
    "barchart",
    "state-timeline",
    "status-history",
    "heatmap",
    "text",
];

/// Names and uids, which links and bookmarks keep for ever.
const UIDS: [(&str, &str); 4] = [
    ("marketing-performance", "revenue-marketing"),
    ("right-now", "revenue-right-now"),
    ("trust", "revenue-trust"),
    ("where-is-it", "revenue-where-is-it"),
];

/// Words of Grafana's palette, and greys; green says good to few, and to none beside red.
const COLORS: [&str; 5] = ["blue", "light-blue", "orange", "red", "purple"];

/// What spoils a dashboard.
type Spoil = fn(&mut Value);

/// A spoiled dashboard by what is bad about it, and what is said of it.
const SPOILS: &[(&str, Spoil, &str)] = &[
    ("the new schema", |d| d["schemaVersion"] = json!(2), "schemaVersion"),
    ("one that is changed on the page", |d| d["editable"] = json!(true), "editable"),
    ("cursors that are not shared", |d| d["graphTooltip"] = json!(0), "graphTooltip"),
    ("no account to choose", |d| drop_variable(d, "account"), "no variable account"),
    ("no instance to choose", |d| drop_variable(d, "instance"), "no variable instance"),
    ("one job only", |d| variable(d, "job")["multi"] = json!(false), "variable job"),
    ("all jobs by name", |d| variable(d, "job")["allValue"] = json!(""), "variable job"),
    ("old instances", |d| variable(d, "instance")["refresh"] = json!(1), "variable instance"),
    (
        "a data source by another name",
        |d| variable(d, "datasource")["label"] = json!("DS"),
        "Data source",
    ),
    (
        "values of a metric that is not",
        |d| query(d, "account", "label_values(taprain, account)"),
        "no metric",
    ),
    (
        "values of a label that is not",
        |d| query(d, "account", "label_values(up{job=~\"$job\",instance=~\"$instance\"}, account)"),
        "has no label",
    ),
    (
        "accounts of every job",
        |d| query(d, "account", "label_values(klar_up{instance=~\"$instance\"}, account)"),
        "job",
    ),
    ("a panel without title", |d| panel(d)["title"] = json!(""), "no title"),
    (
        "two panels of one title",
        |d| d["panels"][1]["title"] = d["panels"][0]["title"].clone(),
        "twice",
    ),
    ("a panel without description", |d| panel(d)["description"] = json!(""), "no description"),
    (
        "a panel without unit",
        |d| {
            panel(d)["fieldConfig"]["defaults"]["unit"].take();
        },
        "no unit",
    ),
    ("a kind of panel that is gone", |d| panel(d)["type"] = json!("graph"), "graph"),
    (
        "green for good",
        |d| panel(d)["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] = json!("green"),
        "green",
    ),
    (
        "another palette",
        |d| panel(d)["fieldConfig"]["defaults"]["color"]["mode"] = json!("palette-classic"),
        "palette-classic",
    ),
    (
        "a fixed data source",
        |d| panel(d)["targets"][0]["datasource"]["uid"] = json!("abc"),
        "data source",
    ),
    (
        "two panels on one place",
        |d| d["panels"][1]["gridPos"] = d["panels"][0]["gridPos"].clone(),
        "overlaps",
    ),
    ("a panel beyond the edge", |d| panel(d)["gridPos"]["w"] = json!(25), "beyond"),
    ("two panels of one id", |d| d["panels"][1]["id"] = d["panels"][0]["id"].clone(), "id"),
    ("every job's series", |d| expression(d, "up{instance=~\"$instance\"}"), "job"),
    ("one job's series", |d| expression(d, "up{job=\"$job\",instance=~\"$instance\"}"), "job"),
    ("every instance's series", |d| expression(d, "up{job=~\"$job\"}"), "instance"),
    (
        "a variable that is not",
        |d| expression(d, "up{job=~\"$job\",instance=~\"$instances\"}"),
        "$instances",
    ),
    (
        "a gauge's rate",
        |d| expression(d, "rate(taprain_clicks{job=~\"$job\",instance=~\"$instance\"}[5m])"),
        "rate of a gauge",
    ),
];

#[test]
fn all_four_dashboards_are_built_as_they_must_be() {
    let dashboards = sources::dashboards();
    let names: Vec<_> = UIDS.map(|(name, _)| format!("grafana/dashboards/{name}.json")).to_vec();
    let found: Vec<_> = dashboards.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(found, names);
    for ((name, dashboard), (_, uid)) in dashboards.iter().zip(UIDS) {
        assert_eq!(dashboard["uid"], uid, "{name}");
        assert_eq!(faults(dashboard), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn whatever_is_built_wrongly_is_named() {
    for (name, mut good) in sources::dashboards() {
        // Two panels can be wrong in every way.
        good["panels"].as_array_mut().unwrap().truncate(2);
        for (what, spoil, sentence) in SPOILS {
            let mut spoiled = good.clone();
            spoil(&mut spoiled);
            let said = faults(&spoiled);
            assert!(said.iter().any(|said| said.contains(sentence)), "{name}: {what}: {said:?}");
        }
    }
}

fn panel(dashboard: &mut Value) -> &mut Value {
    &mut dashboard["panels"][0]
}

fn expression(dashboard: &mut Value, expression: &str) {
    panel(dashboard)["targets"][0]["expr"] = json!(expression);
}

fn variable<'a>(dashboard: &'a mut Value, name: &str) -> &'a mut Value {
    let all = dashboard["templating"]["list"].as_array_mut().unwrap();
    all.iter_mut().find(|variable| variable["name"] == name).unwrap()
}

fn drop_variable(dashboard: &mut Value, name: &str) {
    let all = dashboard["templating"]["list"].as_array_mut().unwrap();
    all.retain(|variable| variable["name"] != name);
}

fn query(dashboard: &mut Value, name: &str, query: &str) {
    variable(dashboard, name)["query"]["query"] = json!(query);
}

/// Everything that is wrong with a dashboard.
fn faults(dashboard: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let wanted =
        [("schemaVersion", json!(42)), ("editable", json!(false)), ("graphTooltip", json!(1))];
    for (key, value) in wanted {
        if dashboard[key] != value {
            wrong.push(format!("{key} is {}, not {value}", dashboard[key]));
        }
    }
    for key in ["title", "description", "uid"] {
        if is_blank(&dashboard[key]) {
            wrong.push(format!("the dashboard has no {key}"));
        }
    }
    variables(dashboard, &mut wrong);
    let panels = dashboard["panels"].as_array().unwrap();
    for panel in panels {
        of_panel(panel, dashboard, &mut wrong);
    }
    grid(panels, &mut wrong);
    for key in ["id", "title"] {
        let distinct: BTreeSet<String> =
            panels.iter().map(|panel| panel[key].to_string()).collect();
        if distinct.len() < panels.len() {
            wrong.push(format!("some {key} stands twice"));
        }
    }
    wrong
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.trim().is_empty())
}

fn variables(dashboard: &Value, wrong: &mut Vec<String>) {
    let all = dashboard["templating"]["list"].as_array().unwrap();
    for name in ["datasource", "job", "instance", "account", "view", "currency"] {
        let Some(variable) = all.iter().find(|variable| variable["name"] == name) else {
            wrong.push(format!("no variable {name}"));
            continue;
        };
        let target = ["job", "instance"].contains(&name);
        let many = variable["multi"] == true && variable["includeAll"] == true;
        if target && !(many && variable["allValue"] == ".+" && variable["refresh"] == 2) {
            wrong.push(format!("variable {name} does not choose many, or all by .+, as of now"));
        }
        if name == "datasource" && variable["label"] != "Data source" {
            wrong.push("the data source is not called Data source".to_owned());
        }
    }
    for name in ["model", "window", "basis"] {
        if all.iter().any(|variable| variable["name"] == name && variable["multi"] != false) {
            wrong.push(format!("variable {name} chooses many"));
        }
    }
    for variable in all.iter().filter(|variable| variable["type"] == "query") {
        let query = variable["query"]["query"].as_str().unwrap();
        let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let Some((selector, label)) = inner.and_then(|inner| inner.rsplit_once(", ")) else {
            wrong.push(format!("{query} is no label_values of a selector"));
            continue;
        };
        let known = Known::catalogue();
        let mut judge = Judge::new(&known);
        if !judge.shape(selector).has(label) {
            wrong.push(format!("{selector} has no label {label}"));
        }
        wrong.append(&mut judge.wrong);
        if !["job", "instance"].contains(&label) {
            of_target(&format!("variable {label}"), &judge, wrong);
        }
    }
}

fn of_panel(panel: &Value, dashboard: &Value, wrong: &mut Vec<String>) {
    let title = panel["title"].to_string();
    let kind = panel["type"].as_str().unwrap();
    if !KINDS.contains(&kind) {
        wrong.push(format!("{title} is a {kind}"));
    }
    for key in ["title", "description"] {
        if is_blank(&panel[key]) {
            wrong.push(format!("{title} has no {key}"));
        }
    }
    let defaults = &panel["fieldConfig"]["defaults"];
    if is_blank(&defaults["unit"]) {
        wrong.push(format!("{title} has no unit"));
    }
    let mode = defaults["color"]["mode"].as_str().unwrap();
    if !["palette-classic-by-name", "thresholds", "fixed"].contains(&mode) {
        wrong.push(format!("{title} has the palette {mode}"));
    }
    colors(&panel["fieldConfig"], &title, wrong);
    let names: Vec<_> = dashboard["templating"]["list"].as_array().unwrap().iter().collect();
    let known = Known::catalogue();
    for (target, found) in panel["targets"].as_array().unwrap().iter().zip(sources::queries(
        "",
        &json!({
            "templating": dashboard["templating"], "panels": [panel]
        }),
    )) {
        if target["datasource"]["uid"] != "${datasource}" {
            wrong.push(format!("{title} has a data source of its own"));
        }
        let mut judge = Judge::new(&known);
        judge.shape(&found.expression);
        of_target(&title, &judge, wrong);
        for used in used(&found.expression) {
            if !names.iter().any(|variable| variable["name"] == used) {
                wrong.push(format!("{title}: ${used} is no variable"));
            }
        }
        rates(&title, &found.expression, wrong);
    }
}

/// The names after each `$`.
fn used(expression: &str) -> Vec<&str> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let names = expression.split('$').skip(1);
    names.map(|rest| rest.split(|letter| !word(letter)).next().unwrap()).collect()
}

/// Every selector asks for the chosen targets.
fn of_target(place: &str, judge: &Judge<'_>, wrong: &mut Vec<String>) {
    for selector in &judge.selectors {
        for label in ["job", "instance"] {
            let chosen = selector.matchers.matchers.iter().any(|matcher| {
                matcher.name == label
                    && matches!(matcher.op, MatchOp::Re(_))
                    && matcher.value == format!("${label}")
            });
            if !chosen {
                wrong.push(format!("{place}: a selector lacks {label}=~\"${label}\""));
            }
        }
    }
}

/// Vendors' figures start again at midnight and are restated: only counters have a rate.
fn rates(title: &str, expression: &str, wrong: &mut Vec<String>) {
    for function in ["rate(", "increase(", "irate(", "resets("] {
        for rest in expression.split(function).skip(1) {
            let name = rest.split(['{', '[']).next().unwrap().trim();
            if !["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end)) {
                wrong.push(format!("{title}: the rate of a gauge, {name}"));
            }
        }
    }
}

fn colors(config: &Value, title: &str, wrong: &mut Vec<String>) {
    match config {
        Value::Object(object) => {
            for (key, value) in object {
                let Some(color) =
                    value.as_str().filter(|_| ["color", "fixedColor"].contains(&key.as_str()))
                else {
                    colors(value, title, wrong);
                    continue;
                };
                if !COLORS.contains(&color) && !is_grey(color) {
                    wrong.push(format!("{title} is {color}"));
                }
            }
        }
        Value::Array(array) => array.iter().for_each(|value| colors(value, title, wrong)),
        _ => {}
    }
}

fn is_grey(color: &str) -> bool {
    let parts = [1..3, 3..5, 5..7].map(|part| color.get(part));
    color.starts_with('#') && parts[0].is_some() && parts[0] == parts[1] && parts[1] == parts[2]
}

fn grid(panels: &[Value], wrong: &mut Vec<String>) {
    let place =
        |panel: &Value| ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
    for (number, panel) in panels.iter().enumerate() {
        let [x, y, w, h] = place(panel);
        if x + w > 24 || w == 0 || h == 0 {
            wrong.push(format!("{} reaches beyond the edge", panel["title"]));
        }
        for other in &panels[number + 1..] {
            let [ox, oy, ow, oh] = place(other);
            if x < ox + ow && ox < x + w && y < oy + oh && oy < y + h {
                wrong.push(format!("{} overlaps {}", panel["title"], other["title"]));
            }
        }
    }
}
