//! The press: renders the vendors' part once per change, and again when something shown dies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use bytes::Bytes;

use super::gzip::Segment;
use super::render::{self, Rendered};
use crate::board::{Board, Generation};
use crate::clock::Tick;

/// Keeps the last rendered page. Its lock is taken by scrapes only, never by publishers.
#[derive(Debug, Default)]
pub struct Press {
    last: Mutex<Option<Arc<Printed>>>,
    renders: AtomicU64,
}

/// The vendors' part of a page, and the set of facts it was made from.
#[derive(Debug)]
pub struct Printed {
    /// What it shows; the rest of the same page must be made from this, too.
    pub generation: Arc<Generation>,
    /// When it was rendered: what was alive then is on the page.
    pub at: Tick,
    /// Its text, without an end mark.
    pub text: Bytes,
    /// How many samples it has.
    pub series: usize,
    until: Option<Tick>,
    packed: OnceLock<Segment>,
}

impl Press {
    /// The page for `now` if it is ready; does not wait.
    pub fn ready(&self, board: &Board, now: Tick) -> Option<Arc<Printed>> {
        let last = match self.last.try_lock() {
            Ok(last) => last,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        last.as_ref().filter(|page| page.shows(&board.current(), now)).cloned()
    }

    /// The page for `now`, rendered if need be; waits while another scrape renders it.
    pub fn page(&self, board: &Board, now: Tick) -> Arc<Printed> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = board.current();
        if let Some(page) = last.as_ref().filter(|page| page.shows(&generation, now)) {
            return Arc::clone(page);
        }
        self.print(&mut last, generation, now)
    }

    /// How many pages were rendered.
    pub fn renders(&self) -> u64 {
        self.renders.load(Ordering::Relaxed)
    }

    fn print(
        &self,
        last: &mut MutexGuard<'_, Option<Arc<Printed>>>,
        generation: Arc<Generation>,
        now: Tick,
    ) -> Arc<Printed> {
        let old = last.take();
        let Rendered { text, series, until } =
            render::render(&generation.snapshot, now, buffer(old));
        self.renders.fetch_add(1, Ordering::Relaxed);
        let text = Bytes::from(text.into_bytes());
        let packed = OnceLock::new();
        let page = Arc::new(Printed { generation, at: now, text, series, until, packed });
        **last = Some(Arc::clone(&page));
        page
    }
}

impl Printed {
    /// The text compressed, when first asked for.
    pub fn packed(&self) -> &Segment {
        self.packed.get_or_init(|| Segment::deflate(&self.text))
    }

    /// Whether [`Printed::packed`] is ready.
    pub fn is_packed(&self) -> bool {
        self.packed.get().is_some()
    }

    fn shows(&self, generation: &Generation, now: Tick) -> bool {
        self.generation.number == generation.number && self.until.is_none_or(|end| now < end)
    }
}

/// The old page's memory when no scrape is still sending it, else as much anew: touching fresh
/// memory costs more than the rendering itself.
fn buffer(old: Option<Arc<Printed>>) -> String {
    let Some(old) = old else { return String::new() };
    let size = old.text.len();
    let reused = Arc::into_inner(old).map(|page| page.text).filter(Bytes::is_unique);
    let Some(bytes) = reused else { return String::with_capacity(size + size / 8) };
    let mut bytes = Vec::from(bytes);
    bytes.clear();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exposition::sample;

    fn later(seconds: u64) -> Tick {
        sample::now().tick + Duration::from_secs(seconds)
    }

    fn text(page: &Printed) -> &str {
        std::str::from_utf8(&page.text).unwrap()
    }

    #[test]
    fn a_thousand_scrapes_are_one_render() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        let first = press.page(&board, later(0));
        for _ in 0..1000 {
            assert!(Arc::ptr_eq(&first, &press.page(&board, later(1))));
            assert!(press.ready(&board, later(1)).is_some());
        }
        assert_eq!(press.renders(), 1);
        board.publish(sample::taprain("main"));
        assert!(press.ready(&board, later(1)).is_none());
        press.page(&board, later(1));
        assert_eq!(press.renders(), 2);
    }

    #[test]
    fn scrapes_at_once_render_once() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| press.page(&board, later(0)));
            }
        });
        assert_eq!(press.renders(), 1);
    }

    #[test]
    fn a_value_past_its_age_is_not_shown_though_nothing_was_published() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        let life = sample::FRESH.as_secs();
        assert!(text(&press.page(&board, later(life - 1))).contains("taprain_clicks{"));
        assert!(press.ready(&board, later(life)).is_none());
        let stale = press.page(&board, later(life));
        assert!(!text(&stale).contains("taprain_clicks{"));
        assert!(text(&stale).contains("taprain_up{"), "up always stays");
        assert_eq!(press.renders(), 2);
    }

    #[test]
    fn a_range_that_ended_goes_at_once() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        let midnight = sample::midnight().tick;
        let before = midnight - Duration::from_millis(1);
        let today = "taprain_clicks{account=\"main\",view=\"all\",range=\"today\"}";
        assert!(text(&press.page(&board, before)).contains(today));
        let after = press.page(&board, midnight);
        assert!(!text(&after).contains(today));
        assert!(text(&after).contains("range=\"black-friday\""), "fixed dates have no end");
    }

    #[test]
    fn the_old_page_lends_its_memory() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        let place = press.page(&board, later(0)).text.as_ptr();
        board.publish(sample::klar("store"));
        assert_eq!(press.page(&board, later(0)).text.as_ptr(), place);
        let sending = press.page(&board, later(0));
        let sent = sending.text.clone();
        board.publish(sample::klar("other store"));
        press.page(&board, later(0));
        assert_eq!(sending.text, sent);
    }
}
