//! Web configuration files, good and bad: each bad one has its sentence beside it.

use std::fs;
use std::path::{Path, PathBuf};

use revenue_exporter::config::ConfigError;
use revenue_exporter::config::web::{Loaded, load};
use tempfile::TempDir;

use super::stage::directory;

const BAD: &str = "tests/web/config/bad";
const GOOD: &str = "tests/web/config/good";

/// Reads a file beside the certificates that it may name.
fn read(at: &TempDir, file: &Path) -> Result<Loaded, ConfigError> {
    let copy = at.path().join("web.yml");
    fs::copy(file, &copy).unwrap();
    load(&copy)
}

fn sentence(at: &TempDir, file: &Path) -> String {
    match read(at, file) {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.to_string().replace(&format!("{}/", at.path().display()), ""),
    }
}

fn yaml_files(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "yml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_bad_file_is_refused_with_the_sentence_beside_it() {
    let at = directory();
    let mut wrong = Vec::new();
    for file in yaml_files(BAD) {
        let actual = sentence(&at, &file);
        let expected = fs::read_to_string(file.with_extension("expected")).unwrap_or_default();
        if actual != expected.trim_end() {
            wrong.push(format!("{}:\n  got  {actual}\n  want {expected}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sentence_is_one_line_with_its_file_and_no_secret() {
    let at = directory();
    for file in yaml_files(BAD) {
        let text = sentence(&at, &file);
        let name = file.display();
        assert!(text.starts_with("web.yml:") && !text.contains('\n'), "{name}: {text}");
        for secret in ["planted", "Wm3sQ8m5nq0v1kYc0dX0hO", "PRIVATE", "$2y"] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
        assert!(text.contains("; ") || text.contains(", "), "{name} says what to do: {text}");
    }
}

#[test]
fn every_good_file_is_read_and_says_no_secret() {
    let at = directory();
    for file in yaml_files(GOOD) {
        let loaded = read(&at, &file).unwrap_or_else(|error| panic!("{error}"));
        let shown = format!("{loaded:?}");
        assert!(!shown.contains("$2y$"), "{}: {shown}", file.display());
    }
}

#[test]
fn what_is_unwise_is_warned_of() {
    let at = directory();
    let warnings = |name: &str| read(&at, &Path::new(GOOD).join(name)).unwrap().warnings.join("\n");
    assert!(warnings("users-cheap.yml").contains("web.yml:2:10: the hash of `alice` has cost 4"));
    assert!(warnings("sections-empty.yml").contains("`basic_auth_users` names nobody"));
    assert_eq!(warnings("users.yml") + &warnings("tls-strict.yml"), "");
}

#[test]
fn paths_are_relative_to_the_file() {
    let at = directory();
    let below = at.path().join("below");
    fs::create_dir(&below).unwrap();
    let yaml = "tls_server_config: {cert_file: ../server.crt, key_file: ../server.key}\n";
    fs::write(below.join("web.yml"), yaml).unwrap();
    assert!(load(&below.join("web.yml")).unwrap().rules.tls.is_some());
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_flag() {
    let error = load(Path::new("/nowhere/web.yml")).unwrap_err().to_string();
    let expected = "/nowhere/web.yml: cannot read the web configuration: no such file or \
                    directory; check --web.config.file";
    assert_eq!(error, expected);
}

#[test]
fn the_example_guards_everything() {
    let at = directory();
    let loaded = read(&at, Path::new("examples/web.yml")).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let rules = loaded.rules;
    assert!(rules.identifies() && rules.tls.is_some() && rules.limit.is_some());
    assert!(!rules.headers.is_empty());
}
