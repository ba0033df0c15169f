//! Any bytes as a configuration file: one line that says what is wrong and no secret, or settings
//! whose effective form means the same.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use revenue_exporter::check::plan_table;
use revenue_exporter::config::{effective, parse};

/// The beginning of every variable's value.
const SECRET: &str = "hunter2-6f1c9a";

fuzz_target!(|bytes: &[u8]| {
    // The fuzzer reads the comparisons below: what it writes into the file itself is no secret.
    if bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        return;
    }
    let environment = |name: &str| Some(format!("{SECRET}-{name}"));
    // No such directory, so that a path in the file leads nowhere.
    let file = Path::new("/nonexistent/exporter.yaml");
    let settings = match parse(bytes, file, &environment) {
        Ok(loaded) => loaded.settings,
        Err(error) => {
            let error = error.to_string();
            assert!(!error.contains(SECRET) && !error.contains(char::is_control), "{error:?}");
            return;
        }
    };
    let written = effective(&settings);
    assert!(!written.contains(SECRET) && !plan_table(&settings, false).contains(SECRET));
    let again = parse(written.as_bytes(), file, &environment).map(|loaded| loaded.settings);
    let again = again.unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(format!("{again:?}"), format!("{settings:?}"), "{written}");
});
