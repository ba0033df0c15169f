//! Which instant it is, for calendars: the wall clock, guarded against being set.
//!
//! A day begins when the API says so, and its answers carry its clock (`Date`). Between them time
//! advances by ticks, which nobody can set. A wall clock that jumps is followed where an answer
//! agrees with it, or where no answer has told the time for an hour; an answer's clock that nothing
//! else agrees with is followed once the next answer says the same.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Moment, Tick};

/// Clocks that differ by no more agree; `Date` has whole seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// How long an answer's word stands against a wall clock that says otherwise.
const WITNESS_LIFE: Duration = Duration::from_secs(3600);

/// One account's idea of the time.
#[derive(Clone, Debug)]
pub struct Calendar {
    anchor: Moment,
    /// When an answer last agreed with it.
    witnessed: Option<Tick>,
    /// By how much the last answer contradicted it, with nothing to agree with.
    suspicion: Option<SignedDuration>,
}

impl Calendar {
    /// Believes the wall clock.
    pub fn new(now: Moment) -> Self {
        Self { anchor: now, witnessed: None, suspicion: None }
    }

    /// Goes on from what was known at `anchor`, earlier and on the same row of ticks, with as much
    /// trust as if an answer had just confirmed it.
    pub fn resumed(anchor: Moment) -> Self {
        Self { anchor, witnessed: Some(anchor.tick), suspicion: None }
    }

    /// The instant at `tick`.
    pub fn at(&self, tick: Tick) -> Timestamp {
        let later = SignedDuration::try_from(tick.since(self.anchor.tick));
        let earlier = SignedDuration::try_from(self.anchor.tick.since(tick));
        let (later, earlier) = (later.unwrap_or_default(), earlier.unwrap_or_default());
        self.anchor.wall.saturating_add(later - earlier).unwrap_or(Timestamp::MAX)
    }

    /// The tick at which it will be `instant`; the past is now.
    pub fn tick_of(&self, instant: Timestamp, now: Tick) -> Tick {
        let left = instant.duration_since(self.at(now)).max(SignedDuration::ZERO);
        now + left.try_into().unwrap_or_default()
    }

    /// Looks at the wall clock: a small difference is drift and is followed; a jump is followed when
    /// nobody has contradicted it lately. Returns the jump.
    pub fn look(&mut self, now: Moment) -> Option<SignedDuration> {
        let jump = now.wall.duration_since(self.at(now.tick));
        let agrees = jump.abs() <= TOLERANCE;
        let trusted = self.witnessed.is_some_and(|at| now.tick.since(at) < WITNESS_LIFE);
        if !agrees && trusted {
            return None;
        }
        self.anchor = now;
        (!agrees).then_some(jump)
    }

    /// Hears what an answer says the time was, somewhere between the ticks `asked` and `now`.
    /// Returns the correction, if there is one.
    pub fn hear(&mut self, date: Timestamp, asked: Tick, now: Moment) -> Option<SignedDuration> {
        let error = outside(date, self.at(asked), self.at(now.tick));
        self.witnessed = Some(now.tick);
        if error.is_zero() {
            self.suspicion = None;
            return None;
        }
        let waited = SignedDuration::try_from(now.tick.since(asked)).unwrap_or_default();
        let wall_agrees = outside(date, now.wall - waited, now.wall).is_zero();
        let last = self.suspicion.replace(error);
        let repeated = last.is_some_and(|last| (error - last).abs() <= TOLERANCE);
        if !wall_agrees && !repeated {
            return None;
        }
        let wall = if wall_agrees { now.wall } else { date };
        *self = Self { anchor: Moment { tick: now.tick, wall }, ..*self };
        self.suspicion = None;
        Some(error)
    }
}

/// How far `date` lies outside the stretch, beyond the tolerance; zero inside.
fn outside(date: Timestamp, from: Timestamp, to: Timestamp) -> SignedDuration {
    let (early, late) = (date.duration_since(from), date.duration_since(to));
    if early < -TOLERANCE {
        early
    } else if late > TOLERANCE {
        late
    } else {
        SignedDuration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn tick(seconds: u64) -> Tick {
        Tick::at(Duration::from_secs(seconds))
    }

    /// The truth `seconds` after the start.
    fn truth(seconds: u64) -> Timestamp {
        "2026-03-18T00:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(seconds)
    }

    /// The wall clock's reading then, `off` by so much.
    fn moment(seconds: u64, off: SignedDuration) -> Moment {
        Moment { tick: tick(seconds), wall: truth(seconds) + off }
    }

    #[test]
    fn without_answers_the_wall_clock_is_followed() {
        let mut calendar = Calendar::new(moment(0, SignedDuration::ZERO));
        assert_eq!(calendar.look(moment(60, -HOUR)), Some(-HOUR));
        assert_eq!(calendar.at(tick(60)), truth(60) - HOUR);
    }

    #[test]
    fn a_wall_clock_that_an_answer_contradicts_is_not_followed_for_an_hour() {
        let mut calendar = Calendar::new(moment(0, SignedDuration::ZERO));
        assert_eq!(calendar.hear(truth(1), tick(0), moment(2, SignedDuration::ZERO)), None);
        assert_eq!(calendar.look(moment(60, -HOUR)), None);
        assert_eq!(calendar.hear(truth(90), tick(89), moment(91, -HOUR)), None);
        assert_eq!(calendar.at(tick(100)), truth(100));
        assert_eq!(calendar.look(moment(91 + 3599, -HOUR)), None);
        assert_eq!(calendar.look(moment(91 + 3600, -HOUR)), Some(-HOUR));
    }

    #[test]
    fn a_wall_clock_that_was_corrected_is_followed_with_the_next_answer() {
        let mut calendar = Calendar::new(moment(0, HOUR));
        let ahead = moment(2, HOUR);
        assert_eq!(calendar.hear(truth(1), tick(0), ahead), None, "one answer is no proof");
        assert!(calendar.hear(truth(61), tick(60), moment(62, SignedDuration::ZERO)).is_some());
        assert_eq!(calendar.at(tick(70)), truth(70));
    }

    #[test]
    fn a_date_that_stands_still_is_no_clock() {
        let mut calendar = Calendar::new(moment(0, SignedDuration::ZERO));
        for minute in 1..600 {
            let now = moment(minute * 60, SignedDuration::ZERO);
            assert_eq!(calendar.hear(truth(0) - HOUR, now.tick, now), None);
            calendar.look(now);
        }
        assert_eq!(calendar.at(tick(36_000)), truth(36_000));
    }

    proptest! {
        #[test]
        fn two_answers_set_it_right_whatever_the_wall_clock_says(
            off in -90_000_i64..90_000, asked in 1_u64..100, latency in 0_u64..60, share in 0_u64..=60,
        ) {
            let off = SignedDuration::from_secs(off);
            let mut calendar = Calendar::new(moment(0, off));
            for start in [asked, asked + 60] {
                let date = truth(start + share.min(latency));
                calendar.hear(date, tick(start), moment(start + latency, off));
            }
            let error = calendar.at(tick(500)).duration_since(truth(500));
            prop_assert!(error.abs() <= SignedDuration::from_secs(60 + 5), "{error}");
        }

        #[test]
        fn steps_between_answers_change_nothing(steps in prop::collection::vec(-4000_i64..4000, 1..50)) {
            let mut calendar = Calendar::new(moment(0, SignedDuration::ZERO));
            calendar.hear(truth(1), tick(1), moment(1, SignedDuration::ZERO));
            for (index, step) in steps.iter().enumerate() {
                let now = moment(index as u64 * 300 + 2, SignedDuration::from_secs(*step));
                calendar.look(now);
                calendar.hear(truth(index as u64 * 300 + 2), now.tick, now);
                let error = calendar.at(now.tick).duration_since(truth(index as u64 * 300 + 2));
                prop_assert!(error.abs() <= SignedDuration::from_secs(5), "{error}");
            }
        }
    }
}
