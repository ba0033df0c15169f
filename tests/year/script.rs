//! What happens to the APIs and to the exporter's machine, drawn from a seed.

use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, ToSpan};
use revenue_exporter::demo::switches::{Fault, QuotaHeaders, RetryAfter};
use revenue_exporter::model::Api;

use super::plan::Plan;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Clone, Copy, Debug)]
pub enum What {
    Begin(Api, Trouble),
    End(Api, Trouble),
    /// The figures lag so many minutes from now on.
    Lag(Api, u16),
    /// A new key; its file is written before the old one dies.
    Rotate(Api),
    /// Klar's access tokens die early (trap K9).
    ForgetTokens,
    /// Whether TapRain says how much of the limit is left, and in which headers.
    Advice(bool, Option<QuotaHeaders>),
    /// The exporter ends, killed or told to, and begins again.
    Restart {
        killed: bool,
    },
    /// The clock of the exporter's machine is moved.
    Step(SignedDuration),
}

/// Why an API gives no figures for a while.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    Storm(Option<RetryAfter>),
    Ill(Fault),
    Suspended,
    Cut,
    /// A new key whose file is late (trap T16).
    KeyLost,
}

/// What a storm advises.
pub const STORM_ADVICE: Duration = Duration::from_secs(150);

const APIS: [Api; 2] = [Api::TapRain, Api::Klar];

/// Every event of `plan`, in order of time.
pub fn script(plan: &Plan) -> Vec<Event> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut events = Vec::new();
    for (api, zone) in APIS.into_iter().zip(plan.zones) {
        troubles(plan, api, zone, &mut rng, &mut events);
        let lags = if api == Api::Klar { [0, 5, 20, 45, 90] } else { [0, 0, 1, 4, 25] };
        now_and_then(plan, 3 * plan.calm_hours / 2, &mut rng, &mut events, |rng| {
            What::Lag(api, lags[rng.usize(..lags.len())])
        });
        now_and_then(plan, 8 * plan.calm_hours, &mut rng, &mut events, |_| What::Rotate(api));
    }
    now_and_then(plan, 2 * plan.calm_hours, &mut rng, &mut events, |_| What::ForgetTokens);
    now_and_then(plan, 6 * plan.calm_hours, &mut rng, &mut events, advice);
    let moments = |count: usize, rng: &mut Rng| -> Vec<Timestamp> {
        (0..count).map(|_| later(plan.start, rng.u64(1..seconds(plan)))).collect()
    };
    for at in moments(plan.restarts, &mut rng) {
        events.push(Event { at, what: What::Restart { killed: rng.bool() } });
    }
    for at in moments(plan.steps, &mut rng) {
        // Somebody sets the clock wrong, and after minutes or hours somebody notices.
        let (by, noticed) = (step(&mut rng), later(at, rng.u64(30..12 * 3600)));
        events.push(Event { at, what: What::Step(by) });
        events.push(Event { at: noticed, what: What::Step(-by) });
    }
    events.sort_by_key(|event| event.at);
    events
}

/// One trouble after another, some of them over midnight, and some for a whole day.
fn troubles(plan: &Plan, api: Api, zone: &str, rng: &mut Rng, events: &mut Vec<Event>) {
    let mut at = later(plan.start, 3600 * rng.u64(2..plan.calm_hours));
    while at < plan.end {
        let mut begin = at;
        if rng.u8(..4) == 0 {
            let zoned = at.in_tz(zone).unwrap().tomorrow().unwrap().start_of_day().unwrap();
            begin = zoned.timestamp() - SignedDuration::from_secs(rng.i64(1..900));
        }
        let trouble = trouble(rng);
        let whole_day = matches!(trouble, Trouble::Ill(Fault::Html)) && rng.bool();
        let lasts = if whole_day { 24 * 3600 } else { rng.u64(90..3 * 3600) };
        let end = later(begin, lasts);
        events.push(Event { at: begin, what: What::Begin(api, trouble) });
        events.push(Event { at: end, what: What::End(api, trouble) });
        at = later(end, 1800 * rng.u64(1..4 * plan.calm_hours));
    }
}

fn trouble(rng: &mut Rng) -> Trouble {
    let all = [
        Trouble::Storm(None),
        Trouble::Storm(Some(RetryAfter::Seconds)),
        Trouble::Storm(Some(RetryAfter::HttpDate)),
        Trouble::Ill(Fault::Html),
        Trouble::Ill(Fault::ServerError),
        Trouble::Ill(Fault::BadGateway),
        Trouble::Ill(Fault::ApiError),
        Trouble::Suspended,
        Trouble::Cut,
        Trouble::KeyLost,
    ];
    all[rng.usize(..all.len())]
}

fn advice(rng: &mut Rng) -> What {
    let headers = [None, Some(QuotaHeaders::RateLimit), Some(QuotaHeaders::XRateLimit)];
    What::Advice(rng.bool(), headers[rng.usize(..3)])
}

/// Seconds, minutes, hours or a day, forth or back.
fn step(rng: &mut Rng) -> SignedDuration {
    let size = [2, 90, 1_800, 3_600, 7_200, 86_400][rng.usize(..6)];
    SignedDuration::from_secs(if rng.bool() { size } else { -size })
}

/// Something every `hours` on average.
fn now_and_then(
    plan: &Plan,
    hours: u64,
    rng: &mut Rng,
    events: &mut Vec<Event>,
    what: impl Fn(&mut Rng) -> What,
) {
    let mut at = later(plan.start, rng.u64(60..3600 * hours));
    while at < plan.end {
        events.push(Event { at, what: what(rng) });
        at = later(at, rng.u64(600..2 * 3600 * hours));
    }
}

fn seconds(plan: &Plan) -> u64 {
    plan.end.duration_since(plan.start).unsigned_abs().as_secs()
}

fn later(at: Timestamp, seconds: u64) -> Timestamp {
    at + i64::try_from(seconds).unwrap().seconds()
}
