//! The two questions that the page answers first: is the money coming in, and can the figures be
//! trusted.

use std::fmt::Write as _;

use serde::Serialize;

use super::account::{Account, Level};
use super::attribution::Attribution;
use super::today::Today;
use super::total::{self, Total};
use super::words::{accounts as so_many, age, few, money as amount};

/// An answer in words.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// How it stands; `waiting` where it cannot be said yet.
    pub level: Level,
    /// The answer in a few words.
    pub headline: String,
    /// What it rests on.
    pub text: String,
}

/// Leads that are usual of the last three hours from which on their absence means something.
const MEANINGFUL: f64 = 10.0;

/// The hours that are looked at beside the day.
const LATELY: &str = "3h";

impl Verdict {
    fn new(level: Level, headline: &str, text: String) -> Self {
        Self { level, headline: headline.to_owned(), text }
    }
}

/// Whether the money is coming in: TapRain's revenue beside its band, or where there is no TapRain,
/// what Klar attributes.
pub(super) fn money(accounts: &[Account]) -> Verdict {
    let todays: Vec<(&Account, &Today)> =
        accounts.iter().filter_map(|account| Some((account, total::today(account)?))).collect();
    let totals = total::totals(accounts);
    let sums = revenue(&totals);
    let is_any = accounts.iter().any(|account| account.api == "taprain");
    if !is_any {
        return attributed(accounts, &totals);
    }
    if todays.is_empty() {
        let text = "No account has figures of today that may be shown.".to_owned();
        return Verdict::new(Level::Waiting, "Not known", text);
    }
    let dry = named(&todays, is_dry);
    let below = named(&todays, is_below);
    if !dry.is_empty() {
        let text = format!("{sums}. Nothing in the last three closed hours: {}.", few(&dry));
        return Verdict::new(Level::Bad, "No money is coming in", text);
    }
    if !below.is_empty() {
        let text = format!("{sums}. Below what quiet days bring by now: {}.", few(&below));
        let level = if below.len() == todays.len() { Level::Bad } else { Level::Warning };
        return Verdict::new(level, "Less money than usual", text);
    }
    if todays.iter().all(|(_, today)| today.expected.revenue_low.is_none()) {
        let text = format!("{sums}. What is usual is not known yet.");
        return Verdict::new(Level::Waiting, "Money today", text);
    }
    Verdict::new(Level::Good, "Money is coming in", format!("{sums}."))
}

fn named(todays: &[(&Account, &Today)], is: impl Fn(&Today) -> bool) -> Vec<String> {
    let of = todays.iter().filter(|(_, today)| is(today));
    of.map(|(account, _)| account.account.to_string()).collect()
}

fn is_below(today: &Today) -> bool {
    today.figures.revenue.zip(today.expected.revenue_low).is_some_and(|(is, low)| is < low)
}

/// Nothing came lately though it should have.
fn is_dry(today: &Today) -> bool {
    let lately = today.windows.iter().find(|window| window.window == LATELY);
    lately.is_some_and(|lately| {
        lately.revenue.is_some_and(|revenue| revenue <= 0.0)
            && lately.expected_leads.is_some_and(|leads| leads >= MEANINGFUL)
    })
}

/// `1,892.16 USD today, usual by now is 1,804.30 USD`, for each currency.
fn revenue(totals: &[Total]) -> String {
    let sums: Vec<String> = totals.iter().filter_map(one).collect();
    sums.join("; ")
}

fn one(total: &Total) -> Option<String> {
    let mut text = format!("{} today", amount(total.revenue?, &total.currency));
    // Writing to a String cannot fail.
    if let Some(expected) = total.expected_revenue {
        let _ = write!(text, ", usual by now is {}", amount(expected, &total.currency));
    }
    if total.missing > 0 {
        let _ = write!(text, ", without {}", so_many(total.missing));
    }
    Some(text)
}

fn attributed(accounts: &[Account], totals: &[Total]) -> Verdict {
    if accounts.is_empty() {
        let text = "No account is configured, so nothing is collected.".to_owned();
        return Verdict::new(Level::Waiting, "Nothing to collect", text);
    }
    let known: Vec<&Attribution> = accounts.iter().filter_map(total::attribution).collect();
    let sums = totals.iter().filter_map(|total| {
        Some(format!("{} attributed today", amount(total.net_revenue?, &total.currency)))
    });
    let sums = sums.collect::<Vec<_>>().join("; ");
    if known.is_empty() || sums.is_empty() {
        let text = "No account has figures of today that may be shown.".to_owned();
        return Verdict::new(Level::Waiting, "Not known", text);
    }
    Verdict::new(Level::Good, "Orders are attributed", format!("{sums}."))
}

/// Whether the figures can be trusted: every account answers, and is as fresh as it can be.
pub(super) fn trust(accounts: &[Account]) -> Verdict {
    let of = |level| accounts.iter().filter(move |account| account.level == level);
    let names = |level| {
        let name = |account: &Account| format!("{} {}", account.api, account.account);
        of(level).map(name).collect::<Vec<_>>()
    };
    let (bad, odd, waiting) = (names(Level::Bad), names(Level::Warning), names(Level::Waiting));
    let all = accounts.len();
    if accounts.is_empty() {
        return Verdict::new(Level::Waiting, "No figures", "There is nothing to trust.".to_owned());
    }
    if !bad.is_empty() {
        let verb = if bad.len() == 1 { "does" } else { "do" };
        let text = format!("{} of {all}: {} {verb} not get through.", bad.len(), few(&bad));
        let headline =
            if bad.len() == all { "Do not trust the figures" } else { "Trust only some figures" };
        return Verdict::new(Level::Bad, headline, text);
    }
    if !odd.is_empty() {
        let verb = if odd.len() == 1 { "has" } else { "have" };
        let text = format!("{} {verb} trouble; what is shown is as old as it says.", few(&odd));
        return Verdict::new(Level::Warning, "Trust the figures at their age", text);
    }
    if !waiting.is_empty() {
        let text = format!("Waiting for the first figures of {}.", few(&waiting));
        return Verdict::new(Level::Waiting, "Not all is known yet", text);
    }
    let ages = accounts.iter().filter_map(|account| account.data_age_seconds);
    let oldest = ages.fold(0.0, f64::max);
    let who = match all {
        1 => "The account answers".to_owned(),
        2 => "Both accounts answer".to_owned(),
        _ => format!("All {all} accounts answer"),
    };
    let text = format!("{who}; the newest figures of each are at most {} old.", age(oldest));
    Verdict::new(Level::Good, "The figures can be trusted", text)
}
