//! `/`: the status page.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};

use super::face::{self, Coded, Face, Show};
use super::reply::{self, Reply};
use super::site::Site;
use super::status::{coded, refused, unknown};
use crate::status::page::{self, Kind};

const HTML: &str = "text/html; charset=utf-8";

/// The page of all accounts, or of the one that `query` names.
pub async fn answer(site: &Arc<Site>, query: Option<&str>, headers: &HeaderMap) -> Reply {
    let show = match Show::read(query) {
        Some(one @ Show::One(..)) => one,
        // Links to `/` may carry what others have added.
        Some(_) => Show::Page,
        None => return refused(),
    };
    let write: fn(&Face, &Site) -> Arc<Coded> = match show {
        Show::One(..) => |face, site| written(face, site, Kind::One),
        _ => |face, site| written(face, site, Kind::All),
    };
    match face::look(site, show, write).await {
        Some(text) => guarded(coded(&text, HTML, headers)),
        None => unknown(&site.telemetry_path),
    }
}

fn written(face: &Face, site: &Site, kind: Kind) -> Arc<Coded> {
    face.page(|status| page::document(status, kind, &site.telemetry_path))
}

/// A page runs nothing but its own script, speaks to nobody else and stands in nobody's frame.
fn guarded(mut reply: Reply) -> Reply {
    let Ok(policy) = HeaderValue::from_str(&page::POLICY) else { return reply::broken() };
    let headers = reply.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}
