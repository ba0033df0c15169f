//! `/metrics`: one consistent page, in the format and coding the client wants.

use std::fmt;
use std::sync::Arc;

use http::header::{CONTENT_ENCODING, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use super::body::Chunks;
use super::reply::{self, Reply};
use super::site::Site;
use crate::clock::Tick;
use crate::exposition::ending::Origin;
use crate::exposition::negotiate::{self, Format};
use crate::exposition::own::{self, Own, ReloadState};
use crate::exposition::page;
use crate::exposition::press::Printed;

/// So many accounts' counts take a millisecond to write.
const MANY: usize = 100;

/// The page.
pub async fn answer(site: &Arc<Site>, headers: &HeaderMap) -> Reply {
    let (format, gzip) = (negotiate::format(headers), negotiate::gzip(headers));
    let now = site.clock.tick();
    let made = match printed(site, now, gzip).await {
        Ok(page) => bodied(site, page, now, (format, gzip)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(body) => respond(body, format, gzip),
        Err(error) => {
            tracing::error!(%error, "cannot make the page of metrics");
            reply::broken()
        }
    }
}

/// The vendors' part. Making a large one takes milliseconds, so that happens beside the tasks that
/// collect.
async fn printed(site: &Arc<Site>, now: Tick, gzip: bool) -> Result<Arc<Printed>, fmt::Error> {
    let ready = site.press.ready(&site.board, now);
    if let Some(page) = ready.filter(|page| !gzip || page.is_packed()) {
        return Ok(page);
    }
    let site = Arc::clone(site);
    let made = tokio::task::spawn_blocking(move || {
        let page = site.press.page(&site.board, now);
        if gzip {
            page.packed();
        }
        page
    });
    made.await.map_err(|_| fmt::Error)
}

/// The whole. What the exporter says of many accounts takes as long as what they say, and is made
/// beside the tasks that collect as well.
async fn bodied(
    site: &Arc<Site>,
    page: Arc<Printed>,
    now: Tick,
    how: (Format, bool),
) -> Result<Chunks, fmt::Error> {
    if page.generation.snapshot.accounts.len() < MANY {
        return body(site, &page, now, how);
    }
    let site = Arc::clone(site);
    let made = tokio::task::spawn_blocking(move || body(&site, &page, now, how));
    made.await.map_err(|_| fmt::Error)?
}

fn body(
    site: &Site,
    page: &Arc<Printed>,
    now: Tick,
    (format, gzip): (Format, bool),
) -> Result<Chunks, fmt::Error> {
    let reload = site.loaded.load().reload;
    let changes = site.telemetry.changes();
    let origin = Origin { page: (page.generation.number, page.at), changes, reload };
    let ending = site.endings.get(format, origin, now, || own(site, page, now, reload))?;
    let make = if gzip { page::packed } else { page::plain };
    Ok(make(page, &ending).into())
}

fn own(
    site: &Site,
    page: &Arc<Printed>,
    now: Tick,
    reload: ReloadState,
) -> Result<String, fmt::Error> {
    let own = Own {
        page: Arc::clone(page),
        budgets: own::budgets(page, now),
        counts: site.telemetry.counts(),
        version: site.version,
        reload,
        process: site.process.and_then(|process| process.usage()),
    };
    own.open_metrics()
}

fn respond(body: Chunks, format: Format, gzip: bool) -> Reply {
    let mut reply = reply::reply(StatusCode::OK, format.content_type(), body);
    let headers = reply.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    reply
}
