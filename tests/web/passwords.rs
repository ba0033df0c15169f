//! `basic_auth_users`: who is let in, and what a guess costs.

use std::time::Instant;

use base64::Engine as _;
use bcrypt::BASE_64;
use tokio::task::JoinSet;

use super::client::{Reply, ask, basic};
use super::stage::{Stage, USERS};

const PATHS: [&str; 9] = [
    "/",
    "/metrics",
    "/config",
    "/-/healthy",
    "/-/ready",
    "/-/reload",
    "/api/v1/status",
    "/nowhere",
    "/metrics/../nowhere?x=y",
];

fn assert_refused(reply: &Reply) {
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("www-authenticate"), Some("Basic"));
    assert!(reply.body.is_empty() || reply.body == "Unauthorized\n", "{}", reply.body);
}

#[tokio::test]
async fn without_a_password_every_path_and_method_is_401_and_nothing_else() {
    let stage = Stage::new(USERS).await;
    for path in PATHS {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            assert_refused(&ask(stage.address, method, path, &[]).await);
        }
    }
    assert_eq!(stage.lock.rounds(), 0, "nothing was shown, so nothing is worked out");
}

#[tokio::test]
async fn only_a_right_name_and_password_are_let_in() {
    let stage = Stage::new(USERS).await;
    let right = basic("alice", "open sesame");
    for (path, status) in [("/metrics", 200), ("/-/healthy", 200), ("/nowhere", 404)] {
        assert_eq!(ask(stage.address, "GET", path, &[&right]).await.status, status, "{path}");
    }
    let wrong = [
        basic("alice", "wrong"),
        basic("alice", ""),
        basic("alice", "open sesame "),
        basic("bob", "open sesame"),
        basic("", "open sesame"),
        basic("", ""),
        right.replace("Basic", "Bearer"),
        right.replace("Basic", "Basic  "),
        "authorization: Basic".to_owned(),
        "authorization: Basic ????".to_owned(),
        "authorization: Basic YWxpY2U=".to_owned(),
        "authorization:".to_owned(),
    ];
    for header in wrong {
        assert_refused(&ask(stage.address, "GET", "/metrics", &[&header]).await);
    }
    let any_case = right.replace("Basic", "bASIC");
    assert_eq!(ask(stage.address, "GET", "/metrics", &[&any_case]).await.status, 200);
}

#[tokio::test]
async fn a_right_password_is_worked_out_once_and_a_wrong_one_each_time() {
    let stage = Stage::new(USERS).await;
    let (right, wrong) = (basic("alice", "open sesame"), basic("alice", "wrong"));
    for _ in 0..5 {
        assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    }
    assert_eq!(stage.lock.rounds(), 16);
    for _ in 0..5 {
        assert_refused(&ask(stage.address, "GET", "/-/healthy", &[&wrong]).await);
    }
    assert_eq!(stage.lock.rounds(), 6 * 16);
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    assert_eq!(stage.lock.rounds(), 6 * 16, "what was guessed in between pushed nothing out");
}

#[tokio::test]
async fn another_hash_ends_what_the_password_before_was_good_for() {
    let stage = Stage::new(USERS).await;
    let right = basic("alice", "open sesame");
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    let hash = hash("another", 4);
    stage.put("web.yml", &format!("basic_auth_users:\n  alice: {hash}\n"));
    assert_refused(&ask(stage.address, "GET", "/-/healthy", &[&right]).await);
    let new = basic("alice", "another");
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&new]).await.status, 200);
}

fn hash(password: &str, cost: u32) -> String {
    let salt = [5; 16];
    let worked = bcrypt::bcrypt(cost, salt, format!("{password}\0").as_bytes());
    let (salt, worked) = (BASE_64.encode(salt), BASE_64.encode(&worked[..23]));
    format!("$2b${cost:02}${salt}{worked}")
}

/// Two users whose hashes cost differently.
fn uneven(low: u32, high: u32) -> String {
    let (alice, bob) = (hash("open sesame", low), hash("hunter2", high));
    format!("basic_auth_users:\n  alice: {alice}\n  bob: {bob}\n")
}

#[tokio::test]
async fn the_work_of_a_guess_is_the_same_whoever_is_named() {
    let stage = Stage::new(&uneven(4, 6)).await;
    let mut done = 0;
    for guess in 0..20 {
        for user in ["alice", "bob", "nobody"] {
            let header = basic(user, &format!("guess {guess}"));
            assert_refused(&ask(stage.address, "GET", "/metrics", &[&header]).await);
            let rounds = stage.lock.rounds();
            assert_eq!(rounds - done, 64, "{user}");
            done = rounds;
        }
    }
}

#[tokio::test]
async fn guesses_beyond_those_that_wait_are_sent_away_and_who_is_known_passes() {
    let stage = Stage::new(&uneven(4, 9)).await;
    let right = basic("alice", "open sesame");
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    let (address, mut flood) = (stage.address, JoinSet::new());
    for guess in 0..60 {
        let header = basic("nobody", &format!("guess {guess}"));
        flood.spawn(async move { ask(address, "GET", "/-/healthy", &[&header]).await.status });
    }
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    let told = flood.join_all().await;
    assert!(told.iter().all(|status| [401, 503].contains(status)), "{told:?}");
    assert!(told.contains(&401) && told.contains(&503), "{told:?}");
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn seconds(stage: &Stage, user: &str, guess: usize) -> f64 {
    let header = basic(user, &format!("guess {guess}"));
    let begun = Instant::now();
    assert_refused(&ask(stage.address, "GET", "/metrics", &[&header]).await);
    begun.elapsed().as_secs_f64()
}

/// The mean, and its standard error.
fn summed(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// Every guess is one more sample of each name, taken in turns.
#[tokio::test]
#[ignore = "measures real time, for a minute"]
#[expect(clippy::print_stdout, reason = "what was measured is worth seeing")]
async fn a_thousand_tries_do_not_tell_a_wrong_name_from_a_wrong_password() {
    let stage = Stage::new(&uneven(6, 8)).await;
    let names = ["alice", "bob", "nobody"];
    let mut times = names.map(|_| Vec::new());
    for guess in 0..1000 {
        for turn in 0..names.len() {
            let which = (guess + turn) % names.len();
            times[which].push(seconds(&stage, names[which], guess).await);
        }
    }
    let (nobody, doubt) = summed(&times[2]);
    for (name, times) in names.iter().zip(&times) {
        let (mean, error) = summed(times);
        println!("{name}: {:.1} +- {:.1} us", mean * 1e6, error * 1e6);
        let apart = (mean - nobody).abs() / error.hypot(doubt);
        assert!(apart < 4.0, "{name} is told from nobody by {apart:.1} standard errors");
    }
}
