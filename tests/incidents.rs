//! What the bench of incidents does beside Prometheus: an alert is held and kept as Prometheus does.

#[path = "../benches/incidents/hold.rs"]
#[expect(unreachable_pub, reason = "the bench wants it to be")]
mod hold;

use hold::firing;

const MINUTE: i64 = 60;

/// The minutes at which the expression returns something.
fn active(minutes: &[i64]) -> Vec<i64> {
    minutes.iter().map(|minute| minute * MINUTE).collect()
}

fn fires(minutes: &[i64], hold: i64, keep: i64) -> Vec<(i64, i64)> {
    let stretches = firing(&active(minutes), 5 * MINUTE, hold * MINUTE, keep * MINUTE);
    stretches.into_iter().map(|(from, until)| (from / MINUTE, until / MINUTE)).collect()
}

#[test]
fn it_fires_once_it_has_been_active_for_long_enough() {
    assert_eq!(fires(&[0, 5, 10, 15], 10, 0), [(10, 20)]);
    assert_eq!(fires(&[0, 5], 10, 0), []);
    assert_eq!(fires(&[0], 0, 0), [(0, 5)]);
}

#[test]
fn a_gap_begins_the_wait_anew() {
    assert_eq!(fires(&[0, 5, 15, 20], 10, 0), []);
    assert_eq!(fires(&[0, 5, 15, 20, 25], 10, 0), [(25, 30)]);
}

#[test]
fn what_is_kept_firing_does_not_wait_again() {
    assert_eq!(fires(&[0, 5, 10, 30], 10, 30), [(10, 65)]);
    assert_eq!(fires(&[0, 5, 10, 60], 10, 30), [(10, 45)]);
}
