//! The configuration read again while the exporter runs: the one place that does, one at a time.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::error;

use super::{CommandError, log_loaded};
use crate::app::Control;
use crate::clock::Clock;
use crate::config;
use crate::exposition::own::ReloadState;
use crate::server::reload::Wish;
use crate::server::site::Loaded;

/// Files that take longer to read are on a disk that hangs.
pub(super) const READING: Duration = Duration::from_secs(10);

/// Reads the configuration and every secret; may block.
pub(super) type Load = Arc<dyn Fn() -> Result<config::Loaded, CommandError> + Send + Sync>;

type Reading = JoinHandle<Result<config::Loaded, CommandError>>;

/// Fulfils wishes to reload.
pub(super) struct Reader {
    /// `None` where there is nothing to read (the demo).
    pub(super) load: Option<Load>,
    /// How long a reading is waited for.
    pub(super) patience: Duration,
    pub(super) control: Control,
    pub(super) loaded: Arc<ArcSwap<Loaded>>,
    pub(super) clock: Clock,
}

impl Reader {
    /// Fulfils one wish after the other, without end.
    pub(super) async fn run(self, mut wishes: mpsc::Receiver<Wish>) {
        let mut hanging = None;
        while let Some(wish) = wishes.recv().await {
            let outcome = match &self.load {
                Some(load) => self.reload(load, &mut hanging).await,
                None => Err("there is no configuration to read again in the demo".to_owned()),
            };
            if let Err(sentence) = &outcome {
                error!("not reloaded, the configuration before stays in force: {sentence}");
            }
            wish.answer(outcome);
        }
        std::future::pending::<()>().await;
    }

    /// Puts what is read in force, or notes that it cannot be.
    async fn reload(&self, load: &Load, hanging: &mut Option<Reading>) -> Result<(), String> {
        match self.read(load, hanging).await {
            Ok(found) => {
                log_loaded(&found);
                let text = config::effective(&found.settings).into();
                let ended = || "the exporter is stopping".to_owned();
                self.control.apply(found.settings).await.ok_or_else(ended)?;
                let reload = ReloadState { successful: true, at: self.clock.wall() };
                self.loaded.store(Arc::new(Loaded { text, reload }));
                Ok(())
            }
            Err(sentence) => {
                let mut loaded = Loaded::clone(&self.loaded.load());
                loaded.reload.successful = false;
                self.loaded.store(Arc::new(loaded));
                Err(sentence)
            }
        }
    }

    /// Reads beside the tasks that collect and serve. A reading that hangs is left to itself, and
    /// none is begun beside it.
    async fn read(
        &self,
        load: &Load,
        hanging: &mut Option<Reading>,
    ) -> Result<config::Loaded, String> {
        if hanging.as_ref().is_some_and(|reading| !reading.is_finished()) {
            return Err("an earlier reading of the configuration still hangs".to_owned());
        }
        let load = Arc::clone(load);
        let mut reading = tokio::task::spawn_blocking(move || load());
        match self.clock.timeout(self.patience, &mut reading).await {
            Some(Ok(Ok(found))) => Ok(found),
            Some(Ok(Err(error))) => Err(error.to_string()),
            Some(Err(_)) => Err("reading the configuration failed; please report it".to_owned()),
            None => {
                *hanging = Some(reading);
                Err(format!("reading the configuration takes longer than {:?}", self.patience))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::app::App;
    use crate::model::settings::Settings;
    use crate::server::reload::Reloads;
    use crate::upstream::transport::{Request, Response, Transport, TransportError};

    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
            async { Err(TransportError::Connect("nowhere".to_owned())) }.boxed()
        }
    }

    async fn reload(reloads: &Reloads) -> String {
        let reply = crate::server::reload::answer(Some(reloads)).await;
        let body = http_body_util::BodyExt::collect(reply.into_body()).await.unwrap();
        String::from_utf8(body.to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_reading_that_hangs_is_given_up_and_none_begins_beside_it() {
        let (mend, disk) = channel::<()>();
        let disk = Mutex::new(disk);
        let load: Load = Arc::new(move || {
            // Fails when the disk is mended.
            let _ = disk.lock().unwrap().recv();
            Err(CommandError::System("it was read".to_owned()))
        });
        let clock = Clock::system();
        let app = App::build(&Settings::default(), clock.clone(), Arc::new(Nowhere), None, 0);
        let state = ReloadState { successful: true, at: clock.wall() };
        let loaded =
            Arc::new(ArcSwap::from_pointee(Loaded { text: "before".into(), reload: state }));
        let reader = Reader {
            load: Some(load),
            patience: Duration::from_millis(1),
            control: app.control(),
            loaded: Arc::clone(&loaded),
            clock,
        };
        let (reloads, wishes) = crate::server::reload::channel();
        let work = async {
            assert!(reload(&reloads).await.contains("takes longer than"));
            assert!(reload(&reloads).await.contains("still hangs"));
            assert!(!loaded.load().reload.successful && &*loaded.load().text == "before");
            drop(mend);
        };
        tokio::select! {
            () = work => {}
            () = reader.run(wishes) => panic!("it ended"),
        }
    }
}
