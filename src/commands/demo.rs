//! `demo`: the same exporter against simulators of both APIs, over real HTTP on loopback; and two more of
//! them, for a configuration of one's own.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tracing::warn;

use super::printed::print;
use super::run::{Plan, beside_collectors};
use super::web::Guard;
use super::{CommandError, logging};
use crate::cli;
use crate::clock::Clock;
use crate::demo::{Answer, klar, listen, shopfront, taprain, world};
use crate::upstream::http::Http;

pub(super) fn run(typed: &cli::Demo) -> Result<(), CommandError> {
    let guard = Guard::read(typed.web.config_file.as_deref())?;
    logging::start(&typed.log);
    for warning in guard.as_ref().map(Guard::warnings).unwrap_or_default() {
        warn!("{warning}");
    }
    let transport = Arc::new(Http::new().map_err(CommandError::System)?);
    beside_collectors(|crew| async move {
        let clock = match typed.speed {
            1 => Clock::system(),
            speed => Clock::accelerated(speed),
        };
        let world = Arc::new(world::World::new(typed.seed, world::Size::DEFAULT));
        // The simulators end with this block; dropping the set stops them.
        let mut simulators = Simulators { tasks: JoinSet::new(), place: crew.first().clone() };
        let shown = simulators.of_both(&world, &clock).await?;
        // Their limits are not the demo's, which spends all of its own.
        let spare = simulators.of_both(&world, &clock).await?;
        let settings = shopfront::settings(shown.taprain, shown.klar)
            .map_err(|error| CommandError::System(error.to_string()))?;
        let web = &typed.web;
        let scheme = if guard.as_ref().is_some_and(Guard::encrypts) { "https" } else { "http" };
        let greeting = |at: &[SocketAddr]| {
            let mut lines = pages(at, (scheme, &web.telemetry_path));
            lines.extend(match typed.speed {
                1 => spare.rehearsal(),
                speed => vec![format!("Its time runs {speed} times as fast as yours.")],
            });
            lines.push("Ctrl-C ends it.\n".to_owned());
            print(&lines.join("\n"), "the address")
        };
        let plan = Plan { settings, clock, transport, crew, web, guard, load: None };
        plan.serve(greeting).await
    })
}

/// Simulators that run until they are dropped, beside what serves.
struct Simulators {
    tasks: JoinSet<()>,
    place: Handle,
}

impl Simulators {
    /// One of each API.
    async fn of_both(
        &mut self,
        world: &Arc<world::World>,
        clock: &Clock,
    ) -> Result<Apis, CommandError> {
        let (world, clock) = (Arc::clone(world), clock.clone());
        let taprain =
            taprain::TapRain::new(Arc::clone(&world), clock.clone(), taprain::Options::default());
        let klar = klar::Klar::new(world, clock, klar::Options::default());
        Ok(Apis {
            taprain: self.start(Arc::new(taprain)).await?,
            klar: self.start(Arc::new(klar)).await?,
        })
    }

    async fn start(&mut self, simulator: Arc<dyn Answer>) -> Result<SocketAddr, CommandError> {
        let failed = |error| CommandError::System(format!("cannot start a simulator: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let serving = listen::serve(listener, simulator, std::future::pending());
        self.tasks.spawn_on(serving, &self.place);
        Ok(address)
    }
}

/// Where a simulator of each API listens.
struct Apis {
    taprain: SocketAddr,
    klar: SocketAddr,
}

impl Apis {
    /// How to try a configuration before there are real keys.
    fn rehearsal(&self) -> Vec<String> {
        vec![
            "To rehearse with a configuration of your own, let it ask two more simulators:"
                .to_owned(),
            String::new(),
            format!(
                "  taprain: [{{account: main, api_key_env: TAPRAIN_API_KEY, base_url: \"http://{}\"}}]",
                self.taprain
            ),
            format!(
                "  klar: [{{account: my-store, refresh_token_env: KLAR_REFRESH_TOKEN, base_url: \"http://{}\"}}]",
                self.klar
            ),
            String::new(),
            format!(
                "Their keys: TAPRAIN_API_KEY={} KLAR_REFRESH_TOKEN={}",
                taprain::KEY,
                klar::REFRESH_TOKEN
            ),
        ]
    }
}

/// Where to look.
fn pages(at: &[SocketAddr], (scheme, path): (&str, &str)) -> Vec<String> {
    let title = "A fictional business, collected from simulators of both APIs:";
    let mut lines = vec![title.to_owned(), String::new()];
    for address in at {
        let page = format!("{scheme}://{address}/");
        let metrics = format!("{scheme}://{address}{path}");
        let width = metrics.len();
        lines.push(format!("  {metrics}  the metrics"));
        lines.push(format!("  {page:width$}  what is known, for people"));
    }
    lines.push(String::new());
    lines
}
