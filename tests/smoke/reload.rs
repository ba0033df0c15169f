//! Another configuration without a restart, by signal and by HTTP.

use rustix::process::Signal;

use super::client::{ask, get};
use super::page::{has, value};
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream, answer};
use super::waiting::wait_for;

const FIGURES: &str = r#"{"success": true, "data": {"summary": {"clicks": 5}}}"#;

fn yaml(upstream: &Upstream, accounts: &[&str]) -> String {
    let account = |name: &&str| {
        format!(
            "  - {{account: {name}, api_key_file: {name}, base_url: 'http://{}', budget: {BUDGET}}}\n",
            upstream.address
        )
    };
    format!("taprain:\n{}", accounts.iter().map(account).collect::<String>())
}

fn setup(yaml: &str) -> Setup {
    let secrets = ["one", "two"].map(|name| (name, format!("{SECRET}-{name}")));
    secrets.iter().fold(Setup::new(yaml), |setup, (name, secret)| setup.with_file(name, secret))
}

fn clicks(program: &Program, account: &str) -> Option<f64> {
    let page = get(program.address, "/metrics");
    let account = format!("account=\"{account}\"");
    value(page.text(), "taprain_clicks", &[&account, "range=\"today\""])
}

fn accepted(program: &Program) -> Option<f64> {
    let page = get(program.address, "/metrics");
    value(page.text(), "revenue_exporter_config_last_reload_successful", &[])
}

#[test]
fn a_signal_and_a_post_put_another_file_in_force_and_a_broken_one_changes_nothing() {
    let upstream = Upstream::new(|_, _| Act::Send(answer("200 OK", FIGURES)));
    let one = yaml(&upstream, &["one"]);
    let program = Program::serve_with(setup(&one), &["--web.enable-lifecycle"]);
    wait_for("the first figures", || clicks(&program, "one"));

    program.configure(&yaml(&upstream, &["one", "two"]));
    program.signal(Signal::HUP);
    wait_for("the account that came", || clicks(&program, "two"));
    assert_eq!((clicks(&program, "one"), accepted(&program)), (Some(5.0), Some(1.0)));
    assert!(get(program.address, "/config").text().contains("two"));

    program.configure("taprain:\n  - account: one\n    api_key_flie: one\n");
    let refused = ask(program.address, "POST", "/-/reload", &[]);
    assert_eq!((refused.status, refused.text().lines().count()), (500, 1));
    let place = format!("{}:3:5: ", program.path("revenue-exporter.yaml").display());
    assert!(refused.text().starts_with(&place), "{}", refused.text());
    assert_eq!((clicks(&program, "two"), accepted(&program)), (Some(5.0), Some(0.0)));
    assert!(get(program.address, "/config").text().contains("two"));

    program.configure(&one);
    let done = ask(program.address, "POST", "/-/reload", &[]);
    assert_eq!((done.status, done.text()), (200, "Reloaded\n"));
    let page = get(program.address, "/metrics").text().to_owned();
    assert!(has(&page, "taprain_clicks") && !page.contains("account=\"two\""));
    assert_eq!(accepted(&program), Some(1.0));
    assert!(!get(program.address, "/config").text().contains("two"));
    assert!(!program.log().contains(SECRET));
}

#[test]
fn without_the_flag_http_reloads_nothing() {
    let upstream = Upstream::new(|_, _| Act::Send(answer("200 OK", FIGURES)));
    let program = Program::serve(setup(&yaml(&upstream, &["one"])));
    let refused = ask(program.address, "POST", "/-/reload", &[]);
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("--web.enable-lifecycle"), "{}", refused.text());
}

#[test]
fn the_demo_has_nothing_to_reload_and_says_so() {
    let mut demo = Program::demo();
    demo.signal(Signal::HUP);
    wait_for("its words", || demo.log().contains("no configuration to read").then_some(()));
    assert!(demo.is_running());
    assert_eq!(get(demo.address, "/-/healthy").status, 200);
}
