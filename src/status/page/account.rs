//! One account's part of the page.

use maud::{Markup, html};

use super::cells::{age, vendor, wait};
use super::overview::{key, state};
use super::{budget, klar, taprain};
use crate::status::account::Account;

/// All there is to see of an account.
pub(super) fn article(account: &Account) -> Markup {
    html! {
        article.card aria-label=(key(account)) {
            div.head {
                h2 { (account.account) " " small { (vendor(account)) ", " (account.timezone) } }
                p { (state(account)) }
                p.soft {
                    @if account.data_age_seconds.is_some() {
                        "Newest data " (age(account.data_age_seconds)) " old"
                    } @else {
                        "No data yet"
                    }
                    ", next fetch "
                    (wait(account.next_fetch_seconds))
                }
            }
            @if account.api == "taprain" { (taprain::today(account)) } @else { (klar::channels(account)) }
            (budget::section(account))
            (budget::failures(account))
        }
    }
}
