//! Which accounts are this process' own, when several share one configuration.
//!
//! Rendezvous hashing: every shard draws a number for every account, and the highest has it. A shard that is added
//! draws for all, and so takes its part of each other's accounts; among the others nothing moves. Nobody has to be
//! asked and nothing kept: whoever knows the accounts' names and the number of shards comes to the same answer.
//!
//! An account is one credential: the configuration refuses two of one API with the same secret before this divides
//! them, so that no budget is spent by two shards.

use std::fmt;
use std::str::FromStr;

use crate::model::Api;
use crate::model::settings::{Account, Settings};

/// FNV-1a's offset basis and prime for 64 bits.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Two to the 64th over the golden ratio: the step of SplitMix64, whose states are as far from each other as can be.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One of so many shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u16,
    of: u16,
}

/// What a shard has of the configured accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose it is.
    pub shard: Shard,
    /// How many accounts are its own.
    pub accounts: usize,
    /// How many are configured.
    pub of: usize,
}

impl Shard {
    /// Far more shards than one configuration has use for: one exporter holds thousands of accounts.
    pub const MOST: u16 = 1024;

    /// Shard `index`, counted from 0, `of` so many; `None` unless `index < of <= `[`Shard::MOST`].
    pub fn new(index: u16, of: u16) -> Option<Self> {
        (index < of && of <= Self::MOST).then_some(Self { index, of })
    }

    /// Whether the account of this name is this shard's. Of all shards that are as many, exactly one says so.
    pub fn owns(self, api: Api, account: &str) -> bool {
        owner(api, account, self.of) == self.index
    }

    /// Leaves in `settings` the accounts that are this shard's, in their order.
    pub fn keep(self, settings: &mut Settings) -> Share {
        let count = |settings: &Settings| settings.taprain.len() + settings.klar.len();
        let owns = |api, account: &Account| self.owns(api, &account.name);
        let of = count(settings);
        settings.taprain.retain(|account| owns(Api::TapRain, &account.common));
        settings.klar.retain(|account| owns(Api::Klar, &account.common));
        Share { shard: self, accounts: count(settings), of }
    }
}

/// The index of the shard that has the account, of `shards` that there are.
///
/// Never to change: another answer moves accounts away from their ledgers, figures and history.
fn owner(api: Api, account: &str, shards: u16) -> u16 {
    let seed = fnv1a(api.as_str(), account);
    let mut best = (0, 0);
    for shard in 0..shards {
        // SplitMix64 with the account as its seed: the shard's number is the one after `shard` others.
        let drawn = mixed(seed.wrapping_add(GOLDEN.wrapping_mul(u64::from(shard) + 1)));
        // Of two that draw the same the first has it.
        if drawn > best.0 {
            best = (drawn, shard);
        }
    }
    best.1
}

/// FNV-1a of `api/account`; no name of an API has a slash, so that no two accounts read the same.
fn fnv1a(api: &str, account: &str) -> u64 {
    let bytes = api.bytes().chain([b'/']).chain(account.bytes());
    bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// What SplitMix64 makes of its state: every bit depends on every other.
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

impl FromStr for Shard {
    type Err = String;

    /// As it is typed: `0/3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            // A sign would do for `parse`.
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<u16>().ok()).flatten()
        };
        let typed =
            text.split_once('/').and_then(|(index, of)| Some((number(index)?, number(of)?)));
        typed.and_then(|(index, of)| Self::new(index, of)).ok_or_else(|| {
            format!(
                "write which shard of how many, like 0/3, 1/3 and 2/3: they count from 0, and there are at most {}",
                Self::MOST
            )
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests;
