//! Reading a page of metrics, no more strictly than these tests need.

/// The value of the series of this name that has all of `labels`, written as on the page.
pub(super) fn value(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    values(page, name, labels).first().copied()
}

/// The values of all series of this name that have all of `labels`, in the page's order.
pub(super) fn values(page: &str, name: &str, labels: &[&str]) -> Vec<f64> {
    let lines = page.lines().filter(|line| is_series(line, name));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse().ok()).collect()
}

/// Whether the page has a series of this name.
pub(super) fn has(page: &str, name: &str) -> bool {
    page.lines().any(|line| is_series(line, name))
}

fn is_series(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
}
