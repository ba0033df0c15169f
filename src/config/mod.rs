//! The configuration: what was typed (`file`), what is meant (`meaning`), and what is wrong.
//!
//! Nothing here asks the process for its environment; whoever calls hands it in.

mod bounded;
mod credential;
mod currency;
pub mod defaults;
pub mod duration;
mod effective;
mod environment;
mod error;
mod file;
mod klar;
mod meaning;
mod nearest;
mod quantity;
mod ranges;
mod scalars;
#[cfg(test)]
mod schema;
mod taprain;
mod target;
pub mod web;
mod yaml;

use std::path::Path;

pub use effective::effective;
pub use environment::{KLAR_REFRESH_TOKEN, TAPRAIN_API_KEY, from_environment};
pub use error::ConfigError;
pub use quantity::format_percent;
pub use target::{KeyTarget, key_target};

use error::Fault;
use meaning::Surroundings;

use crate::model::settings::Settings;
use crate::shard::{Shard, Share};

/// A longer file is no configuration of ours.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// Looks an environment variable up.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What to do.
    pub settings: Settings,
    /// What is allowed but unwise, one sentence each, with its place; to be logged once.
    pub warnings: Vec<String>,
    /// Which part of what is configured the settings have; `None` is all of it.
    pub share: Option<Share>,
}

impl Loaded {
    /// Leaves only the accounts of `shard`. All were read and compared before: what one shard refuses, all refuse.
    #[must_use]
    pub fn of_shard(mut self, shard: Shard) -> Self {
        let part = shard.keep(&mut self.settings);
        if part.accounts == 0 {
            self.warnings.push(format!(
                "shard {shard} has none of the {} accounts and collects nothing; with so few, start fewer shards",
                part.of
            ));
        }
        Self { share: Some(part), ..self }
    }
}

/// Reads a configuration file and every secret it points to.
///
/// Paths in the file are relative to its directory.
///
/// # Errors
/// The first thing that is wrong, with its place and what to write instead. Never a secret.
pub fn load(path: &Path, env: Env<'_>) -> Result<Loaded, ConfigError> {
    let bytes = read(path).map_err(|fault| fault.in_file(path))?;
    parse(&bytes, path, env)
}

/// Reads the `bytes` of the configuration file `path`, and every secret they point to.
///
/// # Errors
/// As [`load`].
pub fn parse(bytes: &[u8], path: &Path, env: Env<'_>) -> Result<Loaded, ConfigError> {
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let mut around = Surroundings { base, env, warnings: Vec::new() };
    let settings = yaml::parse(bytes)
        .and_then(|file| meaning::settings(&file, &mut around))
        .map_err(|fault| fault.in_file(path))?;
    let warnings = around.warnings.into_iter().map(|fault| fault.in_file(path).to_string());
    Ok(Loaded { settings, warnings: warnings.collect(), share: None })
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    bounded::read(path, LONGEST_FILE).map_err(|error| {
        let reason = credential::plain(&error);
        Fault::whole(format!("cannot read the configuration: {reason}; check --config.file"))
    })
}
