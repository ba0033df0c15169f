//! Every fault at once: one exporter, and for each fault an account of both APIs behind proxies of
//! their own. First all is well, then every proxy does its worst, then all is well again.

use std::time::Duration;

use revenue_exporter::clock::Clock;
use tokio::runtime::Runtime;

use super::actor::{Actor, setup};
use super::cases::leaks;
use super::client::get;
use super::program::Program;
use super::spoil::Fault;
use super::waiting::{PATIENCE, poll};

/// Scrapes while nothing works.
const SCRAPES: u32 = 20;

/// Begins every access token, and must be seen nowhere.
const TOKEN: &str = "eyJ";

/// What was seen, page by page. What an account ought to have reached by then and has not is not
/// waited for any longer: it shows.
pub(super) struct Show {
    pub(super) actors: Vec<Actor>,
    /// All is well.
    pub(super) well: String,
    /// Every view has failed, and nothing from before is on its way.
    pub(super) ill: String,
    /// Every account has failed once more.
    pub(super) worse: String,
    /// Every view has new figures.
    pub(super) again: String,
    /// What each actor's proxy had carried at some moment ...
    pub(super) carried: Vec<f64>,
    /// ... and a page from when all that has been answered.
    pub(super) end: String,
    /// How long the scrapes took that were made while nothing worked.
    pub(super) scraped_in: Duration,
    pub(super) leaks: Vec<String>,
    _runtime: Runtime,
}

impl Show {
    pub(super) fn run(faults: &[(&'static str, Fault)]) -> Self {
        let runtime = Runtime::new().unwrap();
        let pairs = faults.iter().map(|fault| runtime.block_on(Actor::pair(*fault)));
        let actors: Vec<Actor> = pairs.flatten().collect();
        let program = Program::serve(setup(&actors));
        let stage = Stage { program: &program, actors: &actors };
        let well = stage.when(|actor, page| actor.views_are(1.0, page));
        set_all(&actors, |actor| Some(actor.fault));
        let ill = stage.when(|actor, page| actor.is_spared() || actor.views_are(0.0, page));
        let scraped_in = stage.scrape();
        let worse = stage.when(|actor, page| actor.counted(page) > actor.counted(&ill));
        set_all(&actors, |_| None);
        let again =
            stage.when(|actor, page| actor.views_are(1.0, page) && actor.is_newer(page, &worse));
        let carried: Vec<f64> = actors.iter().map(|actor| actor.proxy.carried() as f64).collect();
        let end = stage.once(|page| {
            actors.iter().zip(&carried).all(|(actor, carried)| actor.counted(page) >= *carried)
        });
        let mut leaks = leaks(&program);
        leaks.extend(program.log().lines().filter(|line| line.contains(TOKEN)).map(str::to_owned));
        drop(program);
        Self { actors, well, ill, worse, again, carried, end, scraped_in, leaks, _runtime: runtime }
    }
}

fn set_all(actors: &[Actor], fault: impl Fn(&Actor) -> Option<Fault>) {
    for actor in actors {
        actor.proxy.set(fault(actor));
    }
}

struct Stage<'a> {
    program: &'a Program,
    actors: &'a [Actor],
}

impl Stage<'_> {
    fn page(&self) -> String {
        get(self.program.address, "/metrics").text().to_owned()
    }

    /// The page on which this holds, or the one on which it still does not.
    fn once(&self, holds: impl Fn(&str) -> bool) -> String {
        let found = poll(PATIENCE, || Some(self.page()).filter(|page| holds(page)));
        found.unwrap_or_else(|| self.page())
    }

    fn when(&self, holds: impl Fn(&Actor, &str) -> bool) -> String {
        self.once(|page| self.actors.iter().all(|actor| holds(actor, page)))
    }

    fn scrape(&self) -> Duration {
        let clock = Clock::system();
        let began = clock.tick();
        (0..SCRAPES).for_each(|_| drop(self.page()));
        clock.tick().since(began)
    }
}
