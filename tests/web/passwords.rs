//! `basic_auth_users`: who is let in, and what a guess costs.

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
    assert_eq!(stage.lock.rounds(), 17);
    for _ in 0..5 {
        assert_refused(&ask(stage.address, "GET", "/-/healthy", &[&wrong]).await);
    }
    assert_eq!(stage.lock.rounds(), 6 * 17);
    assert_eq!(ask(stage.address, "GET", "/-/healthy", &[&right]).await.status, 200);
    assert_eq!(stage.lock.rounds(), 6 * 17, "what was guessed in between pushed nothing out");
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
            // One hash of each cost, and each begins and ends once.
            assert_eq!(rounds - done, (1 << 4) + 1 + (1 << 6) + 1, "{user}");
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
