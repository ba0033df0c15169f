//! Clients that are slow, in a server whose time runs a hundred times as fast: its 10 s are 100 ms of the test's.

use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::server::Bound;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::stage::{Stage, rest, statuses};

const ONE: &[u8] = b"GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n";

/// More than the system holds for a connection.
const LARGE: usize = 32 << 20;

fn fast(bound: Bound) -> Bound {
    bound.by(Clock::accelerated(100))
}

async fn answered(stream: &mut TcpStream) -> bool {
    stream.write_all(ONE).await.is_ok() && {
        let mut head = [0; 15];
        let came = stream.read_exact(&mut head).await.is_ok() && &head == b"HTTP/1.1 200 OK";
        let mut left = vec![0; 1024];
        came && stream.read(&mut left).await.is_ok()
    }
}

/// So much of the server's time.
async fn pass(seconds: u64) {
    Clock::system().sleep(Duration::from_millis(seconds * 10)).await;
}

#[tokio::test]
async fn whoever_says_nothing_or_never_ends_a_head_is_let_go() {
    let stage = Stage::with("", fast).await;
    for said in ["", "G", "GET / HTTP/1.1\r\nhost: x\r\n", "\r\n\r\n"] {
        assert_eq!(stage.tell(said.as_bytes()).await, "", "{said:?}");
    }
    // A byte now and then is no excuse.
    let mut stream = stage.connect().await;
    let mut sent = 0;
    while stream.write_all(b"x").await.is_ok() {
        sent += 1;
        assert!(sent < 1000);
        pass(1).await;
    }
}

#[tokio::test]
async fn between_two_requests_a_client_has_longer_than_for_one() {
    let stage = Stage::with("", fast).await;
    let mut stream = stage.connect().await;
    assert!(answered(&mut stream).await);
    pass(60).await;
    assert!(answered(&mut stream).await);
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn whoever_does_not_take_its_answer_is_cut_off() {
    let stage = Stage::with(&"x".repeat(LARGE), fast).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET /config HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    pass(30).await;
    let heard = rest(&mut stream).await;
    assert!(heard.len() < LARGE, "it had all {} bytes", heard.len());
}

/// The heads of its answers would pile up in memory: 1 KiB of them for 100 bytes of requests.
#[tokio::test]
async fn whoever_asks_on_without_reading_is_not_read_on() {
    let stage = Stage::with("", fast).await;
    let mut stream = stage.connect().await;
    let many = b"HEAD /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let mut sent = 0;
    while stream.write_all(&many).await.is_ok() {
        sent += many.len();
        assert!(sent < 64 << 20, "it takes any number");
    }
}

#[tokio::test]
async fn when_all_seats_are_taken_a_client_that_asks_gets_in() {
    let stage = Stage::with("", |bound| bound.with_seats(8)).await;
    let mut kept = stage.connect().await;
    assert!(answered(&mut kept).await);
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(stage.connect().await);
        if idle.len() % 10 == 0 {
            assert!(answered(&mut stage.connect().await).await);
        }
    }
    assert!(!answered(&mut kept).await);
    let heard =
        stage.tell(b"GET /-/healthy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(statuses(&heard), [200]);
}
