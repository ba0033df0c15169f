//! What guards the server: a rate, passwords, headers and TLS, looked up anew for every request.
//!
//! The order is that of Prometheus' exporter-toolkit: the rules, the rate, the password, and only
//! then the page. Rules that cannot be read refuse every request.

pub mod bucket;
mod logins;
pub mod rules;
pub mod users;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tokio::task::JoinHandle;

use self::bucket::Bucket;
use self::logins::{Credentials, Logins, Verdict};
use self::rules::Rules;
use super::reply::{self, Reply};
use crate::clock::Clock;

/// A look at the files that takes longer is at a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the rules come from.
pub trait Source: fmt::Debug + Send + Sync {
    /// The rules at present, or the sentence that says why there are none. May block.
    fn look(&self) -> Found;
}

/// What a look found.
pub type Found = Result<Arc<Rules>, Arc<str>>;

/// The guard.
#[derive(Debug)]
pub struct Lock {
    source: Arc<dyn Source>,
    clock: Clock,
    patience: Duration,
    /// The last that were good.
    rules: ArcSwap<Rules>,
    /// One look at a time; one that hangs is left to itself, and none is begun beside it.
    looking: tokio::sync::Mutex<Option<JoinHandle<Found>>>,
    /// What was told last about rules that cannot be read.
    told: Mutex<Option<Arc<str>>>,
    bucket: Mutex<Option<Bucket>>,
    logins: Logins,
}

impl Lock {
    /// A lock that begins with `rules` and then asks `source`. `clock` counts the rate and limits
    /// how long a look may take.
    pub fn new(rules: Arc<Rules>, source: Arc<dyn Source>, clock: Clock) -> Self {
        Self {
            source,
            clock,
            patience: PATIENCE,
            rules: ArcSwap::new(rules),
            looking: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            bucket: Mutex::default(),
            logins: Logins::new(),
        }
    }

    /// The last rules that were good.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// What time it is for the lock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The rounds of bcrypt done so far.
    pub fn rounds(&self) -> u64 {
        self.logins.rounds()
    }

    /// The rules as their files are now; the log is told of trouble once.
    ///
    /// # Errors
    /// The trouble, when no request may be answered.
    pub async fn look(&self) -> Found {
        let found = self.found().await;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Ok(rules) => {
                let before = self.rules.swap(Arc::clone(rules));
                if told.take().is_some() || !Arc::ptr_eq(&before, rules) {
                    tracing::info!("the web configuration was read again and is in force");
                }
            }
            Err(trouble) if told.as_ref() == Some(trouble) => {}
            Err(trouble) => {
                tracing::error!("every request is refused: {trouble}");
                *told = Some(Arc::clone(trouble));
            }
        }
        found
    }

    async fn found(&self) -> Found {
        let mut looking = self.looking.lock().await;
        if looking.as_ref().is_some_and(|look| !look.is_finished()) {
            return Err("reading the web configuration still hangs".into());
        }
        let source = Arc::clone(&self.source);
        let mut look = tokio::task::spawn_blocking(move || source.look());
        match self.clock.timeout(self.patience, &mut look).await {
            Some(Ok(found)) => found,
            Some(Err(_)) => Err("reading the web configuration failed inside the exporter".into()),
            None => {
                *looking = Some(look);
                Err("reading the web configuration hangs".into())
            }
        }
    }

    /// Lets a request with these `headers` pass, or says what it is answered instead.
    pub(super) async fn admit(&self, rules: &Arc<Rules>, headers: &HeaderMap) -> Result<(), Reply> {
        if !self.is_in_rate(rules) {
            return Err(refusal(StatusCode::TOO_MANY_REQUESTS));
        }
        if rules.users.is_empty() {
            return Ok(());
        }
        let verdict = match Credentials::of(headers) {
            Some(shown) => self.logins.judge(rules, shown).await,
            None => Verdict::Unknown,
        };
        match verdict {
            Verdict::Welcome => Ok(()),
            Verdict::Busy => Err(refusal(StatusCode::SERVICE_UNAVAILABLE)),
            Verdict::Unknown => {
                let mut reply = refusal(StatusCode::UNAUTHORIZED);
                let basic = HeaderValue::from_static("Basic");
                reply.headers_mut().insert(WWW_AUTHENTICATE, basic);
                Err(reply)
            }
        }
    }

    fn is_in_rate(&self, rules: &Rules) -> bool {
        let Some(rate) = rules.limit else { return true };
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // Other terms begin anew.
        let bucket = match &mut *bucket {
            Some(bucket) if bucket.rate() == rate => bucket,
            other => other.insert(Bucket::new(rate)),
        };
        bucket.admits(self.clock.tick())
    }
}

/// The status in words and nothing else.
pub(super) fn refusal(status: StatusCode) -> Reply {
    let text = status.canonical_reason().unwrap_or_default();
    reply::plain(status, format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// Answers when it is told to.
    #[derive(Debug)]
    struct Disk(Mutex<Receiver<()>>);

    impl Source for Disk {
        fn look(&self) -> Found {
            let _ = self.0.lock().unwrap().recv();
            Ok(Arc::default())
        }
    }

    #[tokio::test]
    async fn a_disk_that_hangs_refuses_and_none_looks_at_it_beside_that() {
        let (mend, disk) = channel::<()>();
        let disk = Arc::new(Disk(Mutex::new(disk)));
        let mut lock = Lock::new(Arc::default(), disk, Clock::system());
        lock.patience = Duration::from_millis(1);
        assert!(lock.look().await.unwrap_err().ends_with("configuration hangs"));
        assert!(lock.look().await.unwrap_err().ends_with("still hangs"));
        drop(mend);
        lock.patience = PATIENCE;
        while lock.look().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// Changes its mind when it is told to, or fails.
    #[derive(Debug)]
    struct Mind(Mutex<Found>);

    impl Source for Mind {
        fn look(&self) -> Found {
            self.0.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn what_was_good_last_is_known_while_nothing_is() {
        let good: Arc<Rules> = Arc::default();
        let mind = Arc::new(Mind(Mutex::new(Ok(Arc::clone(&good)))));
        let lock = Lock::new(Arc::default(), Arc::clone(&mind) as _, Clock::system());
        lock.look().await.unwrap();
        *mind.0.lock().unwrap() = Err("broken".into());
        assert_eq!(&*lock.look().await.unwrap_err(), "broken");
        assert!(Arc::ptr_eq(&lock.rules(), &good));
    }
}
