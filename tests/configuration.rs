//! Configuration files, good and bad: each bad one has its sentence beside it.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use revenue_exporter::check::plan_table;
use revenue_exporter::config::{ConfigError, Loaded, effective, load};
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::CredentialSource;

const BAD: &str = "tests/config/bad";
const GOOD: &str = "tests/config/good";

/// The environment of every test here.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "TAPRAIN_API_KEY" => "tr_from_the_environment",
        "SECOND_API_KEY" => "tr_another_from_the_environment",
        "KLAR_REFRESH_TOKEN" => "token-from-the-environment",
        "EMPTY" => "",
        "TWO_LINES" => "hunter2\nhunter3",
        _ => return None,
    };
    Some(value.to_owned())
}

fn read(path: impl AsRef<Path>) -> Result<Loaded, ConfigError> {
    load(path.as_ref(), &environment)
}

fn good(name: &str) -> Loaded {
    read(Path::new(GOOD).join(name)).unwrap()
}

fn yaml_files(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn t7_a_custom_range_covers_364_days_at_most() {
    let error = read(Path::new(BAD).join("custom-too-long-taprain.yaml")).unwrap_err();
    assert!(error.to_string().contains("at most 364"), "{error}");
}

#[test]
fn t14_a_filter_value_with_a_comma_is_refused() {
    let error = read(Path::new(BAD).join("filter-with-comma.yaml")).unwrap_err();
    assert!(error.to_string().contains("holds a comma"), "{error}");
}

#[test]
fn every_bad_file_is_refused_with_the_sentence_beside_it() {
    let mut wrong = Vec::new();
    for file in yaml_files(BAD) {
        let actual = match read(&file) {
            Ok(_) => "no error".to_owned(),
            Err(error) => error.to_string().replace(&format!("{BAD}/"), ""),
        };
        let expected = fs::read_to_string(file.with_extension("expected")).unwrap_or_default();
        if actual != expected.trim_end() {
            wrong.push(format!(
                "{}:\n  got  {actual}\n  want {}",
                file.display(),
                expected.trim_end()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sentence_is_one_line_with_its_file_and_no_secret() {
    for file in yaml_files(BAD) {
        let message = read(&file).unwrap_err().to_string();
        assert!(message.starts_with(file.to_str().unwrap()), "{message}");
        assert!(!message.contains('\n') && !message.contains("hunter"), "{message}");
    }
}

#[test]
fn every_good_file_is_taken_and_its_effective_form_means_the_same() {
    let directory = tempfile::tempdir().unwrap();
    for file in yaml_files(GOOD) {
        let loaded = read(&file).unwrap_or_else(|error| panic!("{error}"));
        let written = effective(&loaded.settings);
        let copy = directory.path().join("effective.yaml");
        fs::write(&copy, &written).unwrap();
        let again = read(&copy).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let (first, second) = (loaded.settings, again.settings);
        assert_eq!(format!("{first:?}"), format!("{second:?}"), "{written}");
        assert_eq!(effective(&second), written);
    }
}

#[test]
fn the_effective_configuration_names_the_places_of_secrets_and_no_secret() {
    let settings = good("full.yaml").settings;
    let written = effective(&settings);
    for account in settings.taprain.iter().map(|account| &account.common) {
        assert!(!written.contains(account.credential.secret.reveal()), "{written}");
    }
    assert!(written.contains("api_key_file: /") && written.contains("refresh_token_env: KLAR"));
}

#[test]
fn a_credential_made_by_the_program_is_a_comment() {
    let mut settings = good("taprain-only.yaml").settings;
    settings.taprain[0].common.credential.source = CredentialSource::Built;
    assert!(effective(&settings).contains("# api_key: built in"));
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let settings = good("taprain-only.yaml").settings;
    let account = &settings.taprain[0];
    assert_eq!(account.common.base_url, "https://taprain.com");
    assert_eq!(
        (&*account.common.timezone_name, &*account.common.currency),
        ("America/New_York", "USD")
    );
    assert_eq!(account.common.budget.allowance(), 540);
    assert_eq!((&*account.views[0].name, account.views[0].ranges.len()), ("all", 5));

    let settings = good("klar-only.yaml").settings;
    let account = &settings.klar[0];
    assert_eq!(account.common.base_url, "https://api.getklar.com");
    assert_eq!(
        (&*account.common.timezone_name, &*account.common.currency),
        ("Europe/Berlin", "EUR")
    );
    assert_eq!((&*account.views[0].name, account.views[0].ranges.len()), ("default", 4));
    assert_eq!(settings.collection.max_response, 128 * 1024 * 1024);
}

#[test]
fn part_of_a_budget_may_be_left_out() {
    let terms = good("partial-budget.yaml").settings.taprain[0].common.budget;
    assert_eq!((terms.requests.get(), terms.per.as_secs(), terms.reserve), (600, 3600, 0.5));
}

#[test]
fn a_custom_range_includes_both_of_its_dates() {
    let settings = good("full.yaml").settings;
    let custom = &settings.taprain[0].views[0].ranges[1].range;
    let Range::Custom { name, days } = custom else { panic!("{custom:?}") };
    assert_eq!((&**name, days.count()), ("black-friday", 4));
    assert_eq!(days.last().to_string(), "2026-11-30");
}

#[test]
fn paths_are_relative_to_the_file() {
    let settings = good("full.yaml").settings;
    let here = std::path::absolute(GOOD).unwrap();
    let source = &settings.taprain[0].common.credential.source;
    assert_eq!(*source, CredentialSource::File(here.join("taprain.key")));
    assert_eq!(settings.state_directory, Some(here.join("kept")));
}

#[test]
fn an_empty_state_directory_keeps_nothing() {
    assert_eq!(good("no-state.yaml").settings.state_directory, None);
    let here = std::path::absolute(GOOD).unwrap();
    assert_eq!(good("klar-only.yaml").settings.state_directory, Some(here.join("state")));
}

#[test]
fn plain_http_is_warned_of_unless_it_stays_on_the_host() {
    let warnings = good("plain-http.yaml").warnings;
    let expected = format!(
        "{GOOD}/plain-http.yaml:4:15: http://proxy.example is plain http: anyone on the way can \
         read the secret; use https"
    );
    assert_eq!(warnings, [expected]);
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_said_so() {
    let error = read("tests/config/none.yaml").unwrap_err().to_string();
    assert_eq!(
        error,
        "tests/config/none.yaml: cannot read the configuration: no such file or directory; check \
         --config.file"
    );
    let error = read("tests/config").unwrap_err().to_string();
    assert!(error.contains("is a directory"), "{error}");
}

#[test]
fn what_is_read_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let (file, key) = (directory.path().join("long.yaml"), directory.path().join("long.key"));
    fs::write(&file, "#".repeat(16 * 1024 * 1024 + 1)).unwrap();
    let error = read(&file).unwrap_err().to_string();
    assert!(error.ends_with("it has more than 16MiB; check --config.file"), "{error}");
    fs::write(&key, "k".repeat(64 * 1024 + 1)).unwrap();
    fs::write(&file, "taprain: [{account: main, api_key_file: long.key}]").unwrap();
    let error = read(&file).unwrap_err().to_string();
    assert!(error.ends_with("it has more than 64KiB; write the key alone into it"), "{error}");
    let error = read("/dev/zero").unwrap_err().to_string();
    assert!(error.contains("it is no regular file"), "{error}");
}

#[test]
fn the_vendor_over_plain_http_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plain.yaml");
    let account = "{account: main, api_key_env: TAPRAIN_API_KEY, base_url: http://taprain.com}";
    fs::write(&file, format!("taprain: [{account}]")).unwrap();
    let warnings = read(&file).unwrap().warnings;
    assert!(matches!(&*warnings, [one] if one.contains("plain http")), "{warnings:?}");
}

#[test]
fn the_plan_of_every_good_file_is_the_table_beside_it() {
    for file in yaml_files(GOOD) {
        let plan = plan_table(&read(&file).unwrap().settings, false);
        assert!(plan.lines().all(|line| line.chars().count() <= 100), "{plan}");
        assert!(plan.lines().all(|line| line.trim_end() == line), "{plan}");
        let expected = fs::read_to_string(file.with_extension("plan")).unwrap_or_default();
        assert_eq!(plan, expected, "{}:\n{plan}", file.display());
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let settings = good("over-budget.yaml").settings;
    let coloured = plan_table(&settings, true);
    let mut plain = String::new();
    for piece in coloured.split('\u{1b}') {
        plain.push_str(
            piece.split_once('m').filter(|(code, _)| code.starts_with('[')).map_or(piece, |p| p.1),
        );
    }
    assert_ne!(coloured, plain);
    assert_eq!(plain, plan_table(&settings, false));
}

proptest! {
    #[test]
    fn no_damaged_file_panics_or_shows_a_secret(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), ".{0,3}"), 1..6)
    ) {
        let mut text = fs::read_to_string(format!("{GOOD}/full.yaml")).unwrap();
        for (place, inserted) in &cuts {
            let at = text.floor_char_boundary(place.index(text.len()));
            let end = text.ceil_char_boundary((at + inserted.len()).min(text.len()));
            text.replace_range(at..end, inserted);
        }
        let directory = tempfile::tempdir().unwrap();
        fs::copy(format!("{GOOD}/taprain.key"), directory.path().join("taprain.key")).unwrap();
        let file = directory.path().join("damaged.yaml");
        fs::write(&file, &text).unwrap();
        if let Err(error) = read(&file) {
            let message = error.to_string();
            prop_assert!(!message.contains("tr_test") && message.lines().count() == 1, "{}", message);
        }
    }
}
