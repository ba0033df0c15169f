//! `for` and `keep_firing_for`, as Prometheus means them; all times in seconds.

/// The stretches in which an alert fires whose expression returned something at the times `active`, of which one lies
/// `step` after the other:
/// it fires once it has been active for `hold`, and goes on for `keep` after it was last.
pub fn firing(active: &[i64], step: i64, hold: i64, keep: i64) -> Vec<(i64, i64)> {
    let mut firing: Vec<(i64, i64)> = Vec::new();
    let mut since = None::<(i64, i64)>;
    for at in active {
        let begun = match since {
            Some((begun, last)) if at - last <= step => begun,
            _ => *at,
        };
        since = Some((begun, *at));
        match firing.last_mut() {
            // While it still fires nothing is pending.
            Some((_, until)) if *at <= *until => *until = (*until).max(at + keep + step),
            _ if at - begun >= hold => firing.push((*at, at + keep + step)),
            _ => {}
        }
    }
    firing
}
