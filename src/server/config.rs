//! `/config`: the effective configuration, secrets masked.

use http::StatusCode;

use super::reply::{self, Reply};
use super::site::Site;

/// The configuration in force.
pub fn answer(site: &Site) -> Reply {
    reply::plain(StatusCode::OK, site.loaded.load().text.to_string())
}
