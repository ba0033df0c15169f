//! Reading a page of metrics, no more strictly than these tests need.

/// The value of the series of this name that has all of `labels`, written as on the page.
pub(super) fn value(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let mut lines = page.lines().filter(|line| is_series(line, name));
    let line = lines.find(|line| labels.iter().all(|label| line.contains(label)))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

/// Whether the page has a series of this name.
pub(super) fn has(page: &str, name: &str) -> bool {
    page.lines().any(|line| is_series(line, name))
}

fn is_series(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
}
