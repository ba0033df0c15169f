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
    Ok(Loaded { settings, warnings: warnings.collect() })
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    bounded::read(path, LONGEST_FILE).map_err(|error| {
        let reason = credential::plain(&error);
        Fault::whole(format!("cannot read the configuration: {reason}; check --config.file"))
    })
}
