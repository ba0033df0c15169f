//! How the budget is spent, what that leaves for each range, and what failed.

use maud::{Markup, html};

use super::cells::{age, wait};
use super::chart;
use super::overview::key;
use crate::status::account::{Account, Mishap};
use crate::status::spending::{Budget, Planned};
use crate::status::words;

/// The budget in words and as a meter; the plan below it.
pub(super) fn section(account: &Account) -> Markup {
    let budget = &account.budget;
    html! {
        div.lists {
            div {
                h3 { "Budget " small { "of " (words::age(budget.window_seconds)) } }
                (chart::meter(budget.used_requests, budget.limit_requests))
                p.key {
                    b { (many(budget.used_requests)) } " of " (many(budget.limit_requests)) " requests used, "
                    b { (many(budget.remaining_requests)) } " left"
                    @if let Some(left) = budget.remaining_upstream_requests { ", " (many(left)) " by the API's own count" }
                    ". " (stretched(budget))
                }
            }
        }
        @if !account.plan.is_empty() { (plan(account)) }
    }
}

fn many(requests: u64) -> String {
    words::count(requests as f64)
}

fn stretched(budget: &Budget) -> String {
    let asked = words::count(budget.asked_requests_per_hour.round());
    let allowed = words::count(budget.allowed_requests_per_hour.round());
    if budget.stretch_ratio > 1.0 {
        let factor = budget.stretch_ratio;
        return format!(
            "The views ask for {asked} an hour and {allowed} are allowed, so every interval is \
             stretched {factor:.1} times."
        );
    }
    format!("The views ask for {asked} an hour, {allowed} are allowed: nothing is stretched.")
}

fn plan(account: &Account) -> Markup {
    html! {
        details {
            summary { "Plan" }
            div.scroll tabindex="0" role="region" aria-label={ "Plan of " (key(account)) } {
                table {
                    caption { "What is asked for, and how often" }
                    thead { tr {
                        th scope="col" { "View" } th scope="col" { "Range" }
                        th.n scope="col" { "Asked every" } th.n scope="col" { "Fetched every" }
                        th.n scope="col" { "Data" } th.n scope="col" { "Next" } th scope="col" { "Figures" }
                    } }
                    tbody { @for planned in &account.plan { (row(planned)) } }
                }
            }
        }
    }
}

fn row(planned: &Planned) -> Markup {
    let state = match (planned.shown, planned.up) {
        (true, Some(false)) => "shown, the last try failed",
        (true, _) => "shown",
        (false, None) => "not asked yet",
        (false, Some(true)) => "too old to be shown",
        (false, Some(false)) => "none, the last try failed",
    };
    html! {
        tr {
            td { (planned.view) } td { (planned.range) }
            td.n { (words::age(planned.asked_interval_seconds)) }
            td.n { (words::age(planned.refresh_interval_seconds)) }
            td.n { (age(planned.data_age_seconds)) }
            td.n { @if planned.next_fetch_seconds.is_some() { (wait(planned.next_fetch_seconds)) } @else { "now" } }
            td { (state) }
        }
    }
}

/// The newest first.
pub(super) fn failures(account: &Account) -> Markup {
    let now = account.now_timestamp_seconds;
    html! {
        @if !account.failures.is_empty() {
            details open[account.state != Some("ok")] {
                summary { "Recent failures" }
                div.scroll tabindex="0" role="region" aria-label={ "Recent failures of " (key(account)) } {
                    table {
                        caption { "Recent failures, the newest first" }
                        thead { tr {
                            th.n scope="col" { "Ago" } th.n scope="col" { "Times" }
                            th scope="col" { "Request" } th scope="col" { "What happened" }
                        } }
                        tbody { @for mishap in &account.failures { (mishap_row(mishap, now)) } }
                    }
                }
            }
        }
    }
}

fn mishap_row(mishap: &Mishap, now: f64) -> Markup {
    html! {
        tr {
            td.n { (age(Some(now - mishap.last_timestamp_seconds))) }
            td.n { (many(mishap.times)) }
            td { (mishap.endpoint) ", " (mishap.outcome) }
            td { (mishap.sentence) }
        }
    }
}
