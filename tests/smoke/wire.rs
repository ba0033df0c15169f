//! What the vendors see: every parameter they document, and each secret in its one header.

use super::client::get;
use super::page::value;
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream, answer};
use super::waiting::wait_for;

/// The request line, and the headers in lower case and order, `host` left out.
fn parsed(request: &str) -> (&str, Vec<String>) {
    let mut lines = request.trim_end().lines();
    let first = lines.next().unwrap();
    let fields = lines.filter_map(|line| line.split_once(':'));
    let fields = fields.map(|(name, value)| format!("{}: {}", name.to_lowercase(), value.trim()));
    let mut fields: Vec<_> = fields.filter(|field| !field.starts_with("host: ")).collect();
    fields.sort();
    (first, fields)
}

const AGENT: &str = concat!("user-agent: revenue-exporter/", env!("CARGO_PKG_VERSION"));

#[test]
fn t1_t18_taprain_gets_every_parameter_and_its_key_in_a_header_only() {
    let body = include_str!("../fixtures/taprain-today.json");
    let upstream = Upstream::new(move |_, _| Act::Send(answer("200 OK", body)));
    let yaml = format!(
        "taprain:
  - account: main
    api_key_file: key
    base_url: http://{}/proxied
    timezone: America/Argentina/Buenos_Aires
    budget: {BUDGET}
    history: {{days: 0}}
    views:
      - view: some
        country: [US, GB]
        offer: [Freecash CPI, 'R&D=50% +1', 'Käse 🧀']
        source: [tiktok_1, '{{clickid}}#?/']
        ranges:
          - {{range: hour, every: 1h}}
          - {{range: custom, name: spring, start: 2026-03-01, end: 2026-03-17, every: 1h}}
",
        upstream.address
    );
    let program = Program::serve(Setup::new(&yaml).with_file("key", &format!("{SECRET}\n")));
    let mut requests = wait_for("both requests", || {
        let requests = upstream.requests();
        (requests.len() == 2).then_some(requests)
    });
    requests.sort();
    let rest = "timezone=America%2FArgentina%2FBuenos_Aires&country=US%2CGB\
                &offer=Freecash+CPI%2CR%26D%3D50%25+%2B1%2CK%C3%A4se+%F0%9F%A7%80\
                &source=tiktok_1%2C%7Bclickid%7D%23%3F%2F";
    let ranges = ["range=custom&start=2026-03-01&end=2026-03-17", "range=hour"];
    for (request, range) in requests.iter().zip(ranges) {
        let (line, headers) = parsed(request);
        assert_eq!(line, format!("GET /proxied/api/v1/stats?{range}&{rest} HTTP/1.1"));
        let key = format!("x-api-key: {SECRET}");
        assert_eq!(headers, ["accept-encoding: gzip", "accept: application/json", AGENT, &key]);
    }
    // The vendor's own figures, to the last digit.
    let page = wait_for("the figures", || {
        let page = get(program.address, "/metrics").text().to_owned();
        value(&page, "taprain_revenue", &["range=\"spring\""]).map(|_| page)
    });
    assert_eq!(value(&page, "taprain_revenue", &["range=\"spring\""]), Some(138.24));
    assert_eq!(value(&page, "taprain_country_leads", &["country=\"GB\""]), Some(3.0));
}

#[test]
fn k1_k10_k11_klar_gets_a_bare_token_request_then_every_parameter() {
    let rows = include_str!("../fixtures/klar-attribution.json");
    let upstream = Upstream::new(move |_, request| {
        Act::Send(if request.starts_with("POST ") {
            answer("201 Created", r#"{"accessToken": "an.access.token", "expiresIn": 300000}"#)
        } else {
            answer("200 OK", rows)
        })
    });
    let yaml = format!(
        "klar:
  - account: store
    refresh_token_file: token
    base_url: http://{}
    budget: {BUDGET}
    history: {{days: 0}}
    views:
      - view: some
        model: u_shape
        window: 28_day
        date_breakdown: touch
        ranges:
          - {{range: custom, name: sample, start: 2025-10-01, end: 2025-10-02, every: 1h}}
",
        upstream.address
    );
    let program = Program::serve(Setup::new(&yaml).with_file("token", SECRET));
    let page = wait_for("the figures", || {
        let page = get(program.address, "/metrics").text().to_owned();
        value(&page, "klar_attributed_net_revenue", &[]).map(|_| page)
    });
    let labels = ["channel=\"Google Generic Paid Search\"", "model=\"u_shape\""];
    let revenue = value(&page, "klar_attributed_net_revenue", &labels);
    assert_eq!(revenue, Some(126.884_027_848_3));
    let requests = upstream.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    let (line, headers) = parsed(&requests[0]);
    assert_eq!(line, "POST /public/auth/token HTTP/1.1");
    let common = ["accept-encoding: gzip", "accept: application/json"];
    let token = format!("token: {SECRET}");
    assert_eq!(headers, [common[0], common[1], "content-length: 0", &token, AGENT]);
    let (line, headers) = parsed(&requests[1]);
    let query = "startDate=2025-10-01&endDate=2025-10-03&metric=u_shape&window=28_day\
                 &date_breakdown=touch";
    assert_eq!(line, format!("GET /public/attribution?{query} HTTP/1.1"));
    let bearer = "authorization: Bearer an.access.token";
    assert_eq!(headers, [common[0], common[1], bearer, AGENT]);
}
