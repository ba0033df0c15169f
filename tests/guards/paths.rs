//! Paths are what they are, byte for byte: nothing is decoded, folded or redirected.

use super::stage::{Stage, statuses};

#[tokio::test]
async fn what_resembles_a_path_is_not_that_path() {
    let stage = Stage::new().await;
    for (target, status) in [
        ("/metrics", 200),
        ("/metrics?x=1&y", 200),
        ("/metrics?", 200),
        ("/metrics#x", 200),
        ("http://host/metrics", 200),
        ("HTTP://host:1/metrics?x", 200),
        ("http://user:secret@host/metrics", 200),
        ("http://host", 200),
        ("http://host/nowhere", 404),
        ("//metrics", 404),
        ("/metrics/", 404),
        ("/metrics//", 404),
        ("/%6detrics", 404),
        ("/metrics%00", 404),
        ("/metrics%2f", 404),
        ("/metrics;x", 404),
        ("/METRICS", 404),
        ("/./metrics", 404),
        ("/%2e/metrics", 404),
        ("/../metrics", 404),
        ("/x/../metrics", 404),
        ("/%2e%2e/metrics", 404),
        ("/..%2fmetrics", 404),
        ("/-/../config", 404),
        ("/../../etc/passwd", 404),
        ("//host/metrics", 404),
        ("//config", 404),
        ("/config/", 404),
        ("/-", 404),
        ("/-/", 404),
        ("/?/../metrics", 200),
        ("*", 404),
        ("host:443", 404),
        ("metrics", 404),
        ("/metrics\\", 404),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let heard = stage.tell(request.as_bytes()).await;
        assert_eq!(statuses(&heard), [status], "{target}: {heard}");
        assert!(!heard.contains("\r\nlocation:"), "{target}: {heard}");
        // What was asked for is not said back.
        assert!(!heard.contains("passwd") && !heard.contains("secret"), "{target}: {heard}");
    }
}

#[tokio::test]
async fn methods_are_the_two_or_one_that_a_page_has() {
    let stage = Stage::new().await;
    for (first, status, allow) in [
        ("HEAD /metrics", 200, ""),
        ("OPTIONS /metrics", 405, "GET, HEAD"),
        ("TRACE /metrics", 405, "GET, HEAD"),
        ("CONNECT /metrics", 405, "GET, HEAD"),
        ("PROPFIND /", 405, "GET, HEAD"),
        ("get /metrics", 405, "GET, HEAD"),
        ("POST /config", 405, "GET, HEAD"),
        ("GET /-/reload", 405, "POST"),
        ("OPTIONS *", 404, ""),
        ("CONNECT host:443", 404, ""),
        ("TRACE /nowhere", 404, ""),
    ] {
        let request =
            format!("{first} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: planted\r\n\r\n");
        let heard = stage.tell(request.as_bytes()).await;
        assert_eq!(statuses(&heard), [status], "{first}: {heard}");
        let allowed = heard.lines().find_map(|line| line.strip_prefix("allow: "));
        assert_eq!(allowed.unwrap_or_default(), allow, "{first}: {heard}");
        assert!(!heard.contains("planted"), "{first}: {heard}");
    }
}

#[tokio::test]
async fn nobody_is_given_another_protocol() {
    let stage = Stage::new().await;
    for lines in [
        "connection: upgrade, close\r\nupgrade: websocket\r\n",
        "connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n",
    ] {
        let request = format!("GET /-/healthy HTTP/1.1\r\nhost: x\r\n{lines}\r\n");
        let heard = stage.tell(request.as_bytes()).await;
        assert_eq!(statuses(&heard), [200], "{heard}");
    }
}
