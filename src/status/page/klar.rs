//! Klar's channels.

use maud::{Markup, html};

use super::cells::{age, cell};
use crate::status::account::Account;
use crate::status::attribution::{Attribution, Sums};
use crate::status::words::{amount, count};

/// Every view's channels, the view that stands for the account first.
pub(super) fn channels(account: &Account) -> Markup {
    html! {
        @if account.attribution.is_empty() {
            p { "There are no figures that may be shown." }
        }
        div.lists {
            @for view in &account.attribution { (table(view, &account.currency)) }
        }
    }
}

fn table(view: &Attribution, currency: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label={ "Channels of " (view.view) ", " (range(&view.range)) } {
            table {
                caption {
                    (view.view) ", " (range(&view.range)) " "
                    small {
                        (view.model) ", " (view.attribution_window) ", in " (currency) ", "
                        (age(Some(view.data_age_seconds))) " old"
                    }
                }
                thead { tr {
                    th scope="col" { "Channel" }
                    th.n scope="col" { "Orders" } th.n scope="col" { "Net revenue" }
                    th.n scope="col" { "Cost" } th.n scope="col" { "ROAS" }
                } }
                tbody {
                    @for channel in view.channels.iter().chain(&view.other) {
                        tr { th scope="row" { (channel.name) } (sums(&channel.sums)) }
                    }
                    @if let Some(rest) = &view.rest {
                        tr { th scope="row" { (rest.members) " more" } (sums(&rest.sums)) }
                    }
                    @if let Some(total) = &view.total {
                        tr.sum { th scope="row" { "All channels" } (sums(total)) }
                    }
                }
            }
            @if view.channels.is_empty() { p.soft { "No orders yet." } }
        }
    }
}

fn sums(sums: &Sums) -> Markup {
    html! {
        (cell(sums.orders, count)) (cell(sums.net_revenue, amount)) (cell(sums.cost, amount))
        (cell(sums.roas_ratio, |roas| format!("{roas:.2}")))
    }
}

/// The range as people say it.
fn range(range: &str) -> &str {
    match range {
        "7days" => "7 days",
        "30days" => "30 days",
        other => other,
    }
}
