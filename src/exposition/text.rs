//! OpenMetrics text, as prometheus-client writes it, turned into text 0.0.4.

/// The same metrics in text 0.0.4.
///
/// That format has no `# UNIT` and no `# EOF`, wants a counter's whole name in its HELP and TYPE,
/// and refuses a page with an info metric, which becomes a gauge.
pub fn from_open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        match line.strip_prefix("# ").and_then(|rest| rest.split_once(' ')) {
            None if line == "# EOF" => {}
            None => push(&mut out, &[line]),
            Some(("HELP", rest)) => help = rest.split_once(' '),
            Some(("TYPE", rest)) => head(&mut out, help.take(), rest),
            Some(_) => {}
        }
    }
    out
}

fn head(out: &mut String, help: Option<(&str, &str)>, family: &str) {
    let Some((name, kind)) = family.split_once(' ') else { return };
    let (suffix, kind) = match kind {
        "counter" => ("_total", kind),
        "info" => ("_info", "gauge"),
        _ => ("", kind),
    };
    if let Some((_, help)) = help {
        push(out, &["# HELP ", name, suffix, " ", help]);
    }
    push(out, &["# TYPE ", name, suffix, " ", kind]);
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_translated() {
        let open = "# HELP a_seconds Seconds waited.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n\
                    a_seconds_total{x=\"# TYPE y\"} 1\n# HELP b Build.\n# TYPE b info\nb_info{v=\"1\"} 1\n\
                    # HELP c Now.\n# TYPE c gauge\nc 2\n# HELP d Took.\n# TYPE d histogram\n\
                    d_sum 1.5\nd_count 1\nd_bucket{le=\"+Inf\"} 1\n# EOF\n";
        let plain = "# HELP a_seconds_total Seconds waited.\n# TYPE a_seconds_total counter\n\
                     a_seconds_total{x=\"# TYPE y\"} 1\n# HELP b_info Build.\n# TYPE b_info gauge\n\
                     b_info{v=\"1\"} 1\n# HELP c Now.\n# TYPE c gauge\nc 2\n# HELP d Took.\n\
                     # TYPE d histogram\nd_sum 1.5\nd_count 1\nd_bucket{le=\"+Inf\"} 1\n";
        assert_eq!(from_open_metrics(open), plain);
    }
}
