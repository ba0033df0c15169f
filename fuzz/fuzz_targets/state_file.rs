//! Any bytes as a state file, and any content in an envelope that fits: refused, or restored so that
//! nothing is silenced for longer than a day.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use revenue_exporter::budget::Opening;
use revenue_exporter::clock::Clock;
use revenue_exporter::collector::part;
use revenue_exporter::config::parse;
use revenue_exporter::model::settings::Subject;
use revenue_exporter::state::decode;

/// One account of each API.
const ACCOUNTS: &str =
    "taprain: [{account: t, api_key_env: A}]\nklar: [{account: k, refresh_token_env: B}]\n";

/// The furthest that a file may close a ledger: a day, an hour's window and its guard.
const LONGEST: Duration = Duration::from_secs(26 * 3600);

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let environment = |name: &str| Some(format!("secret-{name}"));
    let loaded = parse(ACCOUNTS.as_bytes(), Path::new("/nonexistent/a.yaml"), &environment);
    loaded.unwrap_or_else(|error| panic!("{error}")).settings.subjects()
});

fuzz_target!(|bytes: &[u8]| {
    decode::any(bytes);
    let clock = Clock::system();
    for boot in ["b-1", "simulated"] {
        let clock = clock.with_boot(boot);
        for subject in &*SUBJECTS {
            let mut part = part::new(subject);
            decode::restore(bytes, &clock, &mut part);
            let now = clock.tick();
            let opening = part.budget.lock().unwrap().opening(now);
            match opening {
                Opening::Now => {}
                Opening::At(tick) => assert!(tick.since(now) <= LONGEST, "{opening:?}"),
                Opening::AfterAnswer => panic!("waits for an answer that nobody will give"),
            }
        }
    }
});
