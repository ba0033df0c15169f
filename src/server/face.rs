//! The last status that was made, as JSON and as a page, for all who ask before anything changes.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::site::Site;
use crate::board::Generation;
use crate::clock::Tick;
use crate::exposition::own::ReloadState;
use crate::model::Api;
use crate::status::{Detail, Facts, Status};

/// How old ages, waits and ledgers may be.
const AGE: Duration = Duration::from_secs(1);

/// The last of each kind.
#[derive(Debug)]
pub struct Faces {
    started: Timestamp,
    brief: ArcSwapOption<Kept>,
    full: ArcSwapOption<Kept>,
}

impl Faces {
    /// None yet, of an exporter that began at `started`.
    pub fn new(started: Timestamp) -> Self {
        Self { started, brief: ArcSwapOption::empty(), full: ArcSwapOption::empty() }
    }
}

/// A status and its texts, each made when it is first asked for.
#[derive(Debug)]
pub struct Face {
    /// What it shows.
    pub status: Status,
    json: OnceLock<Arc<Coded>>,
    page: OnceLock<Arc<Coded>>,
}

/// A text, plain and compressed.
#[derive(Debug)]
pub struct Coded {
    plain: Bytes,
    packed: OnceLock<Bytes>,
}

/// A face, and for how long it may be shown.
#[derive(Debug)]
struct Kept {
    origin: (u64, u64, ReloadState),
    made: Tick,
    until: Tick,
    face: Arc<Face>,
}

/// What somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// As much as is good for as many accounts as there are.
    Page,
    /// No account's details.
    Brief,
    /// All there is.
    Full,
    /// One account.
    One(Api, String),
}

impl Show {
    /// What a query of `/api/v1/status` asks for; `None` where it is not understood.
    pub(super) fn read(query: Option<&str>) -> Option<Self> {
        let (mut api, mut account, mut detail) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "api" => api = Some(value),
                "account" => account = Some(value),
                "detail" => detail = Some(value),
                // Others may be a proxy's.
                _ => {}
            }
        }
        match (api.as_deref(), account, detail.as_deref()) {
            (None, None, None | Some("full")) => Some(Self::Full),
            (None, None, Some("none")) => Some(Self::Brief),
            (Some(api), Some(account), None | Some("full")) => {
                let of = [Api::TapRain, Api::Klar].into_iter().find(|of| of.as_str() == api)?;
                Some(Self::One(of, account.into_owned()))
            }
            _ => None,
        }
    }
}

/// The text that `write` makes of what `show` asks for; `None` where that account is not there.
/// Making it takes milliseconds where there are many accounts, so that happens beside the tasks
/// that collect.
pub(super) async fn look(
    site: &Arc<Site>,
    show: Show,
    write: fn(&Face, &Site) -> Arc<Coded>,
) -> Option<Arc<Coded>> {
    let site = Arc::clone(site);
    let made = tokio::task::spawn_blocking(move || {
        let face = site.face(&show)?;
        Some(write(&face, &site))
    });
    made.await.ok().flatten()
}

impl Site {
    fn face(&self, show: &Show) -> Option<Arc<Face>> {
        let generation = self.board.current();
        let many = generation.snapshot.accounts.len() > crate::status::page::MANY;
        let (kept, detail) = match show {
            Show::One(api, account) => {
                let status = self.status(&generation, Detail::Of(*api, account));
                let is_known = !status.accounts.is_empty();
                return is_known.then(|| Arc::new(Face::new(status)));
            }
            Show::Brief => (&self.faces.brief, Detail::Brief),
            Show::Page if many => (&self.faces.brief, Detail::Brief),
            Show::Page | Show::Full => (&self.faces.full, Detail::Full),
        };
        let made = self.clock.tick();
        let origin = (generation.number, self.telemetry.changes(), self.loaded.load().reload);
        if let Some(kept) = kept.load().as_ref().filter(|kept| kept.serves(&origin, made)) {
            return Some(Arc::clone(&kept.face));
        }
        let face = Arc::new(Face::new(self.status(&generation, detail)));
        let until = dies(&generation, made).map_or(made + AGE, |dies| dies.min(made + AGE));
        kept.store(Some(Arc::new(Kept { origin, made, until, face: Arc::clone(&face) })));
        Some(face)
    }

    fn status(&self, generation: &Generation, detail: Detail<'_>) -> Status {
        let facts = Facts {
            generation,
            changes: self.telemetry.changes(),
            telemetry: &self.telemetry,
            now: self.clock.moment(),
            version: self.version,
            started: self.faces.started,
            reload: self.loaded.load().reload,
            warnings: super::status::warnings(self),
        };
        Status::of(&facts, detail)
    }
}

/// When the first of what is shown at `now` may be shown no longer.
fn dies(generation: &Generation, now: Tick) -> Option<Tick> {
    let slots = generation.snapshot.accounts.iter().flat_map(|part| &part.slots);
    let goods = slots.filter_map(|slot| slot.good.as_ref());
    goods.map(crate::snapshot::Good::dies).filter(|dies| *dies > now).min()
}

impl Kept {
    fn serves(&self, origin: &(u64, u64, ReloadState), now: Tick) -> bool {
        self.origin == *origin && self.made <= now && now < self.until
    }
}

impl Face {
    /// A face without its texts.
    pub(super) fn new(status: Status) -> Self {
        Self { status, json: OnceLock::new(), page: OnceLock::new() }
    }

    /// The JSON, which `write` makes.
    pub(super) fn json(&self, write: impl FnOnce(&Status) -> String) -> Arc<Coded> {
        Arc::clone(self.json.get_or_init(|| Arc::new(Coded::new(write(&self.status)))))
    }

    /// The page, which `write` makes.
    pub(super) fn page(&self, write: impl FnOnce(&Status) -> String) -> Arc<Coded> {
        Arc::clone(self.page.get_or_init(|| Arc::new(Coded::new(write(&self.status)))))
    }
}

impl Coded {
    fn new(text: String) -> Self {
        Self { plain: Bytes::from(text), packed: OnceLock::new() }
    }

    /// As it is.
    pub(super) fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// As one gzip member.
    pub(super) fn packed(&self) -> Bytes {
        self.packed.get_or_init(|| packed(&self.plain)).clone()
    }
}

fn packed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(plain);
    Bytes::from(encoder.finish().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_understood_or_refused() {
        let one = |name: &str| Some(Show::One(Api::Klar, name.to_owned()));
        for (query, show) in [
            (None, Some(Show::Full)),
            (Some("detail=none&utm=x"), Some(Show::Brief)),
            (Some("detail=full"), Some(Show::Full)),
            (Some("account=a%26b+c&api=klar"), one("a&b c")),
            (Some("api=klar"), None),
            (Some("account=a"), None),
            (Some("api=other&account=a"), None),
            (Some("detail=some"), None),
        ] {
            assert_eq!(Show::read(query), show, "{query:?}");
        }
    }
}
