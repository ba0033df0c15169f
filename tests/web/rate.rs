//! `rate_limit`: a token bucket for all clients together.

use super::client::{ask, basic};
use super::stage::{Stage, USERS};

/// The statuses of so many requests.
async fn statuses(stage: &Stage, count: usize, headers: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(ask(stage.address, "GET", "/-/healthy", headers).await.status);
    }
    statuses
}

#[tokio::test]
async fn after_a_burst_it_is_429() {
    let stage = Stage::new("rate_limit: {interval: 1h, burst: 3}\n").await;
    assert_eq!(statuses(&stage, 5, &[]).await, [200, 200, 200, 429, 429]);
    let reply = ask(stage.address, "GET", "/metrics", &[]).await;
    assert_eq!((reply.status, reply.body.as_str()), (429, "Too Many Requests\n"));
}

#[tokio::test]
async fn the_rate_goes_before_the_password_which_is_then_not_worked_out() {
    let stage = Stage::new(&format!("{USERS}rate_limit: {{interval: 1h, burst: 2}}\n")).await;
    let (wrong, right) = (basic("alice", "wrong"), basic("alice", "open sesame"));
    assert_eq!(statuses(&stage, 3, &[&wrong]).await, [401, 401, 429]);
    assert_eq!(statuses(&stage, 1, &[&right]).await, [429]);
    assert_eq!(stage.lock.rounds(), 2 * 17);
}

#[tokio::test]
async fn an_interval_of_zero_is_no_limit() {
    let stage = Stage::new("rate_limit: {interval: 0s, burst: 1}\n").await;
    assert_eq!(statuses(&stage, 5, &[]).await, [200; 5]);
}

#[tokio::test]
async fn a_token_comes_back_after_the_interval_and_other_terms_begin_anew() {
    let stage = Stage::new("rate_limit: {interval: 1ms, burst: 1}\n").await;
    while ask(stage.address, "GET", "/-/healthy", &[]).await.status != 200 {}
    stage.put("web.yml", "rate_limit: {interval: 1h, burst: 2}\n");
    assert_eq!(statuses(&stage, 3, &[]).await, [200, 200, 429]);
    // The same terms in another file are the same bucket.
    stage.put("web.yml", "rate_limit: {burst: 2, interval: 60m}\n");
    assert_eq!(statuses(&stage, 1, &[]).await, [429]);
}
