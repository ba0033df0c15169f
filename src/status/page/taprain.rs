//! TapRain's today: against what is usual, by hour, and from where.

use maud::{Markup, html};

use super::cells::{cell, figure};
use super::chart;
use crate::status::account::Account;
use crate::status::today::{Today, Window};
use crate::status::top::{Member, Top};
use crate::status::words::{amount, count, money, percent};

/// Today of the account's first view, and the others below it.
pub(super) fn today(account: &Account) -> Markup {
    let Some((first, others)) = account.today.split_first() else {
        return html! { p { "There are no figures of today that may be shown." } };
    };
    html! {
        (figures(account, first))
        div.lists {
            div {
                h3 { "Revenue by hour " small { "local; the latest is paler, for it may not be over" } }
                (chart::hours(&first.hours, &account.currency))
            }
            (windows(&first.windows))
        }
        div.lists {
            (top("Offers", "Offer", &first.offers, &account.currency))
            (top("Sources", "Source", &first.sources, &account.currency))
            (top("Countries", "Country", &first.countries, &account.currency))
        }
        @if !others.is_empty() { (views(others, &account.currency)) }
    }
}

fn figures(account: &Account, today: &Today) -> Markup {
    let in_money = |value: f64| money(value, &account.currency);
    let usual = &today.expected;
    let tile =
        |name: &str, value: Option<f64>, usual: Option<f64>, write: &dyn Fn(f64) -> String| {
            html! {
                div {
                    dt { (name) }
                    dd { (figure(value, write)) }
                    @if let Some(usual) = usual { dd.usual { "usual " (write(usual)) } }
                }
            }
        };
    html! {
        dl.tiles {
            (tile("Revenue today", today.figures.revenue, usual.revenue, &in_money))
            (tile("Leads", today.figures.leads, usual.leads, &|leads| count(leads.round())))
            (tile("Clicks", today.figures.clicks, usual.clicks, &|clicks| count(clicks.round())))
            (tile("Conversion (CVR)", today.figures.cvr_ratio, usual.baseline_cvr_ratio, &percent))
            (tile("Per click (EPC)", today.figures.epc, None, &|epc| format!("{epc:.4} {}", account.currency)))
        }
        @if let Some(revenue) = today.figures.revenue {
            @if usual.revenue.is_some() { (chart::bullet(revenue, usual, &account.currency)) }
            (key(today))
        }
    }
}

/// What the bullet's parts mean, in words.
fn key(today: &Today) -> Markup {
    let usual = &today.expected;
    html! {
        p.key {
            @match (usual.revenue, usual.revenue_low.zip(usual.revenue_high)) {
                (Some(expected), Some((low, high))) => {
                    "Bar: revenue. Line: " b { (amount(expected)) } " is usual by now. Band: "
                    b { (amount(low)) " to " (amount(high)) }
                    @if let Some(share) = usual.band_ratio { ", where " (percent(share)) " of quiet days lie" }
                    "."
                }
                (Some(expected), None) => { "Line: " b { (amount(expected)) } " is usual by now." }
                (None, _) => { "What is usual is not known yet: that takes three weeks of hours." }
            }
        }
    }
}

fn windows(windows: &[Window]) -> Markup {
    html! {
        @if !windows.is_empty() {
            div.scroll tabindex="0" role="group" aria-label="Last closed hours" {
                table {
                    caption { "Last closed hours" }
                    thead { tr {
                        th scope="col" { "Hours" }
                        th.n scope="col" { "Leads" } th.n scope="col" { "Usual" }
                        th.n scope="col" { "Revenue" } th.n scope="col" { "Usual" }
                    } }
                    tbody {
                        @for window in windows {
                            tr {
                                th.s scope="row" { (window.window) }
                                (cell(window.leads, count))
                                (cell(window.expected_leads, |leads| count(leads.round())))
                                (cell(window.revenue, amount))
                                (cell(window.expected_revenue, amount))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn top(caption: &str, head: &str, top: &Top, currency: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=(caption) {
            table {
                caption { (caption) " " small { "today, in " (currency) } }
                thead { tr {
                    th scope="col" { (head) }
                    th.n scope="col" { "Revenue" } th.n scope="col" { "Leads" } th.n scope="col" { "CVR" }
                } }
                tbody {
                    @for member in &top.rows { (row(member)) }
                    @if let Some(rest) = &top.rest {
                        tr {
                            th scope="row" { (rest.members) " more" }
                            (cell(rest.counts.revenue, amount)) (cell(rest.counts.leads, count)) td.n {}
                        }
                    }
                    @if let Some(other) = &top.other { (row(other)) }
                }
            }
            @if top.is_empty() { p.soft { "None yet." } }
        }
    }
}

fn row(member: &Member) -> Markup {
    html! {
        tr {
            th scope="row" { (member.name) }
            (cell(member.figures.revenue, amount)) (cell(member.figures.leads, count)) (cell(member.figures.cvr_ratio, percent))
        }
    }
}

fn views(views: &[Today], currency: &str) -> Markup {
    html! {
        details {
            summary { "Other views" }
            div.scroll tabindex="0" role="group" aria-label="Today by view" {
                table {
                    caption { "Today by view " small { "in " (currency) "; views overlap, so never add them up" } }
                    thead { tr {
                        th scope="col" { "View" }
                        th.n scope="col" { "Revenue" } th.n scope="col" { "Usual" } th.n scope="col" { "Leads" }
                        th.n scope="col" { "Clicks" } th.n scope="col" { "CVR" }
                    } }
                    tbody {
                        @for today in views {
                            tr {
                                th scope="row" { (today.view) }
                                (cell(today.figures.revenue, amount)) (cell(today.expected.revenue, amount))
                                (cell(today.figures.leads, count)) (cell(today.figures.clicks, count))
                                (cell(today.figures.cvr_ratio, percent))
                            }
                        }
                    }
                }
            }
        }
    }
}
