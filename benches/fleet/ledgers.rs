//! The hour before: every TapRain account has spent all of its budget evenly, each at its own phase, so
//! that the ledgers are as long as they get and each of them opens at its own time.

use std::fs;
use std::path::Path;
use std::time::Duration;

use revenue_exporter::clock::Clock;

use crate::record::{Record, TAPRAIN, TERMS};

/// Writes the ledgers and notes their requests. Klar's window is so short that it fills by itself.
pub fn write_hour(state: &Path, clock: &Clock, record: &Record) {
    let terms = &TERMS[TAPRAIN];
    let mut rng = fastrand::Rng::with_seed(6);
    // Files take their time, and nothing of it shall have opened before the program starts.
    let start = clock.tick() + Duration::from_secs(20);
    for account in 0..record.accounts(TAPRAIN) {
        let phase = terms.interval().mul_f64(rng.f64());
        let mut requests = Vec::with_capacity(terms.requests);
        let now = clock.moment();
        for place in 0..terms.requests {
            let behind = terms.interval() * u32::try_from(place).unwrap();
            let at = start - terms.hold + phase + behind;
            // One that lies ahead is on its way still, which is as good as answered then.
            record.note(TAPRAIN, account, at, at);
            let ago = millis(now.tick.since_start()) - millis_up(at.since_start());
            requests.push((7_u64, place, ago, ago, Some(ago)));
        }
        let boot = clock.boot();
        let content = serde_json::json!({
            "saved": {"boot": boot, "tick_ms": millis(now.tick.since_start()), "wall": now.wall},
            "closed": true, "quiet_until": millis(now.tick.since_start()), "requests": requests,
        });
        let content = content.to_string();
        let sum = crc32fast::hash(content.as_bytes());
        let folder = state.join(format!("state/taprain.t{account:05}"));
        fs::create_dir_all(&folder).unwrap();
        let file = format!("revenue-exporter ledger 1 {sum:08x}\n{content}");
        fs::write(folder.join("ledger"), file).unwrap();
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

/// As the program rounds: no request comes back earlier than it was.
fn millis_up(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap()
}
