//! Who is connected, what each is at, and who has to leave.
//!
//! Every connection has a seat. When they are all taken, those that have waited longest for their client
//! leave, a sixteenth at a time: a client that asks as soon as it is connected is never among them. The
//! same holds of the fewer seats with a reader, which costs some 20 KiB, while a seat without costs less than
//! two. What a connection is at is one word that its own task writes; nobody locks anything for a request.

mod phase;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{AbortHandle, AbortRegistration};

use self::phase::{Phase, State};
use crate::clock::Clock;

/// No more connections than this, whatever the system permits.
const SEATS: usize = 16_384;

/// Files that connections leave to the rest of the exporter, or a quarter where there are few.
const RESERVE: u64 = 256;

/// No more connections than this that have sent a byte, for each of those has buffers.
const READERS: usize = 1024;

/// How often somebody looks whose time is over, while anybody is there.
pub(super) const ROUND: Duration = Duration::from_secs(2);

/// The log is told of a full house this often at most, in milliseconds.
const TELL_EVERY: u64 = 60_000;

/// How many connections fit under this limit of open files; `None` is no limit.
pub(super) fn capacity(files: Option<u64>) -> usize {
    let left = files.map(|files| files.saturating_sub(RESERVE.min(files / 4)));
    left.and_then(|left| usize::try_from(left).ok()).map_or(SEATS, |left| left.clamp(1, SEATS))
}

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Crowd {
    clock: Clock,
    seats: usize,
    readers: usize,
    present: Mutex<Present>,
}

#[derive(Debug, Default)]
struct Present {
    seats: HashMap<u64, Taken>,
    next: u64,
    readers: usize,
    /// When the log was told of a full house.
    told: Option<u64>,
}

#[derive(Debug)]
struct Taken {
    seat: Arc<Seat>,
    reads: bool,
}

/// What one connection is at.
#[derive(Debug)]
struct Seat {
    state: AtomicU64,
    /// When the first of the answers that are being taken was ready.
    began: AtomicU64,
    /// Answers that are made or taken.
    turns: AtomicU32,
    handle: AbortHandle,
}

impl Seat {
    fn is(&self) -> State {
        State::unpack(self.state.load(Ordering::Relaxed))
    }

    fn set(&self, phase: Phase, since: u64) {
        self.state.store(State { phase, since }.pack(), Ordering::Relaxed);
    }
}

impl Crowd {
    /// Nobody yet, and so many at most.
    pub(super) fn new(clock: Clock, seats: usize) -> Self {
        Self { clock, seats, readers: READERS.min(seats), present: Mutex::default() }
    }

    /// A seat for one more, and what ends its task when it has to leave; `None` when everybody is being answered.
    pub(super) fn admit(self: &Arc<Self>) -> Option<(Arc<Place>, AbortRegistration)> {
        let now = self.now();
        let mut present = self.present();
        if present.seats.len() >= self.seats {
            present.told(now, "every connection is taken; those that waited longest are closed");
            let leaving = present.oldest(|_| true, self.seats);
            if leaving.is_empty() {
                return None;
            }
            present.dismiss(&leaving);
        }
        let (handle, registration) = AbortHandle::new_pair();
        let state = AtomicU64::new(State { phase: Phase::Fresh, since: now }.pack());
        let (began, turns) = (AtomicU64::default(), AtomicU32::default());
        let seat = Arc::new(Seat { state, began, turns, handle });
        let number = present.next;
        present.next += 1;
        present.seats.insert(number, Taken { seat: Arc::clone(&seat), reads: false });
        drop(present);
        Some((Arc::new(Place { crowd: Arc::clone(self), seat, number }), registration))
    }

    /// Ends those whose time is over; says whether anybody is left.
    pub(super) fn round(&self) -> bool {
        let now = self.now();
        let mut present = self.present();
        let over =
            |taken: &Taken| taken.seat.is().is_over(taken.seat.began.load(Ordering::Relaxed), now);
        let leaving: Vec<u64> =
            present.seats.iter().filter(|(_, taken)| over(taken)).map(|(at, _)| *at).collect();
        present.dismiss(&leaving);
        !present.seats.is_empty()
    }

    /// Ends those from whom no request can be on its way: a handshake is none.
    pub(super) fn close(&self) {
        let mut present = self.present();
        let early = |taken: &Taken| matches!(taken.seat.is().phase, Phase::Fresh | Phase::Shaking);
        let leaving: Vec<u64> =
            present.seats.iter().filter(|(_, taken)| early(taken)).map(|(at, _)| *at).collect();
        present.dismiss(&leaving);
    }

    fn read(&self, number: u64) {
        let now = self.now();
        let mut present = self.present();
        if present.readers >= self.readers {
            present.told(
                now,
                "too many clients have begun to speak; those that waited longest are closed",
            );
            let leaving = present.oldest(|taken| taken.reads, self.readers);
            if leaving.is_empty() {
                present.dismiss(&[number]);
                return;
            }
            present.dismiss(&leaving);
        }
        if let Some(taken) = present.seats.get_mut(&number) {
            taken.reads = true;
            present.readers += 1;
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.tick().since_start().as_millis()).unwrap_or(u64::MAX >> 3)
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    /// A sixteenth of `seats`, and those of `who` that have waited longest.
    fn oldest(&self, who: impl Fn(&Taken) -> bool, seats: usize) -> Vec<u64> {
        let waiting = self.seats.iter().filter(|(_, taken)| who(taken));
        let waiting = waiting.map(|(number, taken)| (taken.seat.is(), *number));
        let mut waiting: Vec<(u64, u64)> = waiting
            .filter(|(state, _)| state.waits())
            .map(|(state, number)| (state.since, number))
            .collect();
        let count = (seats / 16).max(1);
        if waiting.len() > count {
            waiting.select_nth_unstable(count);
            waiting.truncate(count);
        }
        waiting.into_iter().map(|(_, number)| number).collect()
    }

    fn dismiss(&mut self, leaving: &[u64]) {
        for number in leaving {
            if let Some(seat) = self.leave(*number) {
                seat.handle.abort();
            }
        }
    }

    fn leave(&mut self, number: u64) -> Option<Arc<Seat>> {
        let taken = self.seats.remove(&number)?;
        self.readers -= usize::from(taken.reads);
        Some(taken.seat)
    }

    fn told(&mut self, now: u64, what: &str) {
        if self.told.is_none_or(|told| now.saturating_sub(told) >= TELL_EVERY) {
            self.told = Some(now);
            tracing::warn!(connections = self.seats.len(), "{what}");
        }
    }
}

/// A connection's own seat, which is free again when this is gone.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    seat: Arc<Seat>,
    number: u64,
}

impl Place {
    /// The first byte came, of a handshake or of a request.
    pub(super) fn read(&self) {
        self.crowd.read(self.number);
        self.seat.set(Phase::Shaking, self.crowd.now());
    }

    /// The first request may come.
    pub(super) fn opened(&self) {
        self.seat.set(Phase::Begun, self.crowd.now());
    }

    /// Bytes came that are no answer to anything.
    pub(super) fn arrived(&self) {
        if self.seat.is().phase == Phase::Idle {
            self.seat.set(Phase::Begun, self.crowd.now());
        }
    }

    /// A request came.
    pub(super) fn asked(self: &Arc<Self>) -> Turn {
        self.seat.turns.fetch_add(1, Ordering::Relaxed);
        self.seat.set(Phase::Answering, self.crowd.now());
        Turn(Arc::clone(self))
    }

    /// The client does not take what is sent.
    pub(super) fn stalled(&self) {
        let (now, state) = (self.crowd.now(), self.seat.is());
        match state.phase {
            Phase::Answering | Phase::Sending => {}
            _ => self.seat.began.store(now, Ordering::Relaxed),
        }
        if state.phase != Phase::Answering {
            self.seat.set(Phase::Sending, now);
        }
    }

    /// The client has taken something again.
    pub(super) fn resumed(&self) {
        if self.seat.is().phase == Phase::Sending {
            let now = self.crowd.now();
            let more = self.seat.turns.load(Ordering::Relaxed) > 0;
            self.seat.set(if more { Phase::Sending } else { Phase::Idle }, now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.present().leave(self.number);
    }
}

/// One request, from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct Turn(Arc<Place>);

impl Turn {
    /// The answer is ready.
    pub(super) fn answered(&self) {
        let (seat, now) = (&self.0.seat, self.0.crowd.now());
        if seat.turns.load(Ordering::Relaxed) == 1 {
            seat.began.store(now, Ordering::Relaxed);
        }
        seat.set(Phase::Sending, now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let seat = &self.0.seat;
        if seat.turns.fetch_sub(1, Ordering::Relaxed) == 1 {
            seat.set(Phase::Idle, self.0.crowd.now());
        }
    }
}

#[cfg(test)]
mod tests;
