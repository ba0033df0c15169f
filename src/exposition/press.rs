//! The press: renders what changed, once per change, and again when something shown dies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use bytes::Bytes;

use super::gzip::Joined;
use super::render::{self, Lines};
use super::strips::{self, Strip};
use crate::board::{Board, Generation};
use crate::clock::Tick;
use crate::snapshot::AccountPart;

/// Accounts are rendered by themselves, or where there are more of them, in so many bundles.
const BUNDLES: usize = 64;

/// Keeps the last page. Its lock is taken by scrapes only, never by publishers.
#[derive(Debug, Default)]
pub struct Press {
    last: Mutex<Option<Arc<Printed>>>,
    renders: AtomicU64,
    accounts: AtomicU64,
}

/// The vendors' part of a page, and the set of facts it was made from.
#[derive(Debug)]
pub struct Printed {
    /// What it shows; the rest of the same page must be made from this, too.
    pub generation: Arc<Generation>,
    /// When it was rendered: what was alive then is on the page.
    pub at: Tick,
    /// How many samples it has.
    pub series: usize,
    bundles: Vec<Arc<Bundle>>,
    strips: Vec<Arc<Strip>>,
    packed: OnceLock<Joined>,
}

/// Some accounts next to each other, as they are shown.
#[derive(Debug)]
struct Bundle {
    accounts: Vec<Arc<AccountPart>>,
    lines: Lines,
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

    /// How many pages were made.
    pub fn renders(&self) -> u64 {
        self.renders.load(Ordering::Relaxed)
    }

    /// How many accounts were rendered for them.
    pub fn accounts(&self) -> u64 {
        self.accounts.load(Ordering::Relaxed)
    }

    fn print(
        &self,
        last: &mut MutexGuard<'_, Option<Arc<Printed>>>,
        generation: Arc<Generation>,
        now: Tick,
    ) -> Arc<Printed> {
        let (mut old, mut strips) = leftovers(last.take());
        let accounts = &generation.snapshot.accounts;
        let size = accounts.len().div_ceil(BUNDLES).max(1);
        old.resize_with(accounts.len().div_ceil(size), || None);
        let mut bundles = Vec::with_capacity(old.len());
        for (index, (accounts, old)) in accounts.chunks(size).zip(old).enumerate() {
            if let Some(bundle) = old.as_ref().filter(|bundle| bundle.shows(accounts, now)) {
                bundles.push(Arc::clone(bundle));
                continue;
            }
            // Pieces of a text that is about to be written over.
            strips.retain(|strip| !(strip.is_piece && strip.bundle() == index));
            let lines = render::render(accounts, now, old.map_or_else(Vec::new, buffer));
            self.accounts.fetch_add(accounts.len() as u64, Ordering::Relaxed);
            bundles.push(Arc::new(Bundle { accounts: accounts.to_vec(), lines }));
        }
        self.renders.fetch_add(1, Ordering::Relaxed);
        let lines: Vec<_> = bundles.iter().map(|bundle| &bundle.lines).collect();
        let (strips, series) = strips::lay(&lines, strips);
        let packed = OnceLock::new();
        let page = Printed { generation, at: now, series, bundles, strips, packed };
        let page = Arc::new(page);
        **last = Some(Arc::clone(&page));
        page
    }
}

impl Printed {
    /// Its text in pieces, without an end mark.
    pub fn text(&self) -> impl Iterator<Item = Bytes> {
        self.strips.iter().map(|strip| strip.text.clone())
    }

    /// The text compressed, when first asked for.
    pub fn packed(&self) -> &Joined {
        self.packed.get_or_init(|| {
            let mut deflater = None;
            let segments: Vec<_> =
                self.strips.iter().map(|strip| strip.packed(&mut deflater)).collect();
            Joined::new(&segments)
        })
    }

    /// Whether [`Printed::packed`] is ready.
    pub fn is_packed(&self) -> bool {
        self.packed.get().is_some()
    }

    fn shows(&self, generation: &Generation, now: Tick) -> bool {
        self.generation.number == generation.number
            && self.bundles.iter().all(|bundle| bundle.lives(now))
    }
}

impl Bundle {
    /// Whether it shows just these accounts as they are at `now`.
    fn shows(&self, accounts: &[Arc<AccountPart>], now: Tick) -> bool {
        let same = self.accounts.iter().zip(accounts).all(|(a, b)| Arc::ptr_eq(a, b));
        same && self.accounts.len() == accounts.len() && self.lives(now)
    }

    fn lives(&self, now: Tick) -> bool {
        self.lines.until.is_none_or(|end| now < end)
    }
}

/// What a new page may use of the old one; when a scrape is still sending that, copies of its
/// references.
fn leftovers(old: Option<Arc<Printed>>) -> (Vec<Option<Arc<Bundle>>>, Vec<Arc<Strip>>) {
    let Some(old) = old else { return (Vec::new(), Vec::new()) };
    let (bundles, strips) = match Arc::try_unwrap(old) {
        Ok(page) => (page.bundles, page.strips),
        Err(page) => (page.bundles.clone(), page.strips.clone()),
    };
    (bundles.into_iter().map(Some).collect(), strips)
}

/// A bundle's memory when no scrape is still sending it, else as much anew: touching fresh memory
/// costs more than the rendering itself.
fn buffer(old: Arc<Bundle>) -> Vec<u8> {
    let size = old.lines.text.len();
    let reused = Arc::into_inner(old).map(|old| old.lines.text).filter(Bytes::is_unique);
    let Some(bytes) = reused else { return Vec::with_capacity(size + size / 8) };
    Vec::from(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use super::*;
    use crate::exposition::gzip::{self, Segment};
    use crate::exposition::sample;

    fn later(seconds: u64) -> Tick {
        sample::now().tick + Duration::from_secs(seconds)
    }

    fn text(page: &Printed) -> String {
        String::from_utf8(page.text().collect::<Vec<_>>().concat()).unwrap()
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
    fn only_the_account_that_changed_is_rendered_and_what_it_leaves_is_not_compressed_again() {
        let (board, press) = (Board::new(sample::many(20, 200)), Press::default());
        let first = press.page(&board, later(0));
        first.packed();
        assert_eq!(press.accounts(), 20);
        let kept: Vec<_> = first.strips.iter().map(Arc::clone).collect();
        drop(first);
        board.publish(sample::with_rows("account 7", 200, 5.0));
        let page = press.page(&board, later(0));
        assert_eq!(press.accounts(), 21);
        let is_kept = |strip: &&Arc<Strip>| kept.iter().any(|old| Arc::ptr_eq(old, strip));
        let again = page.strips.iter().filter(is_kept).count();
        assert!(again * 10 >= page.strips.len() * 9, "{again} of {}", page.strips.len());
        let whole = Press::default().page(&board, later(0));
        assert_eq!(text(&page), text(&whole));
        let read = |page: &Printed| {
            let mut plain = String::new();
            let packed = gzip::member(page.packed(), &Segment::quick(b"")).concat();
            flate2::read::GzDecoder::new(&*packed).read_to_string(&mut plain).unwrap();
            plain
        };
        assert_eq!(read(&page), text(&whole));
    }

    #[test]
    fn more_accounts_than_bundles_are_all_shown_in_their_order() {
        let accounts = sample::many(BUNDLES * 3 + 7, 1);
        let names: Vec<_> = accounts.iter().map(|part| Arc::clone(&part.account)).collect();
        let (board, press) = (Board::new(accounts), Press::default());
        let page = press.page(&board, later(0));
        let text = text(&page);
        let shown =
            text.lines().filter_map(|line| line.strip_prefix("taprain_account_info{account=\""));
        let shown: Vec<_> = shown.map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(shown, names.iter().map(|name| &**name).collect::<Vec<_>>());
        assert_eq!(page.series, text.lines().filter(|line| !line.starts_with('#')).count());
        board.arrange(&[]);
        assert_eq!(press.page(&board, later(0)).series, 0);
    }

    #[test]
    fn the_old_page_lends_its_memory() {
        let (board, press) = (Board::new(sample::accounts()), Press::default());
        let place = |page: &Printed| page.bundles[1].lines.text.as_ptr();
        let first = place(&press.page(&board, later(0)));
        board.publish(sample::klar("store"));
        assert_eq!(place(&press.page(&board, later(0))), first);
        let sending = press.page(&board, later(0));
        let sent = text(&sending);
        board.publish(sample::klar("store"));
        press.page(&board, later(0));
        assert_eq!(text(&sending), sent);
    }
}
