//! What a connection is at, and how long it may be at that.

use std::time::Duration;

/// From connecting to the first byte, from there to the end of a handshake, and from the first byte of a
/// request to the end of its head.
const SHORT: Duration = Duration::from_secs(10);

/// Between an answer and the next request: longer than any sensible scrape interval, and as long as
/// Prometheus keeps its side open.
const IDLE: Duration = Duration::from_secs(300);

/// A client that takes not one byte for so long does not read.
const STALLED: Duration = Duration::from_secs(10);

/// A client that has not taken an answer after so long reads for the sake of being slow.
const TAKEN: Duration = Duration::from_secs(60);

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not one byte has come.
    Fresh,
    /// TLS.
    Shaking,
    /// A request has begun to come.
    Begun,
    /// An answer is being made. That has limits of its own.
    Answering,
    /// An answer is being taken.
    Sending,
    /// Between an answer and the next request.
    Idle,
}

/// A phase and the millisecond since which it lasts, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) since: u64,
}

const PHASES: [Phase; 6] =
    [Phase::Fresh, Phase::Shaking, Phase::Begun, Phase::Answering, Phase::Sending, Phase::Idle];

impl State {
    pub(super) fn pack(self) -> u64 {
        let phase = match self.phase {
            Phase::Fresh => 0,
            Phase::Shaking => 1,
            Phase::Begun => 2,
            Phase::Answering => 3,
            Phase::Sending => 4,
            Phase::Idle => 5,
        };
        self.since << 3 | phase
    }

    pub(super) fn unpack(word: u64) -> Self {
        let phase = usize::try_from(word & 7).ok().and_then(|at| PHASES.get(at).copied());
        Self { phase: phase.unwrap_or(Phase::Fresh), since: word >> 3 }
    }

    /// Whether it waits for its client to ask, so that closing it costs nobody an answer.
    pub(super) fn waits(self) -> bool {
        !matches!(self.phase, Phase::Answering | Phase::Sending)
    }

    /// Whether its time is over at the millisecond `now`; the first byte of what is being sent was ready at
    /// `began`.
    pub(super) fn is_over(self, began: u64, now: u64) -> bool {
        let lasts = |since: u64, limit: Duration| {
            u128::from(now.saturating_sub(since)) >= limit.as_millis()
        };
        match self.phase {
            Phase::Fresh | Phase::Shaking | Phase::Begun => lasts(self.since, SHORT),
            Phase::Answering => false,
            Phase::Sending => lasts(self.since, STALLED) || lasts(began, TAKEN),
            Phase::Idle => lasts(self.since, IDLE),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(at in 0_usize..6, since in 0_u64..1 << 60) {
            let state = State { phase: PHASES[at], since };
            prop_assert_eq!(State::unpack(state.pack()), state);
        }
    }

    #[test]
    fn every_phase_has_its_time() {
        let over = |phase, began, now| State { phase, since: 1000 }.is_over(began, now);
        for phase in [Phase::Fresh, Phase::Shaking, Phase::Begun] {
            assert!(!over(phase, 0, 10_999) && over(phase, 0, 11_000), "{phase:?}");
        }
        assert!(!over(Phase::Idle, 0, 300_999) && over(Phase::Idle, 0, 301_000));
        assert!(!over(Phase::Answering, 0, u64::MAX));
        // Who takes a byte now and then is cut off as well.
        assert!(!over(Phase::Sending, 1000, 10_999) && over(Phase::Sending, 1000, 11_000));
        assert!(State { phase: Phase::Sending, since: 60_900 }.is_over(1000, 61_000));
    }
}
