//! The face: what is known, for people and for programs that ask for JSON.
//!
//! [`Status`] is made from one generation of the board, so that no figure of it contradicts `/metrics`
//! of the same generation, and is pure: `now` is in its [`Facts`]. [`page`] shows it to people.

pub mod account;
pub mod attribution;
pub mod columns;
pub mod page;
pub mod sheet;
pub mod spending;
pub mod today;
pub mod top;
pub mod total;
pub mod verdict;
pub mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::board::Generation;
use crate::clock::Moment;
use crate::exposition::own::ReloadState;
use crate::model::Api;
use crate::telemetry::Telemetry;
use account::Account;
use total::Total;
use verdict::Verdict;

/// The version of the JSON's meaning: it grows when a field goes or means something else, and stays
/// when one is added.
pub const VERSION: u32 = 1;

/// How many rows of a list are shown; the others are added up.
pub const TOP: usize = 10;

/// What a status is made from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What is known.
    pub generation: &'a Generation,
    /// What was counted, and what failed.
    pub telemetry: &'a Telemetry,
    /// [`Telemetry::changes`] before anything of it was read.
    pub changes: u64,
    /// What time it is.
    pub now: Moment,
    /// The exporter's version.
    pub version: &'static str,
    /// When the exporter began.
    pub started: Timestamp,
    /// How the last reading of the configuration went.
    pub reload: ReloadState,
    /// What the exporter's user should know and mend.
    pub warnings: Vec<Warning>,
}

/// Whose figures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail<'a> {
    /// Nobody's: states, totals and today's sums only.
    Brief,
    /// Everybody's.
    Full,
    /// This account's alone; others are left out altogether.
    Of(Api, &'a str),
}

/// Everything the status page shows.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// [`VERSION`].
    pub version: u32,
    /// The number of the board's generation; begins anew with the exporter.
    pub generation: u64,
    /// Another text where anything but the time has changed.
    pub revision: String,
    /// The exporter.
    pub exporter: Exporter,
    /// Whether the money is coming in.
    pub money: Verdict,
    /// Whether the figures can be trusted.
    pub trust: Verdict,
    /// What to mend about the exporter itself.
    pub warnings: Vec<Warning>,
    /// Today's sums by API and currency; different ones are never added up.
    pub totals: Vec<Total>,
    /// In the configuration's order, TapRain first.
    pub accounts: Vec<Account>,
}

/// What the status says of the program.
#[derive(Clone, Debug, Serialize)]
pub struct Exporter {
    /// Its version.
    pub version: &'static str,
    /// Unix seconds.
    pub started_timestamp_seconds: f64,
    /// Unix seconds; every age and wait counts from here.
    pub now_timestamp_seconds: f64,
    /// What `/-/ready` says.
    pub ready: bool,
    /// Whether the configuration that was read last was accepted.
    pub config_last_reload_successful: bool,
    /// Unix seconds: when one was accepted last.
    pub config_last_reload_success_timestamp_seconds: f64,
    /// Whether state was kept the last time; absent where none is to be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_kept: Option<bool>,
}

/// Something the exporter's user should know and mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// A word that stays the same, for programs: `config_reload_failed`.
    pub id: &'static str,
    /// What is the matter and what to do, for people.
    pub text: String,
}

impl Status {
    /// What `facts` come to.
    pub fn of(facts: &Facts<'_>, detail: Detail<'_>) -> Self {
        let parts = &facts.generation.snapshot.accounts;
        let is_wanted = |api: Api, name: &str| match detail {
            Detail::Of(of, account) => api == of && name == account,
            Detail::Brief | Detail::Full => true,
        };
        let wanted = parts.iter().filter(|part| is_wanted(part.api, &part.account));
        let accounts: Vec<Account> =
            wanted.map(|part| Account::of(part, facts, detail != Detail::Brief)).collect();
        let (money, trust) = (verdict::money(&accounts), verdict::trust(&accounts));
        Self {
            version: VERSION,
            generation: facts.generation.number,
            revision: revision(facts),
            exporter: Exporter::of(facts),
            money,
            trust,
            warnings: facts.all_warnings(),
            totals: total::totals(&accounts),
            accounts,
        }
    }
}

impl Exporter {
    fn of(facts: &Facts<'_>) -> Self {
        let parts = &facts.generation.snapshot.accounts;
        Self {
            version: facts.version,
            started_timestamp_seconds: seconds(facts.started),
            now_timestamp_seconds: seconds(facts.now.wall),
            ready: parts.iter().all(|part| part.state.is_some() && !part.broken),
            config_last_reload_successful: facts.reload.successful,
            config_last_reload_success_timestamp_seconds: seconds(facts.reload.at),
            state_kept: facts.telemetry.state_kept(),
        }
    }
}

impl Facts<'_> {
    /// Those of the server, and those that the facts themselves show.
    fn all_warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.clone();
        if !self.reload.successful {
            let text = "The configuration was changed and could not be read; the one before is in \
                        force. The log says what is wrong with it."
                .to_owned();
            warnings.push(Warning { id: "config_reload_failed", text });
        }
        if self.telemetry.state_kept() == Some(false) {
            let text = "State cannot be saved, so only half of each budget is spent. Look at the \
                        state directory's disk and permissions."
                .to_owned();
            warnings.push(Warning { id: "state_not_kept", text });
        }
        warnings
    }
}

fn revision(facts: &Facts<'_>) -> String {
    let started = facts.started.as_millisecond();
    let reload = facts.reload.at.as_millisecond();
    let (number, changes) = (facts.generation.number, facts.changes);
    format!("{started:x}-{number:x}-{changes:x}-{reload:x}-{}", u8::from(facts.reload.successful))
}

/// A span in seconds, to the millisecond.
fn span(of: Duration) -> f64 {
    (of.as_secs_f64() * 1000.0).round() / 1000.0
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
