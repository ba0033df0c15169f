//! What could be one request to us and two to a proxy before us: refused, or answered exactly once.

use super::stage::{Stage, statuses};

/// What hides behind a request: answered, it would say `Healthy`.
const HIDDEN: &str = "GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n";

/// A POST to what is only read, with these header lines, and what hides behind it.
fn post(lines: &str) -> String {
    format!("POST /config HTTP/1.1\r\nhost: x\r\n{lines}\r\n{HIDDEN}")
}

#[tokio::test]
async fn two_ways_to_say_where_a_body_ends_are_one_request_or_none() {
    let stage = Stage::new().await;
    for (lines, status) in [
        ("content-length: 36\r\ntransfer-encoding: chunked\r\n", 405),
        ("transfer-encoding: chunked\r\ncontent-length: 36\r\n", 405),
        ("content-length: 36\r\ncontent-length: 36\r\n", 405),
        ("content-length: 36\r\ncontent-length: 0\r\n", 400),
        ("content-length: 0\r\ncontent-length: 36\r\n", 400),
        ("content-length: 36, 36\r\n", 400),
        ("content-length: +36\r\n", 400),
        ("content-length: -1\r\n", 400),
        ("content-length: 0x24\r\n", 400),
        ("content-length: 3 6\r\n", 400),
        ("content-length:\r\n", 400),
        ("content-length: 18446744073709551616\r\n", 400),
        ("content-length: 18446744073709551615\r\n", 431),
        ("content-length: 36\r\n", 405),
        ("transfer-encoding: chunked\r\n", 405),
        ("transfer-encoding: CHUNKED\r\n", 405),
        ("transfer-encoding:\tchunked\r\n", 405),
        ("transfer-encoding: identity\r\n", 400),
        ("transfer-encoding: xchunked\r\n", 400),
        ("transfer-encoding: \"chunked\"\r\n", 400),
        ("transfer-encoding: chunked, identity\r\n", 400),
        ("transfer-encoding: gzip, chunked\r\n", 400),
        ("transfer-encoding: chunked, chunked\r\n", 400),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", 400),
        ("transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n", 400),
        ("transfer-encoding:\r\n", 400),
    ] {
        let heard = stage.tell(post(lines).as_bytes()).await;
        assert_eq!(statuses(&heard), [status], "{lines:?}: {heard}");
        assert!(!heard.contains("Healthy"), "{lines:?}: {heard}");
    }
}

#[tokio::test]
async fn lines_that_are_not_quite_lines_are_refused() {
    let stage = Stage::new().await;
    for lines in [
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\t: chunked\r\n",
        " transfer-encoding: chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        "transfer-encoding: \u{b}chunked\r\n",
        "transfer-encoding: chunked\0\r\n",
        "transfer\0-encoding: chunked\r\n",
        "x: a\rtransfer-encoding: chunked\r\n",
        "content-length\r\n",
        ": chunked\r\n",
        "x: \u{7f}\r\n",
        "x y: z\r\n",
        "ü: z\r\n",
    ] {
        let heard = stage.tell(post(lines).as_bytes()).await;
        assert_eq!(statuses(&heard), [400], "{lines:?}: {heard}");
    }
}

#[tokio::test]
async fn first_lines_that_are_none_are_refused() {
    let stage = Stage::new().await;
    for first in [
        "GET  /config HTTP/1.1",
        "GET /config  HTTP/1.1",
        "GET\t/config\tHTTP/1.1",
        "GET /config HTTP/1.1 ",
        " GET /config HTTP/1.1",
        "GET /config HTTP/1.2",
        "GET /config HTTP/2.0",
        "GET /config HTTP/3",
        "GET /config http/1.1",
        "GET /config",
        "GET /con fig HTTP/1.1",
        "GET /con\0fig HTTP/1.1",
        "GET  HTTP/1.1",
        "G\0T /config HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}",
    ] {
        let heard = stage
            .tell(format!("{first}\r\nhost: x\r\nconnection: close\r\n\r\n{HIDDEN}").as_bytes())
            .await;
        assert_eq!(statuses(&heard), [400], "{first:?}: {heard}");
    }
    // HTTP/2 is spoken over TLS only, where both sides agreed on it.
    assert_eq!(stage.tell(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
}

#[tokio::test]
async fn whom_a_request_is_for_is_said_once() {
    let stage = Stage::new().await;
    for (head, status) in [
        ("GET /config HTTP/1.1\r\n", 400),
        ("GET /config HTTP/1.1\r\nhost: a\r\nhost: b\r\n", 400),
        ("GET /config HTTP/1.1\r\nhost: a\r\nhost: a\r\n", 400),
        ("GET /config HTTP/1.0\r\nhost: a\r\nhost: b\r\n", 400),
        ("GET /config HTTP/1.0\r\n", 200),
        ("GET /config HTTP/1.1\r\nhost:\r\n", 200),
    ] {
        let heard = stage.tell(format!("{head}connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&heard), [status], "{head:?}: {heard}");
    }
}

#[tokio::test]
async fn lines_that_end_without_a_carriage_return_are_one_request() {
    let stage = Stage::new().await;
    let heard = stage.tell(b"GET /config HTTP/1.1\nhost: x\nconnection: close\n\n").await;
    assert_eq!(statuses(&heard), [200], "{heard}");
}

#[tokio::test]
async fn chunks_of_any_kind_are_never_read_and_end_the_connection() {
    let stage = Stage::new().await;
    for chunks in [
        "0\r\n\r\n",
        "0;a=b\r\n\r\n",
        "0\n\n",
        "00000000000000000000\r\n\r\n",
        "ffffffffffffffffff\r\n",
        "-1\r\n",
        "5 \r\nabcde\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "0\r\ntransfer-encoding: chunked\r\n\r\n",
        "\0",
        "",
    ] {
        let request = format!(
            "POST /config HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}{HIDDEN}"
        );
        let heard = stage.tell(request.as_bytes()).await;
        assert_eq!(statuses(&heard), [405], "{chunks:?}: {heard}");
    }
}

#[tokio::test]
async fn requests_that_end_where_they_should_are_each_answered_in_turn() {
    let stage = Stage::new().await;
    let (one, empty) =
        (HIDDEN.to_owned(), "POST /config HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    let last = "HEAD /-/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let heard = stage.tell(format!("{one}{empty}{one}{last}{one}").as_bytes()).await;
    assert_eq!(statuses(&heard), [200, 405, 200, 200], "{heard}");
}
