//! What the API allows, what is spent of it, and what that leaves for each range.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::sheet::shown;
use super::{seconds, span};
use crate::budget::Opening;
use crate::clock::Tick;
use crate::snapshot::{AccountPart, Slot};

/// One credential's budget.
#[derive(Clone, Debug, Serialize)]
pub struct Budget {
    /// Requests the exporter allows itself in a window: the API's limit less the reserve.
    pub limit_requests: u64,
    /// Requests that still count.
    pub used_requests: u64,
    /// What is left of the limit.
    pub remaining_requests: u64,
    /// What the API said is left; absent until it said so in this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_upstream_requests: Option<u64>,
    /// The window's length in seconds.
    pub window_seconds: f64,
    /// Seconds that due requests have waited for the budget, in all.
    pub waited_seconds: f64,
    /// The factor by which every interval is stretched; 1 where the budget suffices.
    pub stretch_ratio: f64,
    /// Requests an hour that the views ask for.
    pub asked_requests_per_hour: f64,
    /// Requests an hour that the budget allows.
    pub allowed_requests_per_hour: f64,
}

/// What is planned for one (view, range).
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// The `view` label.
    pub view: Arc<str>,
    /// The `range` label.
    pub range: Arc<str>,
    /// The interval that was asked for, in seconds.
    pub asked_interval_seconds: f64,
    /// The interval that the budget allows, in seconds.
    pub refresh_interval_seconds: f64,
    /// Whether the last attempt gave figures; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    /// Whether its figures are shown: there are some, and they are not too old.
    pub shown: bool,
    /// Seconds since its last good answer arrived; absent until one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_age_seconds: Option<f64>,
    /// Unix seconds: when its last good answer arrived; absent until one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_timestamp_seconds: Option<f64>,
    /// Seconds until it is asked for again, at the earliest; absent while it is being asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_fetch_seconds: Option<f64>,
}

/// The account's budget at `now`.
pub(super) fn budget(part: &AccountPart, now: Tick) -> Budget {
    let ledger = part.budget.lock().unwrap_or_else(PoisonError::into_inner);
    let (reading, terms) = (ledger.reading(now), ledger.terms());
    Budget {
        limit_requests: reading.limit,
        used_requests: reading.used,
        remaining_requests: reading.remaining,
        remaining_upstream_requests: reading.upstream_remaining,
        window_seconds: terms.per.as_secs_f64(),
        waited_seconds: span(reading.waited),
        stretch_ratio: part.plan.stretch,
        asked_requests_per_hour: part.plan.asked_per_hour,
        allowed_requests_per_hour: part.plan.allowed_per_hour,
    }
}

/// How long until anything may be asked; zero where something is on its way.
pub(super) fn next_fetch(part: &AccountPart, now: Tick) -> Option<Duration> {
    // Nothing of it is scheduled before its collector has published.
    let wanted = part.slots.iter().filter_map(|slot| slot.next_due).min()?;
    Some(wanted.max(opens(part, now)).since(now))
}

/// Every (view, range) as it is planned.
pub(super) fn plan(part: &AccountPart, now: Tick) -> Vec<Planned> {
    let opens = opens(part, now);
    part.slots.iter().map(|slot| planned(slot, opens, now)).collect()
}

fn planned(slot: &Slot, opens: Tick, now: Tick) -> Planned {
    let age = slot.good.as_ref().map(|good| span(now.since(good.arrived)));
    Planned {
        view: Arc::clone(&slot.view),
        range: Arc::clone(&slot.range),
        asked_interval_seconds: slot.every.as_secs_f64(),
        refresh_interval_seconds: slot.interval.as_secs_f64(),
        up: slot.up,
        shown: shown(slot, now).is_some(),
        data_age_seconds: age,
        last_success_timestamp_seconds: slot.last_success.map(seconds),
        next_fetch_seconds: slot.next_due.map(|due| span(due.max(opens).since(now))),
    }
}

/// When the ledger lets the next request go.
fn opens(part: &AccountPart, now: Tick) -> Tick {
    let ledger = part.budget.lock().unwrap_or_else(PoisonError::into_inner);
    match ledger.opening(now) {
        Opening::Now | Opening::AfterAnswer => now,
        Opening::At(tick) => tick,
    }
}
