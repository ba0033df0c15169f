//! The end of the program, told to every loop.

use tokio::sync::watch;

/// Tells every [`Shutdown`] to stop.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Hears the end come. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A pair that hears each other.
pub fn channel() -> (Stop, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Shutdown(receiver))
}

impl Stop {
    /// Tells everyone to stop.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Resolves when it is time to stop, also when the [`Stop`] is gone.
    pub async fn wait(&mut self) {
        // An error means that the sender is gone, which ends the program as well.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_listens_late_still_hears_it() {
        let (stop, mut shutdown) = channel();
        stop.now();
        shutdown.wait().await;
        let (stop, mut shutdown) = channel();
        drop(stop);
        shutdown.wait().await;
    }
}
