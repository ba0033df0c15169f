//! What every answer has, and what ends with it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::stage::{Stage, rest, statuses};

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn every_answer_is_kept_nowhere_and_is_what_it_says_it_is() {
    let stage = Stage::new().await;
    let pages = ["/", "/metrics", "/config", "/api/v1/status", "/-/healthy", "/-/ready"];
    let mut requests: Vec<String> = pages.map(get).into();
    requests.extend(["/-/reload", "/nowhere"].map(get));
    requests.push("DELETE /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned());
    requests.push("POST /-/reload HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned());
    requests.push("GET / HTTP/1.1\r\n\r\n".to_owned());
    for request in requests {
        let said = stage.tell(request.as_bytes()).await;
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\ncache-control: no-store\r\n"), "{request}{head}");
        assert!(head.contains("\r\nx-content-type-options: nosniff\r\n"), "{request}{head}");
        assert!(!head.contains("\r\nlocation:") && !head.contains("\r\nserver:"), "{head}");
        let is_good = head.starts_with("HTTP/1.1 200");
        let kind = match request.split(' ').nth(1) {
            Some("/") if is_good => "text/html;",
            Some("/api/v1/status") => "application/json;",
            _ => "text/plain;",
        };
        assert!(head.contains(&format!("\r\ncontent-type: {kind}")), "{request}{head}");
        assert!(!body.is_empty());
    }
}

/// hyper answers these itself, and has nothing to say beyond the status: there is nothing to keep or to sniff at.
#[tokio::test]
async fn what_is_no_request_gets_a_status_and_no_body() {
    let stage = Stage::new().await;
    for nonsense in ["nonsense\r\n\r\n".to_owned(), get(&format!("/{}", "x".repeat(20_000)))] {
        let heard = stage.tell(nonsense.as_bytes()).await;
        assert!(heard.ends_with("\r\n\r\n") && heard.contains("content-length: 0\r\n"), "{heard}");
        assert!(heard.contains("connection: close\r\n"), "{heard}");
    }
}

#[tokio::test]
async fn heads_have_an_end() {
    let stage = Stage::new().await;
    let with = |lines: &str| {
        format!("GET /-/healthy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n")
    };
    let many = |count: usize| "a: b\r\n".repeat(count);
    for (request, status) in [
        (with(&format!("a: {}\r\n", "x".repeat(15_000))), 200),
        (with(&format!("a: {}\r\n", "x".repeat(17_000))), 431),
        (with(&many(98)), 200),
        (with(&many(99)), 431),
        (get(&format!("/{}", "x".repeat(15_000))), 404),
        (get(&format!("/{}", "x".repeat(70_000))), 431),
        ("x".repeat(20_000), 431),
    ] {
        let heard = stage.tell(request.as_bytes()).await;
        assert_eq!(statuses(&heard), [status], "{} bytes: {heard}", request.len());
    }
}

/// A head that never ends is read no further than 16 KiB, however fast it comes.
#[tokio::test]
async fn an_endless_head_is_refused_before_it_ends() {
    let stage = Stage::new().await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\na: ").await.unwrap();
    let (mut read, mut write) = stream.split();
    let endless = async { while write.write_all(&[b'x'; 4096]).await.is_ok() {} };
    let mut heard = Vec::new();
    let ((), _) = tokio::join!(endless, read.read_to_end(&mut heard));
    let heard = String::from_utf8_lossy(&heard);
    // The reset of a connection with unread bytes may overtake the answer.
    assert!(heard.is_empty() || statuses(&heard) == [431], "{heard}");
}

#[tokio::test]
async fn a_body_is_not_read_whatever_its_length_and_ends_the_connection() {
    let stage = Stage::new().await;
    for (first, status) in
        [("POST /-/reload", 403), ("POST /metrics", 405), ("GET /-/healthy", 200), ("PUT /x", 404)]
    {
        for lines in ["", "expect: 100-continue\r\n"] {
            let mut stream = stage.connect().await;
            let request = format!(
                "{first} HTTP/1.1\r\nhost: x\r\ncontent-length: 10737418240\r\n{lines}\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            // The answer comes though nothing of the body has.
            let heard = rest(&mut stream).await;
            assert_eq!(statuses(&heard), [status], "{heard}");
            assert!(heard.contains("connection: close\r\n"), "{heard}");
            // What is sent on arrives nowhere: less than 1 GiB of it is taken before the refusal shows.
            let piece = vec![0; 1 << 20];
            let mut sent = 0;
            while sent < 1024 && stream.write_all(&piece).await.is_ok() {
                sent += 1;
            }
            assert!(sent < 64, "{sent} MiB were taken");
        }
    }
}
