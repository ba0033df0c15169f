//! `/-/reload`: the configuration is read again when somebody wishes it.

use http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use super::reply::{self, Reply};

/// Wishes that wait while one is fulfilled; who wishes more is served by those.
const WAITING: usize = 8;

/// Wishes for another reading of the configuration. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reloads(mpsc::Sender<Wish>);

/// A wish, and where its outcome is awaited.
#[derive(Debug)]
pub struct Wish(oneshot::Sender<Result<(), String>>);

/// Who wishes, and who hears it.
pub fn channel() -> (Reloads, mpsc::Receiver<Wish>) {
    let (sender, wishes) = mpsc::channel(WAITING);
    (Reloads(sender), wishes)
}

impl Reloads {
    /// Wishes, and does not wait for the outcome, which the log will tell.
    pub fn wish(&self) {
        let (wish, _) = oneshot::channel();
        // When the queue is full, whoever waits in it is served by a reading that is still to come.
        let _ = self.0.try_send(Wish(wish));
    }

    /// Wishes, and waits: for the sentence that says what is wrong, or `None` when the program ends.
    async fn ask(&self) -> Option<Result<(), String>> {
        let (wish, outcome) = oneshot::channel();
        self.0.send(Wish(wish)).await.ok()?;
        outcome.await.ok()
    }
}

impl Wish {
    /// Tells who wished how it went.
    pub fn answer(self, outcome: Result<(), String>) {
        // Whoever wished may have left.
        let _ = self.0.send(outcome);
    }
}

/// Reads the configuration again, where the command line permits that.
pub async fn answer(reloads: Option<&Reloads>) -> Reply {
    let Some(reloads) = reloads else {
        let text = "Reloading by HTTP is off; start with --web.enable-lifecycle, or send SIGHUP.\n";
        return reply::plain(StatusCode::FORBIDDEN, text);
    };
    match reloads.ask().await {
        Some(Ok(())) => reply::plain(StatusCode::OK, "Reloaded\n"),
        Some(Err(sentence)) => {
            reply::plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{sentence}\n"))
        }
        None => reply::plain(StatusCode::SERVICE_UNAVAILABLE, "The exporter is stopping.\n"),
    }
}
