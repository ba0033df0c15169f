//! The server over in-memory pipes, and over loopback sockets where sockets matter.

use std::io::Read as _;

use arc_swap::ArcSwap;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::gate::Gate;
use super::reply::Reply;
use super::site::Loaded;
use super::*;
use crate::board::{Board, Place};
use crate::clock::Clock;
use crate::exposition::ending::Endings;
use crate::exposition::own::ReloadState;
use crate::exposition::press::Press;
use crate::exposition::{sample, strict};
use crate::snapshot::AccountPart;

fn site() -> Arc<Site> {
    let start = sample::now().wall;
    let reload = ReloadState { successful: true, at: start };
    Arc::new(Site {
        board: Arc::new(Board::new(sample::accounts())),
        telemetry: Arc::new(sample::telemetry()),
        clock: Clock::simulated(start, 1),
        telemetry_path: "/metrics".to_owned(),
        loaded: Arc::new(ArcSwap::from_pointee(Loaded { text: "taprain: []\n".into(), reload })),
        version: "1.2.3",
        process: None,
        press: Press::default(),
        endings: Endings::default(),
        faces: face::Faces::new(start),
        reloads: None,
        lock: None,
        gate: Gate::new(40),
        reachable: false,
    })
}

async fn ask(site: &Arc<Site>, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = Request::builder().method(method).uri(path);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    site.answer(&request.body(()).unwrap()).await
}

async fn bytes(reply: Reply) -> Vec<u8> {
    reply.into_body().collect().await.unwrap().to_bytes().to_vec()
}

async fn text(reply: Reply) -> String {
    String::from_utf8(bytes(reply).await).unwrap()
}

const OPEN: (&str, &str) = ("accept", "application/openmetrics-text;version=1.0.0");

#[tokio::test]
async fn a_scrape_gets_the_format_and_coding_it_asks_for() {
    let site = site();
    let plain = ask(&site, "GET", "/metrics?x=1", &[]).await;
    assert_eq!(plain.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(plain.headers()["vary"], "Accept, Accept-Encoding");
    assert_eq!(plain.headers()["cache-control"], "no-store");
    assert_eq!(plain.headers()["x-content-type-options"], "nosniff");
    assert!(!text(plain).await.contains("# EOF"));
    let open = ask(&site, "GET", "/metrics", &[OPEN]).await;
    assert_eq!(
        open.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let open = text(open).await;
    strict::open_metrics(&open).unwrap();
    let packed = ask(&site, "GET", "/metrics", &[OPEN, ("accept-encoding", "gzip")]).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let mut read = String::new();
    let packed = bytes(packed).await;
    flate2::bufread::GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
    assert!(read == open && packed.len() * 5 < open.len());
    assert_eq!(site.press.renders(), 1);
}

#[tokio::test]
async fn more_scrapes_than_permitted_are_told_to_wait_and_health_is_always_told() {
    let site = Arc::new(Site { gate: Gate::new(2), ..Arc::into_inner(site()).unwrap() });
    let one = ask(&site, "GET", "/metrics", &[]).await;
    let two = ask(&site, "HEAD", "/metrics", &[]).await;
    // A HEAD has no page to wait for.
    assert_eq!((two.status(), site.gate.inside()), (StatusCode::OK, 1));
    let three = ask(&site, "GET", "/metrics", &[]).await;
    let refused = ask(&site, "GET", "/metrics", &[]).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(text(refused).await.starts_with("Limit of concurrent requests reached (2), try"));
    for path in ["/-/healthy", "/-/ready", "/", "/config"] {
        assert_eq!(ask(&site, "GET", path, &[]).await.status(), StatusCode::OK, "{path}");
    }
    let wrong = ask(&site, "PUT", "/metrics", &[]).await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    drop(one);
    text(three).await;
    assert_eq!(site.gate.inside(), 0);
    assert_eq!(ask(&site, "GET", "/metrics", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn each_scrape_shows_what_is_published_and_nothing_dead() {
    let site = site();
    assert!(text(ask(&site, "GET", "/metrics", &[]).await).await.contains("account=\"main\""));
    site.board.arrange(&[Place::New(Arc::new(sample::taprain("renamed")))]);
    let page = text(ask(&site, "GET", "/metrics", &[]).await).await;
    assert!(
        page.contains("taprain_clicks{account=\"renamed\"")
            && !page.contains("taprain_clicks{account=\"main\"")
    );
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let site = site();
    for path in ["/metrics", "/", "/api/v1/status", "/config", "/-/healthy", "/-/ready", "/nowhere"]
    {
        let (get, head) = (ask(&site, "GET", path, &[]).await, ask(&site, "HEAD", path, &[]).await);
        assert_eq!((get.status(), get.headers()), (head.status(), head.headers()), "{path}");
        let length = get.headers()["content-length"].to_str().unwrap().to_owned();
        assert_eq!(bytes(get).await.len().to_string(), length);
        assert!(bytes(head).await.is_empty());
    }
}

#[tokio::test]
async fn wrong_methods_and_paths_are_told_so() {
    let site = site();
    for path in ["/metrics", "/", "/api/v1/status", "/config", "/-/healthy", "/-/ready"] {
        let reply = ask(&site, "POST", path, &[]).await;
        assert_eq!(reply.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(reply.headers()["allow"], "GET, HEAD");
    }
    let reply = ask(&site, "GET", "/metric", &[]).await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    assert!(text(reply).await.contains("/metrics"));
    assert_eq!(text(ask(&site, "GET", "/config", &[]).await).await, "taprain: []\n");
}

#[tokio::test]
async fn ready_names_who_was_not_asked_yet() {
    let site = site();
    let mut unasked = sample::klar("my-store");
    unasked.state = None;
    site.board.publish(unasked);
    let reply = ask(&site, "GET", "/-/ready", &[]).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text(reply).await, "Not ready: no answer yet for klar my-store.\n");
    site.board.publish(sample::klar("my-store"));
    assert_eq!(text(ask(&site, "GET", "/-/ready", &[]).await).await, "Ready\n");
    assert_eq!(text(ask(&site, "GET", "/-/healthy", &[]).await).await, "Healthy\n");
}

#[tokio::test]
async fn ready_names_whose_collector_failed() {
    let site = site();
    let broken = AccountPart { broken: true, ..sample::taprain("main") };
    let unasked = AccountPart { state: None, ..sample::klar("my-store") };
    site.board.publish(broken);
    site.board.publish(unasked);
    let reply = ask(&site, "GET", "/-/ready", &[]).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    let sentence = "Not ready: no answer yet for klar my-store; \
                    a failure inside the exporter stopped taprain main.\n";
    assert_eq!(text(reply).await, sentence);
}

#[tokio::test]
async fn a_reload_is_permitted_by_a_flag_and_tells_how_it_went() {
    let off = ask(&site(), "POST", "/-/reload", &[]).await;
    assert_eq!(off.status(), StatusCode::FORBIDDEN);
    assert!(text(off).await.contains("--web.enable-lifecycle"));
    let (reloads, mut wishes) = reload::channel();
    let site = Arc::new(Site { reloads: Some(reloads), ..Arc::into_inner(site()).unwrap() });
    let outcomes = [Ok(()), Err("a.yaml:1:1: unknown key".to_owned())];
    for (outcome, status, body) in [
        (outcomes[0].clone(), StatusCode::OK, "Reloaded\n"),
        (outcomes[1].clone(), StatusCode::INTERNAL_SERVER_ERROR, "a.yaml:1:1: unknown key\n"),
    ] {
        let fulfil = async { wishes.recv().await.unwrap().answer(outcome) };
        let (reply, ()) = tokio::join!(ask(&site, "POST", "/-/reload", &[]), fulfil);
        assert_eq!((reply.status(), text(reply).await.as_str()), (status, body));
    }
    for method in ["GET", "HEAD", "DELETE"] {
        let reply = ask(&site, method, "/-/reload", &[]).await;
        assert_eq!(reply.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(reply.headers()["allow"], "POST");
    }
    drop(wishes);
    let reply = ask(&site, "POST", "/-/reload", &[]).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_taken_port_says_what_to_do() {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = Server::bind(&[here]).await.unwrap();
    let error = Server::bind(&bound.addresses()).await.unwrap_err();
    let address = bound.addresses()[0];
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {address}: another program listens there; stop it or choose --web.listen-address"
        )
    );
}

#[tokio::test]
async fn it_answers_on_every_address_and_stops_when_told() {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let bound = Server::bind(&[here, here]).await.unwrap();
    let addresses = bound.addresses();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(bound.run(site(), async move { stopped.await.unwrap_or_default() }));
    let mut idle = TcpStream::connect(addresses[0]).await.unwrap();
    for address in addresses.iter().chain(&addresses) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\nGET /-/healthy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nHealthy\n"),
            "{answer}"
        );
        assert_eq!(answer.matches("content-length: ").count(), 2, "{answer}");
    }
    stop.send(()).unwrap();
    tasks.join_next().await.unwrap().unwrap();
    let mut end = Vec::new();
    idle.read_to_end(&mut end).await.unwrap();
    assert!(end.is_empty());
    assert!(TcpStream::connect(addresses[0]).await.is_err());
}

#[tokio::test]
async fn nonsense_ends_one_connection_and_not_the_server() {
    let bound = Server::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))]).await.unwrap();
    let address = bound.addresses()[0];
    let mut tasks = JoinSet::new();
    tasks.spawn(bound.run(site(), std::future::pending()));
    for request in [&b"\x16\x03\x01nonsense\r\n\r\n"[..], b"GET /-/healthy HTTP/1.0\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.ends_with("Healthy\n"), request.starts_with(b"GET"), "{answer}");
    }
}

/// Samples as the page should have them: name with labels, and value.
type Samples = Vec<(String, f64)>;

fn add(samples: &mut Samples, metric: &str, labels: &str, value: &serde_json::Value) {
    samples.extend(value.as_f64().map(|value| (format!("{metric}{{{labels}}}"), value)));
}

/// Every figure of the JSON that `/metrics` has.
fn samples_of(status: &serde_json::Value) -> Samples {
    let mut samples = Vec::new();
    for account in status["accounts"].as_array().unwrap() {
        for today in account["today"].as_array().into_iter().flatten() {
            samples_of_today(&mut samples, account, today);
        }
        for view in account["attribution"].as_array().into_iter().flatten() {
            samples_of_channels(&mut samples, account, view);
        }
        let of = format!("api={},account={}", account["api"], account["account"]);
        let budget = &account["budget"];
        let limit = &budget["limit_requests"];
        add(&mut samples, "revenue_exporter_budget_limit_requests", &of, limit);
        add(&mut samples, "revenue_exporter_budget_used_requests", &of, &budget["used_requests"]);
        for planned in account["plan"].as_array().unwrap() {
            let of = format!("{of},view={},range={}", planned["view"], planned["range"]);
            let interval = &planned["refresh_interval_seconds"];
            add(&mut samples, "revenue_exporter_refresh_interval_seconds", &of, interval);
            let last = &planned["last_success_timestamp_seconds"];
            add(&mut samples, "revenue_exporter_last_success_timestamp_seconds", &of, last);
        }
    }
    samples
}

fn samples_of_today(samples: &mut Samples, account: &serde_json::Value, today: &serde_json::Value) {
    let of = format!("account={},view={}", account["account"], today["view"]);
    let in_money = format!("currency={}", account["currency"]);
    let (range, expected) = (format!("{of},range=\"today\""), &today["expected"]);
    for (metric, value) in [("clicks", &today["clicks"]), ("leads", &today["leads"])] {
        add(samples, &format!("taprain_{metric}"), &range, value);
    }
    add(samples, "taprain_cvr_ratio", &range, &today["cvr_ratio"]);
    add(samples, "taprain_expected_clicks", &of, &expected["clicks"]);
    add(samples, "taprain_baseline_cvr_ratio", &of, &expected["baseline_cvr_ratio"]);
    for metric in ["revenue", "epc"] {
        add(samples, &format!("taprain_{metric}"), &format!("{range},{in_money}"), &today[metric]);
    }
    for metric in ["revenue", "revenue_low", "revenue_high"] {
        let name = format!("taprain_expected_{metric}");
        add(samples, &name, &format!("{of},{in_money}"), &expected[metric]);
    }
    let lists = [("offers", "offer"), ("sources", "source"), ("countries", "country")];
    for (list, label) in lists {
        for row in today[list]["rows"].as_array().into_iter().flatten() {
            let labels = format!("{range},{label}={}", row["name"]);
            add(samples, &format!("taprain_{label}_leads"), &labels, &row["leads"]);
        }
    }
}

fn samples_of_channels(
    samples: &mut Samples,
    account: &serde_json::Value,
    view: &serde_json::Value,
) {
    let mut of = format!("account={}", account["account"]);
    for label in ["view", "model", "attribution_window", "date_basis", "range"] {
        of = format!("{of},{label}={}", view[label]);
    }
    for channel in view["channels"].as_array().unwrap() {
        let labels = format!("{of},channel={}", channel["name"]);
        add(samples, "klar_attributed_orders", &labels, &channel["orders"]);
        let labels = format!("{labels},currency={}", account["currency"]);
        add(samples, "klar_attributed_net_revenue", &labels, &channel["net_revenue"]);
        add(samples, "klar_cost", &labels, &channel["cost"]);
    }
}

#[tokio::test]
async fn the_status_has_the_figures_of_the_metrics() {
    let site = site();
    let json = ask(&site, "GET", "/api/v1/status", &[]).await;
    assert_eq!(json.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(json.headers()["cache-control"], "no-store");
    let status: serde_json::Value = serde_json::from_str(&text(json).await).unwrap();
    let page = text(ask(&site, "GET", "/metrics", &[]).await).await;
    let samples = samples_of(&status);
    assert!(samples.len() > 25, "{}", samples.len());
    for (sample, value) in samples {
        // JSON and the page escape alike what the sample's names hold.
        let line = page.lines().find_map(|line| line.strip_prefix(&*sample));
        let shown: f64 =
            line.unwrap_or_else(|| panic!("{sample} is not on the page")).trim().parse().unwrap();
        assert_eq!(shown, value, "{sample}");
    }
}

#[tokio::test]
async fn the_page_is_guarded_packed_and_made_once_a_second_at_most() {
    let site = site();
    let page = ask(&site, "GET", "/", &[]).await;
    let headers = page.headers().clone();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("vary", "Accept-Encoding"),
    ] {
        assert_eq!(headers[name], value);
    }
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let page = text(page).await;
    let packed = bytes(ask(&site, "GET", "/", &[("accept-encoding", "gzip, br")]).await).await;
    let mut read = String::new();
    flate2::bufread::GzDecoder::new(&*packed).read_to_string(&mut read).unwrap();
    assert!(read == page && packed.len() * 2 < page.len());
    site.board.publish(sample::taprain("main"));
    let next = text(ask(&site, "GET", "/", &[]).await).await;
    let revision = |page: &str| page.split_once("data-revision=").unwrap().1[..40].to_owned();
    assert_ne!(revision(&next), revision(&page));
}

#[tokio::test]
async fn one_account_can_be_asked_for_and_nonsense_is_told_so() {
    let site = site();
    for (path, status) in [
        ("/?api=klar&account=my-store", 200),
        ("/?ref=mail", 200),
        ("/?api=klar&account=nobody", 404),
        ("/?api=klar", 400),
        ("/api/v1/status?api=taprain&account=main", 200),
        ("/api/v1/status?detail=none", 200),
        ("/api/v1/status?detail=much", 400),
        ("/api/v1/status?api=klar&account=main", 404),
    ] {
        assert_eq!(ask(&site, "GET", path, &[]).await.status().as_u16(), status, "{path}");
    }
    let brief = text(ask(&site, "GET", "/api/v1/status?detail=none", &[]).await).await;
    let whole = text(ask(&site, "GET", "/api/v1/status", &[]).await).await;
    assert!(brief.len() < whole.len() && brief.contains("140.5"));
    let page = text(ask(&site, "GET", "/?api=klar&account=my-store", &[]).await).await;
    assert!(page.contains("Facebook") && !page.contains("Direct"));
}
