//! The page as strips: what an account's change leaves as it was is neither copied nor compressed again.
//!
//! All lines of a family must stand together, so the accounts take turns in it. Where one account's
//! turn is long, it is a strip of its own, a piece of the text that was rendered for that account;
//! short ones are copied together, because short texts compress badly.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::catalogue;
use super::gzip::{Deflater, Segment};
use super::render::{self, Lines};

/// A turn of so many bytes is a strip of its own, and others are copied together up to as many.
const WIDE: usize = 16 * 1024;

/// Some of the page.
#[derive(Debug)]
pub(super) struct Strip {
    /// The metric and the bundle that it begins with.
    place: (usize, usize),
    /// Whether it is a piece of the bundle's own text.
    pub(super) is_piece: bool,
    /// Its text.
    pub(super) text: Bytes,
    packed: OnceLock<Segment>,
}

impl Strip {
    /// The text compressed, when first asked for; by `deflater`, which is made where it is needed.
    pub(super) fn packed(&self, deflater: &mut Option<Deflater>) -> &Segment {
        self.packed.get_or_init(|| deflater.get_or_insert_default().segment(&self.text))
    }

    const fn key(&self) -> (usize, usize, bool) {
        (self.place.0, self.place.1, self.is_piece)
    }

    /// The bundle that it begins with.
    pub(super) const fn bundle(&self) -> usize {
        self.place.1
    }
}

/// Lays `bundles` out as a page, without an end mark. Those of the `old` strips that say the same at
/// the same place are used again. Returns how many samples the page has, too.
pub(super) fn lay(bundles: &[&Lines], old: Vec<Arc<Strip>>) -> (Vec<Arc<Strip>>, usize) {
    let mut layout = Layout {
        old: old.into_iter().map(|strip| (strip.key(), strip)).collect(),
        strips: Vec::new(),
        open: Vec::new(),
        place: (0, 0),
    };
    let mut turns: Vec<_> = bundles.iter().map(|one| one.families.iter().peekable()).collect();
    let mut series = bundles.iter().map(|one| one.series).sum();
    for (metric, family) in catalogue::vendor().enumerate() {
        let mut is_first = true;
        for (index, turns) in turns.iter_mut().enumerate() {
            let Some(turn) = turns.next_if(|turn| turn.metric == metric) else { continue };
            if std::mem::take(&mut is_first) {
                layout.open_at((metric, index)).extend_from_slice(family.head().as_bytes());
            }
            layout.turn((metric, index), bundles[index].text.slice(turn.bytes.0..turn.bytes.1));
        }
        let of_all = bundles.iter().flat_map(|one| &one.largest);
        let values = of_all.filter(|(of, _)| *of == metric).map(|(_, value)| *value);
        if let Some(largest) = values.reduce(f64::max) {
            render::single(family, largest, layout.open_at((metric, 0)));
            series += 1;
        }
    }
    layout.close();
    (layout.strips, series)
}

struct Layout {
    old: HashMap<(usize, usize, bool), Arc<Strip>>,
    strips: Vec<Arc<Strip>>,
    /// What is copied together, and where it began.
    open: Vec<u8>,
    place: (usize, usize),
}

impl Layout {
    fn open_at(&mut self, place: (usize, usize)) -> &mut Vec<u8> {
        if self.open.is_empty() {
            self.place = place;
        }
        &mut self.open
    }

    fn turn(&mut self, place: (usize, usize), text: Bytes) {
        if text.len() >= WIDE {
            self.close();
            self.push(place, true, text);
            return;
        }
        self.open_at(place).extend_from_slice(&text);
        if self.open.len() >= WIDE {
            self.close();
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            let text = std::mem::take(&mut self.open);
            self.push(self.place, false, Bytes::from(text));
        }
    }

    fn push(&mut self, place: (usize, usize), is_piece: bool, text: Bytes) {
        let new = Strip { place, is_piece, text, packed: OnceLock::new() };
        let old = self.old.remove(&new.key());
        let strip = old.filter(|old| is_same(&old.text, &new.text));
        self.strips.push(strip.unwrap_or_else(|| Arc::new(new)));
    }
}

fn is_same(a: &Bytes, b: &Bytes) -> bool {
    (a.as_ptr() == b.as_ptr() && a.len() == b.len()) || a == b
}
