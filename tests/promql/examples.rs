//! The judge on examples, and on every expression there is.

use serde_json::Value;

use super::judge::faults;
use super::known::Known;
use super::sources;

/// A bad expression by what is bad about it, and what the judge says.
const BAD: &[(&str, &str, &str)] = &[
    ("half an expression", "sum by (account) (", "does not parse"),
    ("a metric of another exporter", "node_load1", "no metric is called node_load1"),
    ("a metric misspelt", "taprain_revenues{view=\"all\"}", "no metric is called"),
    ("a matcher on no label", "taprain_clicks{country=\"US\"}", "has no label country"),
    ("Klar's window under its old name", "klar_cost{window=\"7_day\"}", "has no label window"),
    (
        "by a label that is not there",
        "max by (offer) (taprain_clicks)",
        "label offer, which is not",
    ),
    ("without a label that is not there", "max without (offer) (taprain_clicks)", "label offer"),
    (
        "a label lost on the way",
        "max by (account, view) (sum by (account) (taprain_clicks{view=\"all\",range=\"today\"}))",
        "view, which is not there",
    ),
    ("a sum over views", "sum by (account, range) (taprain_clicks)", "over every view"),
    ("a sum over ranges", "sum by (account, view) (taprain_clicks)", "over every range"),
    (
        "a sum without some views",
        "sum by (account, range) (taprain_clicks{view!=\"us\"})",
        "over every view",
    ),
    (
        "a sum over views by a pattern",
        "sum(taprain_clicks{view=~\"all|us\",range=\"today\"})",
        "over every view",
    ),
    (
        "the greatest of all views",
        "max by (account) (taprain_clicks{range=\"today\"})",
        "over every view",
    ),
    (
        "a sum over models",
        "sum by (account, view, attribution_window, date_basis, range) (klar_attributed_orders{channel=\"Meta\"})",
        "over every model",
    ),
    (
        "a sum over attribution windows",
        "sum without (attribution_window) (klar_attributed_orders)",
        "over every attribution_window",
    ),
    (
        "a sum over date bases",
        "sum without (date_basis) (klar_attributed_orders)",
        "over every date_basis",
    ),
    (
        "a sum over windows of hours",
        "sum without (window) (taprain_window_leads)",
        "over every window",
    ),
    (
        "a mean over windows of hours",
        "avg without (window) (taprain_window_leads)",
        "over every window",
    ),
    ("a sum of recorded views", "sum by (account) (level:clicks:max)", "over every view"),
    (
        "a sum of currencies",
        "sum by (account) (taprain_revenue{view=\"all\",range=\"today\"})",
        "mixes currencies",
    ),
    (
        "a sum over everything",
        "sum(taprain_country_revenue{view=\"all\",range=\"today\"})",
        "mixes currencies",
    ),
    (
        "a match that forgets the currency",
        "taprain_revenue{range=\"today\"} * on (account, view) taprain_cvr_ratio{range=\"today\"}",
        "no currency",
    ),
    ("a number made of money", "scalar(taprain_revenue{view=\"all\"})", "forgets the currency"),
    ("a match that can never be", "taprain_revenue / taprain_leads", "matches currency"),
    (
        "a match on a label of one side",
        "taprain_revenue / on (account, view, currency) taprain_leads",
        "matches currency",
    ),
    (
        "a comparison that can never be",
        "taprain_revenue{range=\"today\"} < taprain_expected_revenue",
        "matches range",
    ),
    (
        "an exclusion that can never be",
        "klar_cost unless klar_attributed_orders",
        "matches currency",
    ),
    (
        "any_click totalled",
        "sum without (channel) (klar_attributed_orders)",
        "channels of any_click",
    ),
    (
        "any_click totalled where it was chosen",
        "sum without (channel) (klar_cost{model=\"$model\"})",
        "channels of any_click",
    ),
    (
        "a quantile without buckets",
        "histogram_quantile(0.9, sum by (api) (rate(revenue_exporter_upstream_request_duration_seconds_bucket[5m])))",
        "has no le",
    ),
    (
        "a label made of nothing",
        "label_replace(taprain_clicks, \"x\", \"$1\", \"offer\", \"(.*)\")",
        "reads offer",
    ),
];

/// What must pass, for a judge that refuses everything is none.
const GOOD: &[&str] = &[
    // A rule that is made of itself is odd, but no riddle.
    "round:rule:max",
    "sum by (account, view, range) (taprain_country_clicks)",
    "sum by (account, currency) (taprain_country_revenue{view=\"all\",range=\"today\"})",
    "sum(taprain_country_revenue{view=\"all\",range=\"today\",currency=\"USD\"})",
    "max without (job, instance) (taprain_revenue)",
    "min without (window) (taprain_window_leads / taprain_expected_window_leads)",
    "taprain_revenue{range=\"today\"} / on (account, view, currency) taprain_expected_revenue",
    "taprain_revenue / on (account, view, range) group_left () taprain_leads",
    "sum without (channel) (klar_attributed_orders{model!~\"any_click.*\"})",
    "sum without (channel) (klar_attributed_orders{model=\"data_driven\"})",
    "count by (account) (taprain_revenue)",
    "min by (api, account) (revenue_exporter_view_up)",
    "time() - max by (account) (revenue_exporter_last_success_timestamp_seconds)",
    "absent(up{job=\"revenue-exporter\"} == 1)",
    "ALERTS{alertname=\"Any\",account=\"demo\"}",
    "sum by (account) (level:clicks:max{view=\"all\"})",
    "histogram_quantile(0.9, sum by (api, le) (rate(revenue_exporter_upstream_request_duration_seconds_bucket[5m])))",
];

#[test]
fn every_bad_example_is_refused_for_what_is_bad_about_it() {
    let known = with_rules();
    for (what, expression, sentence) in BAD {
        let said = faults(&known, expression);
        let named = said.iter().any(|said| said.contains(sentence));
        assert!(named, "{what}: {expression}: {said:?}");
    }
}

#[test]
fn no_good_example_is_refused() {
    let known = with_rules();
    for expression in GOOD {
        assert_eq!(faults(&known, expression), Vec::<String>::new(), "{expression}");
    }
}

fn with_rules() -> Known {
    let mut known = Known::catalogue();
    let clicks = "max without (job, instance) (taprain_clicks{range=\"today\"})";
    known.record("level:clicks:max", clicks, vec![]);
    known.record("round:rule:max", "max(round:rule:max)", vec![]);
    known
}

#[test]
fn every_expression_in_dashboards_rules_and_documents_is_sound() {
    let rules = sources::rules();
    let known = sources::known(&rules);
    let mut all: Vec<_> = rules.into_iter().map(|rule| rule.found).collect();
    for (place, dashboard) in sources::dashboards() {
        let queries = sources::queries(&place, &dashboard);
        assert!(queries.len() > 15, "{place}: {} queries", queries.len());
        all.extend(queries);
    }
    all.extend(sources::documents());
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|found| {
            let said = faults(&known, &found.expression);
            said.into_iter()
                .map(|said| format!("{}: {said}\n    {}", found.place, found.expression))
        })
        .collect();
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rules_and_blocks_are_found_wherever_they_stand() {
    let text = "kind: PrometheusRule\nspec:\n  groups:\n    - name: a\n      rules:\n        \
                - {record: 'a:b:c', expr: up, labels: {to: x}}\n        - alert: Down\n          expr: up == 0\n";
    let document: Value = serde_saphyr::from_str(text).unwrap();
    let mut rules = Vec::new();
    sources::rules_of("file", &document, &mut rules);
    let shown: Vec<_> = rules
        .iter()
        .map(|rule| (rule.found.expression.as_str(), rule.records.as_deref(), rule.labels.len()))
        .collect();
    assert_eq!(shown, [("up", Some("a:b:c"), 1), ("up == 0", None, 0)]);

    let text = "```promql\n# which\nup\n  == 0\n\nup == 1\n```\n```sh\nls\n```\n";
    let found: Vec<_> =
        sources::blocks("file", text).into_iter().map(|found| found.expression).collect();
    assert_eq!(found, ["up\n== 0", "up == 1"]);
}
