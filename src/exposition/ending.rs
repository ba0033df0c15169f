//! What follows the vendors' part: the exporter's own metrics, and the end.
//!
//! Whatever is counted shows at once. What only time moves (ledgers that fill up again, the process)
//! is read four times a second at most: a scrape that comes more often costs no more than a copy.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::gzip::{self, Joined, Segment};
use super::negotiate::Format;
use super::own::ReloadState;
use super::text;
use crate::clock::Tick;

/// How old the process' figures and the ledgers' may be.
const AGE: Duration = Duration::from_millis(250);

/// The end of an OpenMetrics page.
const END: &str = "# EOF\n";

/// The last ending in each format.
#[derive(Debug, Default)]
pub struct Endings {
    open_metrics: ArcSwapOption<Ending>,
    text: ArcSwapOption<Ending>,
}

/// What an ending was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The number of the page's generation, and when that was rendered.
    pub page: (u64, Tick),
    /// [`crate::telemetry::Telemetry::changes`] before they were read.
    pub changes: u64,
    /// The configuration.
    pub reload: ReloadState,
}

/// The exporter's own part in one format.
#[derive(Debug)]
pub struct Ending {
    origin: Origin,
    made: Tick,
    /// Its text, with the end mark where the format has one.
    pub text: Bytes,
    member: OnceLock<Vec<Bytes>>,
}

impl Endings {
    /// The ending of `origin` at `now`; `own` makes it as OpenMetrics text without an end mark,
    /// where the last one does not serve.
    ///
    /// # Errors
    /// Those of `own`.
    pub fn get(
        &self,
        format: Format,
        origin: Origin,
        now: Tick,
        own: impl FnOnce() -> Result<String, fmt::Error>,
    ) -> Result<Arc<Ending>, fmt::Error> {
        let last = match format {
            Format::OpenMetrics => &self.open_metrics,
            Format::Text => &self.text,
        };
        if let Some(ending) = last.load().as_ref().filter(|ending| ending.serves(&origin, now)) {
            return Ok(Arc::clone(ending));
        }
        let ending = Arc::new(Ending::new(own()?, format, origin, now));
        last.store(Some(Arc::clone(&ending)));
        Ok(ending)
    }
}

impl Ending {
    fn new(own: String, format: Format, origin: Origin, made: Tick) -> Self {
        let text = match format {
            Format::OpenMetrics => own + END,
            Format::Text => text::from_open_metrics(&own),
        };
        Self { origin, made, text: Bytes::from(text), member: OnceLock::new() }
    }

    /// `page` and this as one gzip member, put together when first asked for. `page` must be the one
    /// that its [`Origin`] names.
    pub fn member(&self, page: &Joined) -> Vec<Bytes> {
        self.member.get_or_init(|| gzip::member(page, &Segment::quick(&self.text))).clone()
    }

    fn serves(&self, origin: &Origin, now: Tick) -> bool {
        self.origin == *origin && self.made <= now && now.since(self.made) < AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::sample;

    #[test]
    fn what_was_counted_shows_at_once_and_what_time_moves_within_a_quarter_of_a_second() {
        let endings = Endings::default();
        let reload = ReloadState { successful: true, at: sample::now().wall };
        let first = Origin { page: (1, Tick::default()), changes: 0, reload };
        let at = |millis| Tick::default() + Duration::from_millis(millis);
        let failed = ReloadState { successful: false, ..reload };
        let mut made = 0;
        for (origin, millis, expected) in [
            (first, 100, 1),
            (first, 349, 1),
            (first, 350, 2),
            (Origin { changes: 1, ..first }, 351, 3),
            (Origin { page: (2, Tick::default()), ..first }, 351, 4),
            (Origin { reload: failed, ..first }, 351, 5),
            // Another scrape was slower than this one.
            (Origin { reload: failed, ..first }, 350, 6),
        ] {
            let own = || {
                made += 1;
                Ok(format!("own {made}\n"))
            };
            let ending = endings.get(Format::OpenMetrics, origin, at(millis), own).unwrap();
            assert_eq!(ending.text, format!("own {expected}\n# EOF\n"), "{millis}");
        }
        let plain = endings.get(Format::Text, first, at(351), || Ok("own x\n".to_owned()));
        assert_eq!(plain.unwrap().text, "own x\n");
    }
}
