//! `demo`: the same exporter against simulators of both APIs, over real HTTP on loopback.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::warn;

use super::run::{Plan, block_on};
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
    block_on(async {
        let clock = match typed.speed {
            1 => Clock::system(),
            speed => Clock::accelerated(speed),
        };
        let world = Arc::new(world::World::new(typed.seed, world::Size::DEFAULT));
        // The simulators end with this block; dropping the set stops them.
        let mut simulators = JoinSet::new();
        let taprain =
            taprain::TapRain::new(Arc::clone(&world), clock.clone(), taprain::Options::default());
        let klar = klar::Klar::new(world, clock.clone(), klar::Options::default());
        let taprain_at = start(&mut simulators, Arc::new(taprain)).await?;
        let klar_at = start(&mut simulators, Arc::new(klar)).await?;
        let settings = shopfront::settings(taprain_at, klar_at)
            .map_err(|error| CommandError::System(error.to_string()))?;
        let web = &typed.web;
        let scheme = if guard.as_ref().is_some_and(Guard::encrypts) { "https" } else { "http" };
        let greeting = |at: &[SocketAddr]| greet(at, (scheme, &web.telemetry_path), typed.speed);
        Plan { settings, clock, transport, web, guard, load: None }.serve(greeting).await
    })
}

async fn start(
    simulators: &mut JoinSet<()>,
    simulator: Arc<dyn Answer>,
) -> Result<SocketAddr, CommandError> {
    let failed = |error| CommandError::System(format!("cannot start a simulator: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    simulators.spawn(listen::serve(listener, simulator, std::future::pending()));
    Ok(address)
}

fn greet(at: &[SocketAddr], (scheme, path): (&str, &str), speed: u32) -> Result<(), CommandError> {
    let mut lines =
        vec!["A fictional business, collected from simulators of both APIs:".to_owned()];
    lines.push(String::new());
    for address in at {
        let page = format!("{scheme}://{address}/");
        let metrics = format!("{scheme}://{address}{path}");
        let width = metrics.len();
        lines.push(format!("  {metrics}  the metrics"));
        lines.push(format!("  {page:width$}  what is known, for people"));
    }
    lines.push(String::new());
    if speed > 1 {
        lines.push(format!("Its time runs {speed} times as fast as yours."));
    }
    lines.push("Ctrl-C ends it.\n".to_owned());
    let mut out = std::io::stdout().lock();
    out.write_all(lines.join("\n").as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| CommandError::System(format!("cannot print the address: {error}")))
}
