//! Whatever holds a secret, or was made from an answer that repeats it, prints without it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use revenue_exporter::app::App;
use revenue_exporter::budget::Advice;
use revenue_exporter::clock::Clock;
use revenue_exporter::config;
use revenue_exporter::model::range::{Days, Range};
use revenue_exporter::secret::Secret;
use revenue_exporter::upstream::answer::{Answer, accept};
use revenue_exporter::upstream::http::Http;
use revenue_exporter::upstream::klar_rows::Rows;
use revenue_exporter::upstream::transport::Request;
use revenue_exporter::upstream::{klar, taprain};

const PLANTED: &str = "planted_a1b2c3d4e5f60718";

const FILE: &str = "
taprain: [{account: main, api_key_env: TAPRAIN}]
klar: [{account: store, refresh_token_env: KLAR}]
";

const DAYS: Days = Days { start: date(2026, 1, 1), end: date(2026, 1, 2) };

fn loaded() -> config::Loaded {
    let environment = |name: &str| Some(format!("{PLANTED}-{name}"));
    config::parse(FILE.as_bytes(), Path::new("exporter.yaml"), &environment).unwrap()
}

/// What is printed must not show it; `wanted` shows that something was printed at all.
fn hidden(printed: &str, wanted: &str) {
    assert!(printed.contains(wanted), "{printed}");
    assert!(!printed.contains(PLANTED), "{printed}");
}

#[test]
fn settings_and_what_is_made_of_them_print_no_secret() {
    let loaded = loaded();
    hidden(&format!("{loaded:?} {loaded:#?}"), "***");
    let settings = loaded.settings;
    hidden(&format!("{:?}", settings.klar[0].common.credential), "***");
    let transport = Arc::new(Http::new().unwrap());
    hidden(&format!("{transport:?}"), "Http");
    let app = App::build(&settings, Clock::system(), transport, None, 1);
    hidden(&format!("{:?} {:?}", app.board.current(), app.telemetry.counts()), "store");
}

#[test]
fn requests_print_no_secret_and_have_it_in_no_url() {
    let settings = loaded().settings;
    let (main, store) = (&settings.taprain[0], &settings.klar[0]);
    let filters = &main.views[0].filters;
    let token = Secret::parse(PLANTED).unwrap();
    let requests: [Request; 3] = [
        taprain::request(&main.common, filters, &Range::Today, DAYS).unwrap(),
        klar::token_request(&store.common).unwrap(),
        klar::report_request(&store.common, &store.views[0], DAYS, &token).unwrap(),
    ];
    for request in requests {
        hidden(&format!("{request:?} {}", request.uri()), "Sensitive");
        let carried = request.headers().values().filter_map(|value| value.to_str().ok());
        assert_eq!(carried.filter(|value| value.contains(PLANTED)).count(), 1, "it is sent");
    }
}

#[test]
fn a_token_and_the_answer_that_brought_it_print_no_secret() {
    let body = format!(r#"{{"accessToken": "{PLANTED}", "expiresIn": 300000}}"#);
    let token = klar::read_token(body.as_bytes(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(token.secret.reveal(), PLANTED);
    let answer = Answer { result: Ok(token), advice: Advice::default(), date: None };
    hidden(&format!("{answer:?}"), "***");
}

#[test]
fn failures_print_nothing_of_the_answer() {
    let bodies = [
        PLANTED.to_owned(),
        format!("<html>{PLANTED}"),
        format!("{{\"{PLANTED}\": {PLANTED}}}"),
        format!("{{\"success\": \"{PLANTED}\"}}"),
        format!("{{\"accessToken\": [\"{PLANTED}\"]}}"),
        format!("{{\"accessToken\": \"{PLANTED}\\n\"}}"),
        format!("{{\"accessToken\": 1, \"{PLANTED}"),
        format!("[{{\"date\": \"{PLANTED}\", \"{PLANTED}\": nothing}}]"),
    ];
    for body in &bodies {
        let token = klar::read_token(body.as_bytes(), Timestamp::UNIX_EPOCH).map(|_| ());
        let report = taprain::read(body.as_bytes()).map(|_| ());
        let rows = Rows::default().feed(body.as_bytes(), &mut |_| {});
        for failure in [token, report, rows].into_iter().filter_map(Result::err) {
            hidden(&format!("{failure:?} {failure}"), "outcome");
        }
    }
    for status in [302, 400, 401, 403, 404, 429, 500] {
        let answer = http::Response::builder().status(status).header("location", PLANTED);
        let answer = answer.header("retry-after", PLANTED).header("set-cookie", PLANTED);
        let body = futures_util::stream::empty();
        let failure = accept(answer.body(Box::pin(body) as _).unwrap(), Timestamp::UNIX_EPOCH);
        let Err(failure) = failure else { panic!("{status} is a success") };
        hidden(&format!("{failure:?} {failure}"), "outcome");
    }
}

#[test]
fn what_is_wrong_with_a_configuration_prints_no_secret() {
    for typed in
        [format!("{PLANTED}: 1"), format!("taprain: {PLANTED}"), format!("taprain: *{PLANTED}")]
    {
        let error = config::parse(typed.as_bytes(), Path::new("x.yaml"), &|_| None).unwrap_err();
        hidden(&format!("{error:?} {error}"), "x.yaml");
    }
    for text in [format!("{PLANTED}\n{PLANTED}"), format!("{PLANTED}ä")] {
        let error = Secret::parse(&text).unwrap_err();
        hidden(&format!("{error:?} {error}"), "Unprintable");
    }
}
