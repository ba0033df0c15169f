//! `check --probe` against both simulators, well and ill.

use revenue_exporter::demo::Answer;
use revenue_exporter::demo::switches::Fault;

use super::program::{BUDGET, SECRET, Setup, command};
use super::stage::Stage;
use super::upstream::{Act, Upstream, answer};

/// The exit code, standard output and standard error.
fn run(setup: &Setup, more: &[&str]) -> (i32, String, String) {
    let file = setup.path("revenue-exporter.yaml");
    let args = ["check", "--probe", "--config.file", file.to_str().unwrap()];
    let output = command(&[&args[..], more].concat()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn both(stage: &Stage) -> Setup {
    let more = format!(", budget: {BUDGET}");
    Stage::setup(&format!("{}{}", stage.stats(&more), stage.store(&more)))
}

fn answer_of<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).trim()
}

#[test]
fn both_apis_tell_what_their_pages_leave_open() {
    let stage = Stage::new();
    let setup = both(&stage);
    let (code, out, said) = run(&setup, &[]);
    assert_eq!(code, 0, "{said}{out}");
    for (name, words) in [
        ("key:", "accepted"),
        ("today begins:", "midnight in America/New_York"),
        ("clock:", "agree"),
        ("requests left:", "after the first request"),
        ("hour:", "the"),
        ("end of custom:", "included"),
        ("rows:", "today in hours"),
        ("token:", "5 min"),
        ("end of a range:", "excluded, as documented"),
        ("model:", "data_driven 7_day order: answered"),
    ] {
        assert!(answer_of(&out, name).contains(words), "{name} {out}");
    }
    assert!(
        out.contains("asked every") && !out.contains("demo-"),
        "the plan, and no secret: {out}"
    );
    assert!(said.contains("there is no state directory"), "{said}");
    assert!(said.contains("taprain t: asks up to 6 requests, at once"), "{said}");
    assert!(said.contains("klar k: asks up to 3 requests"), "{said}");
    assert!(!setup.path("state").exists(), "nothing is left behind");
    let asked = (stage.taprain.record().total().total, stage.klar.record().total().total);
    assert_eq!(asked, (6, 3));
    assert!(stage.taprain.record().violations().is_empty());
    assert!(stage.klar.record().violations().is_empty());
}

#[test]
fn the_requests_count_in_the_ledgers_of_the_state_directory() {
    let stage = Stage::new();
    let budget = ", budget: {requests: 8, per: 2s, reserve: 0%}";
    let setup = Stage::setup(&stage.stats(budget));
    std::fs::create_dir(setup.path("kept")).unwrap();
    let directory = setup.path("kept");
    let flag = ["--state.directory", directory.to_str().unwrap()];
    let (code, out, said) = run(&setup, &flag);
    assert_eq!(code, 0, "{said}{out}");
    assert!(said.contains("count in the ledgers in "), "{said}");
    assert!(directory.read_dir().unwrap().count() > 0);
    // A second one finds what the first has spent, and waits.
    let (code, out, _) = run(&setup, &flag);
    assert_eq!(code, 0, "{out}");
    assert_eq!(stage.taprain.record().total().total, 12);
}

#[test]
fn t2_t6_what_is_otherwise_than_documented_is_told_with_what_to_change() {
    let stage = Stage::new();
    stage.taprain.switches().change(|setting| {
        setting.custom_in_days = true;
        setting.requests_remaining = false;
    });
    let more = format!(", budget: {BUDGET}");
    let (code, out, _) = run(&Stage::setup(&stage.stats(&more)), &[]);
    assert_eq!(code, 0, "{out}");
    assert!(answer_of(&out, "requests left:").starts_with("not said"), "{out}");
    assert!(out.contains("custom of one day in days"), "{out}");
    assert!(out.contains("-> hours of days that are over cannot be had"), "{out}");
}

#[test]
fn an_api_that_cannot_be_asked_is_exit_code_1_and_the_other_is_told_all_the_same() {
    let stage = Stage::new();
    let cases = [
        (None, true, "HTTP 403"),
        (Some(Fault::Html), false, "a web page, not JSON"),
        (Some(Fault::BadGateway), false, "HTTP 502"),
        (Some(Fault::ApiError), false, "success is not true"),
    ];
    for (fault, suspended, words) in cases {
        stage.taprain.switches().change(|setting| {
            (setting.fault, setting.suspended) = (fault, suspended);
        });
        let (code, out, said) = run(&both(&stage), &[]);
        assert_eq!(code, 1, "{said}{out}");
        let refused = out.lines().find(|line| line.contains("could not be asked:")).unwrap();
        assert!(out.contains(words), "{words}: {refused}");
        assert!(said.ends_with("error: could not be asked: taprain t\n"), "{said}");
        assert!(answer_of(&out, "end of a range:").starts_with("excluded"), "{out}");
    }
    stage.taprain.revoke();
    let before = stage.taprain.record().total().total;
    let (code, out, _) = run(&both(&stage), &[]);
    assert!(code == 1 && out.contains("HTTP 401"), "{out}");
    assert_eq!(stage.taprain.record().total().total, before + 1, "who is refused asks once");
}

#[test]
fn k20_a_store_without_rows_is_told_what_that_may_be() {
    let upstream = Upstream::new(|_, request| {
        let token = format!(r#"{{"accessToken": "{SECRET}", "expiresIn": 300000}}"#);
        Act::Send(answer("200 OK", if request.starts_with("POST") { &token } else { "[]" }))
    });
    let at = upstream.address;
    let yaml = format!(
        "klar: [{{account: k, refresh_token_file: klar.token, base_url: 'http://{at}', budget: {BUDGET}}}]\n"
    );
    let (code, out, said) = run(&Stage::setup(&yaml), &[]);
    assert_eq!(code, 0, "{said}{out}");
    assert!(out.contains("not one row in 28 days"), "{out}");
    assert!(!out.contains(SECRET) && !said.contains(SECRET));
}
