//! Today's sums over accounts: by API, because an affiliate's revenue is not a shop's, and by currency.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::account::Account;
use super::attribution::Attribution;
use super::sheet::sum;
use super::today::Today;

/// The accounts of one API in one currency, each with its own today.
#[derive(Clone, Debug, Serialize)]
pub struct Total {
    /// The `api` label.
    pub api: &'static str,
    /// The `currency` label.
    pub currency: Arc<str>,
    /// How many accounts it is of.
    pub accounts: usize,
    /// How many more there are of which no figures can be shown, or no view stands for the whole.
    pub missing: usize,
    /// TapRain's clicks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// TapRain's leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<f64>,
    /// TapRain's revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<f64>,
    /// TapRain's usual revenue by now; absent unless it is known of all `accounts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_revenue: Option<f64>,
    /// Klar's orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<f64>,
    /// Klar's attributed net revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_revenue: Option<f64>,
    /// What Klar's channels cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Klar's net revenue for each unit of cost, where only one account makes it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roas_ratio: Option<f64>,
}

/// The today that stands for an account.
pub(crate) fn today(account: &Account) -> Option<&Today> {
    account.today.iter().find(|today| today.whole)
}

/// The attribution of today that stands for an account.
pub(crate) fn attribution(account: &Account) -> Option<&Attribution> {
    account.attribution.iter().find(|of| of.whole && of.range == "today")
}

/// Sums of `accounts`.
pub(super) fn totals(accounts: &[Account]) -> Vec<Total> {
    let mut groups: BTreeMap<(bool, &Arc<str>), Vec<&Account>> = BTreeMap::new();
    for account in accounts {
        let is_klar = account.api != "taprain";
        groups.entry((is_klar, &account.currency)).or_default().push(account);
    }
    groups.into_iter().map(|((_, currency), of)| total(currency, &of)).collect()
}

fn total(currency: &Arc<str>, of: &[&Account]) -> Total {
    let todays: Vec<&Today> = of.iter().filter_map(|account| today(account)).collect();
    let shops: Vec<_> =
        of.iter().filter_map(|account| attribution(account)?.total.as_ref()).collect();
    let accounts = todays.len() + shops.len();
    let all_expected = todays.iter().all(|today| today.expected.revenue.is_some());
    let expected = sum(todays.iter().map(|today| today.expected.revenue));
    let (net_revenue, cost) =
        (sum(shops.iter().map(|s| s.net_revenue)), sum(shops.iter().map(|s| s.cost)));
    let roas = if let [only] = &*shops { only.roas_ratio } else { None };
    Total {
        api: of.first().map_or("", |account| account.api),
        currency: Arc::clone(currency),
        accounts,
        missing: of.len() - accounts,
        clicks: sum(todays.iter().map(|today| today.figures.clicks)),
        leads: sum(todays.iter().map(|today| today.figures.leads)),
        revenue: sum(todays.iter().map(|today| today.figures.revenue)),
        expected_revenue: expected.filter(|_| all_expected),
        orders: sum(shops.iter().map(|shop| shop.orders)),
        net_revenue,
        cost,
        roas_ratio: roas,
    }
}
