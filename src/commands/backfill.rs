//! `backfill`: history as OpenMetrics, for the time before the exporter ran.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::warn;

use super::errand::around;
use super::progress::Teller;
use super::run::block_on;
use super::serve::with_state;
use super::signals::{Signals, stop_on_signals};
use super::{CommandError, configuration, log_loaded, logging};
use crate::backfill::Trouble;
use crate::backfill::gather::Around;
use crate::backfill::job::{Gathered, Job};
use crate::backfill::order::{Order, Typed};
use crate::backfill::place::{Place, STANDARD_OUTPUT};
use crate::backfill::write::Written;
use crate::cli;
use crate::clock::Clock;
use crate::model::settings::Settings;
use crate::server::reload;
use crate::shutdown::{Shutdown, channel};

/// The longest block that promtool is told to make: without it promtool reads the file once for
/// every two hours of it. Prometheus' own blocks are two hours times a power of three.
const BLOCK: &str = "486h";

pub(super) fn run(typed: &cli::Backfill) -> Result<(), CommandError> {
    let order = Order::read(&meant(typed))?;
    let loaded = with_state(configuration(&typed.config)?, typed.state.as_deref());
    logging::start(&typed.log);
    log_loaded(&loaded);
    if let Some(share) = loaded.share.filter(|share| share.accounts == 0) {
        return Err(CommandError::Usage(format!(
            "there is nothing to write, for shard {} has none of the accounts; leave it out",
            share.shard
        )));
    }
    block_on(backfill(&order, &typed.output, loaded.settings))
}

fn meant(typed: &cli::Backfill) -> Typed {
    Typed {
        from: typed.from.clone(),
        to: typed.to.clone(),
        accounts: typed.accounts.clone(),
        views: typed.views.clone(),
        share: typed.share.clone(),
        step: typed.step.clone(),
        labels: typed.labels.clone(),
    }
}

async fn backfill(order: &Order, output: &Path, settings: Settings) -> Result<(), CommandError> {
    let signals = Signals::listen()?;
    let clock = Clock::system();
    let place = Place::new(output, settings.state_directory.as_deref());
    let job = Job::prepare(&settings, order, place, clock.wall())?;
    say(&job.cost.text(&job.plan));
    if output.is_file() {
        warn!(file = %output.display(), "the file is there already and will be replaced");
    }
    if !job.can_resume() {
        warn!("with neither a file nor a state directory an interruption loses what was answered");
    }
    if settings.state_directory.is_none() {
        warn!(
            "without a state directory nothing is known of what a running exporter sends: stop it, \
             or name its --state.directory"
        );
    }
    let around = around(&settings, &clock)?;
    let (stop, shutdown) = channel();
    // Nobody reads the configuration again here; SIGHUP wishes in vain.
    let (reloads, _wishes) = reload::channel();
    let written = tokio::select! {
        biased;
        done = whole(job, around, shutdown) => done?,
        hung = stop_on_signals(signals, stop, reloads) => {
            hung?;
            return Err(CommandError::System("stopped before the end".to_owned()));
        }
    };
    say(&farewell(output, written));
    Ok(())
}

/// Asks, and writes.
async fn whole(job: Job, around: Around, shutdown: Shutdown) -> Result<Written, Trouble> {
    let teller = Teller::new();
    let gathered = job.gather(&around, &teller, shutdown.clone()).await;
    teller.end();
    let gathered = gathered?;
    let empty = gathered.harvest.empty();
    if empty > 0 {
        warn!(dates = empty, "the APIs have no figures of these dates, counted by view");
    }
    let hourless = gathered.harvest.hourless();
    if hourless > 0 {
        warn!(
            dates = hourless,
            "TapRain gave these dates as whole days, not in hours: the file has them as \
             `yesterday`, and no `today`"
        );
    }
    for (reason, times) in &gathered.harvest.odd {
        warn!(reason, times, "the answers were odd; see METRICS.md for the reasons");
    }
    write(gathered, shutdown).await
}

/// Writes on a thread that may wait for the disk.
async fn write(gathered: Gathered, mut shutdown: Shutdown) -> Result<Written, Trouble> {
    let goes_on = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&goes_on);
    let work = move || gathered.write(&|| asked.load(Ordering::Relaxed));
    let mut writing = tokio::task::spawn_blocking(work);
    let written = tokio::select! {
        biased;
        written = &mut writing => written,
        () = shutdown.wait() => {
            goes_on.store(false, Ordering::Relaxed);
            writing.await
        }
    };
    written.unwrap_or_else(|_| Err(Trouble::Failed("writing failed; please report it".to_owned())))
}

fn farewell(output: &Path, written: Written) -> String {
    let Written { samples, bytes } = written;
    // promtool reads its file more than once, so that a pipe will not do.
    let is_file = output.as_os_str() != STANDARD_OUTPUT;
    let name = if is_file { output.to_string_lossy() } else { "history.om".into() };
    let saved = if is_file { "" } else { ", saved as history.om" };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let shown = if name.bytes().all(plain) {
        name.into_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    };
    let megabytes = bytes.div_ceil(1_000_000);
    format!(
        "{samples} samples, {megabytes} MB{saved}. To import them, with Prometheus' data directory in the place \
         of data/:\n\n  promtool tsdb create-blocks-from openmetrics --max-block-duration={BLOCK} {shown} \
         data/\n\n"
    )
}

/// Tells a person; standard output may be the file.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    // When standard error is closed there is nobody left to tell.
    let _ = err.write_all(text.as_bytes());
}
