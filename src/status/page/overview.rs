//! What is seen first: the two answers, and how each account stands.

use form_urlencoded::Serializer;
use maud::{Markup, html};

use super::REPOSITORY;
use super::cells::{age, cell, figure, mark, vendor, wait};
use crate::status::account::{Account, Level};
use crate::status::total::{self, Total};
use crate::status::verdict::Verdict;
use crate::status::words::{UNKNOWN, accounts as so_many, count, money};
use crate::status::{Status, Warning};

/// So many accounts that are not well stand open; the others are a click away.
const OPEN: usize = 50;

/// Is the money coming in, and can the figures be trusted.
pub(super) fn verdicts(status: &Status) -> Markup {
    html! {
        div.pair {
            (verdict("Money", &status.money))
            (verdict("Trust", &status.trust))
        }
    }
}

fn verdict(about: &str, verdict: &Verdict) -> Markup {
    html! {
        section.card.verdict.(verdict.level.as_str()) aria-label=(about) {
            h2 { (mark(verdict.level)) "\u{a0}" span data-state=(about) { (verdict.headline) } }
            p { (verdict.text) }
        }
    }
}

pub(super) fn warnings(warnings: &[Warning]) -> Markup {
    html! {
        div id="warnings" {
            @for warning in warnings {
                p.card.note { span.mark.warning aria-hidden="true" { "! " } (warning.text) }
            }
        }
    }
}

/// Few accounts, in the configuration's order.
pub(super) fn table(accounts: &[Account]) -> Markup {
    html! {
        div.card { (rows(accounts.iter(), "Accounts", false)) }
    }
}

/// Sums, where no single account's are shown.
pub(super) fn totals(totals: &[Total]) -> Markup {
    html! {
        section.card id="today" aria-labelledby="totals" {
            h2 id="totals" { "Today" }
            @for total in totals { (sums(total)) }
        }
    }
}

fn sums(total: &Total) -> Markup {
    let in_money = |value: f64| money(value, &total.currency);
    let name = if total.api == "taprain" { "TapRain" } else { "Klar" };
    let tile = |name: &str, value: Option<f64>, write: &dyn Fn(f64) -> String| {
        html! { @if value.is_some() { div { dt { (name) } dd { (figure(value, write)) } } } }
    };
    html! {
        h3 {
            (name) " in " (total.currency) " "
            small { (so_many(total.accounts)) @if total.missing > 0 { ", " (total.missing) " without figures" } }
        }
        dl.tiles {
            (tile("Revenue", total.revenue, &in_money))
            (tile("Usual by now", total.expected_revenue, &in_money))
            (tile("Leads", total.leads, &count))
            (tile("Clicks", total.clicks, &count))
            (tile("Attributed net revenue", total.net_revenue, &in_money))
            (tile("Cost", total.cost, &in_money))
            (tile("Orders", total.orders, &count))
        }
    }
}

/// Many accounts: the worst first, the well ones folded away.
pub(super) fn list(accounts: &[Account]) -> Markup {
    let mut sorted: Vec<&Account> = accounts.iter().collect();
    sorted.sort_by_key(|account| std::cmp::Reverse(account.level));
    let ill = sorted.iter().filter(|account| account.level != Level::Good).count();
    let (open, folded) = sorted.split_at(ill.min(OPEN));
    html! {
        section.card id="list" aria-labelledby="accounts" {
            h2 id="accounts" { "Accounts " small { (tally(accounts)) } }
            label hidden { "Show only " input id="filter" type="search" placeholder="part of a name" autocomplete="off"; }
            @if !open.is_empty() {
                (rows(open.iter().copied(), "To look at, the worst first", true))
            }
            @if !folded.is_empty() {
                details id="rest" {
                    summary { (so_many(folded.len())) " more" }
                    (rows(folded.iter().copied(), "The other accounts", true))
                }
            }
        }
    }
}

/// `497 good, 2 waiting, 1 bad`.
fn tally(accounts: &[Account]) -> String {
    let words = [
        (Level::Bad, "failing"),
        (Level::Warning, "with trouble"),
        (Level::Waiting, "waiting"),
        (Level::Good, "well"),
    ];
    let counted = words.into_iter().filter_map(|(level, word)| {
        let count = accounts.iter().filter(|account| account.level == level).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn rows<'a>(accounts: impl Iterator<Item = &'a Account>, caption: &str, linked: bool) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { "Account" }
                        th scope="col" { "State" }
                        th.n scope="col" { "Newest data" }
                        th.n.wide scope="col" { "Next fetch" }
                        th.n scope="col" { "Today" }
                        th.n.wide scope="col" { "Usual by now" }
                    }
                }
                tbody { @for account in accounts { (row(account, linked)) } }
            }
        }
    }
}

fn row(account: &Account, linked: bool) -> Markup {
    let name = html! { (account.account) " " span.soft { (vendor(account)) } };
    let (today, usual) = today(account);
    let in_money = |value: f64| money(value, &account.currency);
    let wanted = key(account).to_lowercase();
    html! {
        tr data-name=[linked.then_some(wanted)] {
            th scope="row" { @if linked { a href=(address(account)) { (name) } } @else { (name) } }
            td { (state(account)) }
            td.n { (age(account.data_age_seconds)) }
            td.n.wide { (wait(account.next_fetch_seconds)) }
            (cell(today, in_money))
            td.n.wide { (usual.map_or_else(|| UNKNOWN.to_owned(), in_money)) }
        }
    }
}

/// How an account stands, and where to read what to do about it.
pub(super) fn state(account: &Account) -> Markup {
    let runbook = match account.state {
        Some("unauthorized") => Some("RevenueCredentialRejected"),
        Some("forbidden") => Some("TapRainAccountSuspended"),
        Some("rate_limited") => Some("RevenueBudgetLow"),
        Some("unreachable") => Some("RevenueSourceStale"),
        Some("invalid") => Some("RevenueSchemaDrift"),
        _ => None,
    };
    html! {
        (mark(account.level)) "\u{a0}" span data-state=(key(account)) { (account.sentence) }
        @if let Some(runbook) = runbook {
            " " a href={ (REPOSITORY) "/docs/runbooks/" (runbook) ".md" } rel="noreferrer" { "What to do" }
        }
    }
}

/// What an account is known by among all.
pub(super) fn key(account: &Account) -> String {
    format!("{} {}", account.api, account.account)
}

/// Where its own page is.
fn address(account: &Account) -> String {
    let mut query = Serializer::for_suffix(String::from("/?"), 2);
    query.append_pair("api", account.api).append_pair("account", &account.account);
    query.finish()
}

/// Today's money, and what is usual.
fn today(account: &Account) -> (Option<f64>, Option<f64>) {
    if let Some(today) = total::today(account) {
        return (today.figures.revenue, today.expected.revenue);
    }
    let sums = total::attribution(account).and_then(|of| of.total.as_ref());
    (sums.and_then(|sums| sums.net_revenue), None)
}
