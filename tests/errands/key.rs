//! TapRain's key, shown and rotated: no answer loses it, and nothing says it that should not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use revenue_exporter::demo::Answer;
use revenue_exporter::demo::taprain::{KEY, SESSION};

use super::client::get;
use super::program::{BUDGET, Program, SECRET, Setup, command};
use super::stage::Stage;
use super::upstream::{Act, Upstream, answer, answer_with};
use super::waiting::wait_for;

/// What a run came to: the exit code, standard output and standard error.
type Ran = (i32, String, String);

fn run(setup: &Setup, action: &str, more: &[&str]) -> Ran {
    let (file, cookie) = (setup.path("revenue-exporter.yaml"), setup.path("cookie"));
    let (file, cookie) = (file.to_str().unwrap(), cookie.to_str().unwrap());
    let args = ["taprain-key", action, "--config.file", file, "--cookie-file", cookie];
    let output = command(&[&args[..], more].concat()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A configuration before an API that answers by a script; its key file holds `old`.
fn before(upstream: &Upstream) -> Setup {
    let at = upstream.address;
    let yaml = format!(
        "taprain: [{{account: t, api_key_file: keys/taprain.key, base_url: 'http://{at}'}}]\n"
    );
    let setup = Setup::new(&yaml).with_file("revenue-exporter.yaml", &yaml);
    fs::create_dir(setup.path("keys")).unwrap();
    setup.with_file("keys/taprain.key", "old\n").with_file("cookie", &format!("s={SECRET}"))
}

fn key(setup: &Setup) -> String {
    fs::read_to_string(setup.path("keys/taprain.key")).unwrap()
}

fn has(key: &str) -> Vec<u8> {
    answer("200 OK", format!(r#"{{"success": true, "api_key": "{key}"}}"#))
}

#[test]
fn t16_a_running_exporter_uses_the_new_key_and_loses_no_more_than_one_request() {
    let stage = Stage::new();
    let views = format!(
        ", budget: {BUDGET}, history: {{days: 0}}, \
                         views: [{{view: v, ranges: [{{range: today, every: 1s}}]}}]"
    );
    let setup = Stage::setup(&stage.stats(&views));
    let beside = Stage::setup(&stage.stats(&views));
    let program = Program::serve(setup);
    let counted = |outcome: &str| {
        let page = get(program.address, "/metrics");
        let lines = page.text().lines().filter(|line| {
            line.starts_with("revenue_exporter_upstream_requests_total{") && line.contains(outcome)
        });
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    wait_for("a first answer", || (counted("outcome=\"ok\"") >= 1.0).then_some(()));
    // The same account, whose key file is the running exporter's.
    let path = program.path("taprain.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let yaml = stage.stats(&views).replace("taprain.key", path.to_str().unwrap());
    let beside = beside.with_file("revenue-exporter.yaml", &yaml);
    let (code, out, said) = run(&beside, "rotate", &[]);
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    let new = fs::read_to_string(&path).unwrap();
    assert!(new.starts_with(KEY) && new.trim() != KEY, "{new}");
    assert!(said.contains("uses the new key") && !said.contains(new.trim()), "{said}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    let answered = counted("outcome=\"ok\"");
    wait_for("answers to the new key", || {
        (counted("outcome=\"ok\"") >= answered + 2.0).then_some(())
    });
    assert!(counted("outcome=\"unauthorized\"") <= 1.0, "{}", program.log());
    assert!(!program.log().contains(new.trim()));
    let (code, out, said) = run(&beside, "show", &[]);
    assert_eq!((code, out), (0, new), "{said}");
    assert!(said.contains("holds this key"), "{said}");
    assert!(stage.taprain.record().violations().is_empty());
}

#[test]
fn t22_show_prints_the_key_and_says_whether_the_file_holds_it() {
    let stage = Stage::new();
    let setup = Stage::setup(&stage.stats("")).with_file("taprain.key", "another");
    let (code, out, said) = run(&setup, "show", &[]);
    assert_eq!((code, out), (0, format!("{KEY}\n")));
    assert!(said.contains("holds another key") && !said.contains(KEY), "{said}");
    fs::remove_file(setup.path("taprain.key")).unwrap();
    let file = setup.path("revenue-exporter.yaml");
    let args = ["taprain-key", "show", "--config.file", file.to_str().unwrap(), "--cookie-file=-"];
    let mut child = command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SESSION.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{KEY}\n"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("holds no key that can be read"), "{said}");
    let setup = setup.with_file("cookie", "session=expired");
    let (code, out, said) = run(&setup, "show", &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("HTTP 401: the session has ended; sign in"), "{said}");
    assert!(!said.contains("expired"), "{said}");
}

#[test]
fn whatever_is_answered_instead_of_a_key_leaves_the_file_alone_and_says_what_to_do() {
    let json = |body: &str| answer("200 OK", body);
    let moved = answer_with("302 Found", "location: http://evil.example/\r\n", "");
    let waiting = answer_with("429 Too Many Requests", "retry-after: 90\r\n", "");
    let cases: [(Vec<u8>, usize, &str); 9] = [
        (answer("401 Unauthorized", "{}"), 1, "nothing was changed, and the old key lives"),
        (answer("403 Forbidden", "{}"), 1, "nothing was changed"),
        (waiting, 1, "wait 90 s and try again; nothing was changed"),
        (answer("500 Oops", "hunter2"), 2, "is not known"),
        (json("<html>hunter2</html>"), 2, "sign in at: the session has ended"),
        (json(r#"{"success": false, "error": "hunter2"}"#), 2, "success is not true"),
        (json(r#"{"success": true}"#), 2, "has no api_key"),
        (moved, 2, "a redirect, which is not followed"),
        (Vec::new(), 2, "the connection broke before the answer ended"),
    ];
    for (bytes, requests, words) in cases {
        let upstream = Upstream::new(move |_, _| Act::Send(bytes.clone()));
        let setup = before(&upstream);
        let (code, out, said) = run(&setup, "rotate", &[]);
        assert_eq!((code, out.as_str(), key(&setup).as_str()), (1, "", "old\n"), "{said}");
        assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said}");
        assert!(said.contains(words) && !said.contains(SECRET), "{words}: {said}");
        let asked = upstream.requests();
        assert_eq!(asked.len(), requests, "{words}");
        assert!(asked[0].starts_with("POST /api/v1/api-key/regenerate HTTP/1.1\r\n"), "{words}");
        assert!(
            asked[1..].iter().all(|again| again.starts_with("GET /api/v1/api-key HTTP/1.1\r\n"))
        );
        let beside: Vec<_> = fs::read_dir(setup.path("keys")).unwrap().collect();
        assert_eq!(beside.len(), 1, "{words}");
    }
}

#[test]
fn where_nobody_listens_nothing_was_changed_and_nothing_is_asked_again() {
    let setup = before(&Upstream::limited(0, |_, _| Act::Send(Vec::new())));
    let (code, out, said) = run(&setup, "rotate", &[]);
    assert_eq!((code, out.as_str(), key(&setup).as_str()), (1, "", "old\n"), "{said}");
    assert!(said.contains("no connection to"), "{said}");
    assert!(said.contains("nothing was changed, and the old key lives"), "{said}");
}

#[test]
fn a_new_key_whose_answer_is_lost_or_says_too_little_is_asked_for() {
    for first in [Vec::new(), answer("200 OK", r#"{"success": true}"#), answer("502 Bad", "")] {
        let upstream = Upstream::new(move |_, request| {
            Act::Send(if request.starts_with("POST") { first.clone() } else { has("new") })
        });
        let setup = before(&upstream);
        let (code, out, said) = run(&setup, "rotate", &[]);
        assert_eq!((code, out.as_str(), key(&setup).as_str()), (0, "", "new\n"), "{said}");
        assert!(said.contains("was asked which key there is") && !said.contains("new\n"), "{said}");
    }
    let upstream = Upstream::new(|_, request| {
        Act::Send(if request.starts_with("POST") { answer("500 Oops", "") } else { has("old") })
    });
    let setup = before(&upstream);
    let (code, _, said) = run(&setup, "rotate", &[]);
    assert_eq!((code, key(&setup).as_str()), (1, "old\n"));
    assert!(said.contains("still has the key from before"), "{said}");
}

#[test]
fn a_new_key_that_cannot_be_written_is_printed_rather_than_lost() {
    let keys = std::sync::Arc::new(std::sync::OnceLock::<std::path::PathBuf>::new());
    let place = std::sync::Arc::clone(&keys);
    let upstream = Upstream::new(move |_, _| {
        // Too late to be noticed before the API is asked.
        fs::remove_dir_all(place.get().unwrap()).unwrap();
        Act::Send(has("tr_new"))
    });
    let setup = before(&upstream);
    keys.set(setup.path("keys")).unwrap();
    let (code, out, said) = run(&setup, "rotate", &[]);
    assert_eq!((code, out.as_str()), (1, "tr_new\n"), "{said}");
    assert!(said.contains("the new key is the line on standard output"), "{said}");
    assert!(!said.contains("tr_new"), "{said}");
}

#[test]
fn what_cannot_be_rotated_is_refused_before_anything_is_asked() {
    let upstream = Upstream::unwanted();
    let at = upstream.address;
    let setup = before(&upstream);
    let (code, _, said) = run(&setup, "rotate", &["--account=x"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--account=x is no TapRain account; there are: t"), "{said}");
    let setup = setup.with_file("cookie", "a=b\nc=d");
    let (code, _, said) = run(&setup, "rotate", &[]);
    assert!(code == 2 && said.contains("holds a line break"), "{said}");
    let yaml = format!("taprain: [{{account: t, api_key_env: KEY, base_url: 'http://{at}'}}]\n");
    let setup = setup.with_file("revenue-exporter.yaml", &yaml);
    let (code, _, said) = run(&setup, "rotate", &[]);
    assert!(code == 2 && said.contains("environment variable KEY, which no program can"), "{said}");
    fs::remove_file(setup.path("cookie")).unwrap();
    let (code, _, said) = run(&setup, "show", &[]);
    assert!(code == 2 && said.contains("cannot read the cookie in"), "{said}");
    let missing = command(&["taprain-key", "rotate"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert_eq!(upstream.requests(), [""; 0]);
}
