//! What to ask next: earliest deadline first, each request released no sooner than wanted.
//!
//! A job is one (view, range). Its *release* is the first moment at which asking again is wanted,
//! its *deadline* the moment by which the plan promises it. When the budget suffices both are one
//! interval after the last request; when it is short the deadline lies a stretched interval away,
//! and whatever the budget permits in between goes to the earliest deadline: nothing starves, and
//! nothing that may be spent is left lying.

use std::time::Duration;

use crate::clock::Tick;

/// Something urgent (new, or after midnight) is due within this share of its interval, so that of
/// many urgent ranges the frequent ones go first.
const URGENCY_SHARE: u32 = 10;

/// A spread-out request comes no sooner than this share of its interval after the one before it.
const LEAST_GAP_SHARE: u32 = 4;

/// The jobs of one account.
#[derive(Debug)]
pub struct Schedule {
    jobs: Vec<Job>,
    pace: Pace,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    every: Duration,
    stretched: Duration,
    /// Its place within `every`, so that equal jobs do not bunch.
    phase: Duration,
    release: Tick,
    deadline: Tick,
    urgent: bool,
    busy: bool,
}

/// Spreads the first window of an over-asked budget evenly: without it everything would be spent at
/// once, and then nothing for a window. Afterwards the ledger keeps the spacing by itself, because
/// each request opens one window after its predecessor.
#[derive(Clone, Copy, Debug)]
struct Pace {
    over_asked: bool,
    gap: Duration,
    next: Tick,
    until: Tick,
}

impl Schedule {
    /// Jobs by the interval asked for and the factor it is stretched by, all urgent at `now`.
    /// `gap` is the even spacing of a window's requests and `window` its length.
    pub fn new(
        intervals: &[Duration],
        stretch: f64,
        now: Tick,
        gap: Duration,
        window: Duration,
    ) -> Self {
        let mut jobs: Vec<Job> = Vec::with_capacity(intervals.len());
        for (index, &every) in intervals.iter().enumerate() {
            let equals = intervals.iter().filter(|other| **other == every).count();
            let before = intervals[..index].iter().filter(|other| **other == every).count();
            let phase = every.mul_f64(before as f64 / equals as f64);
            let stretched = every.mul_f64(stretch.max(1.0));
            let (release, deadline) = (now, now + every / URGENCY_SHARE);
            let job = Job { every, stretched, phase, release, deadline, urgent: true, busy: false };
            jobs.push(job);
        }
        let pace = Pace { over_asked: stretch > 1.0, gap, next: now, until: now + window };
        Self { jobs, pace }
    }

    /// The interval a job really gets.
    pub fn interval(&self, job: usize) -> Duration {
        self.jobs.get(job).map_or(Duration::ZERO, |job| job.stretched)
    }

    /// The released job with the earliest deadline, or `None`.
    pub fn due(&self, now: Tick) -> Option<usize> {
        let ready = |job: &Job| !job.busy && job.release <= now && self.pace.opens(job) <= now;
        let due = self.jobs.iter().enumerate().filter(|(_, job)| ready(job));
        due.min_by_key(|(index, job)| (job.deadline, *index)).map(|(index, _)| index)
    }

    /// Whether `job` might be asked now, were it the earliest.
    pub fn is_due(&self, job: usize, now: Tick) -> bool {
        self.jobs.get(job).is_some_and(|job| !job.busy && job.release <= now)
    }

    /// Whether no request for `job` is on its way.
    pub fn is_idle(&self, job: usize) -> bool {
        self.jobs.get(job).is_some_and(|job| !job.busy)
    }

    /// When [`Schedule::due`] may next have something that it does not have at `now`.
    pub fn next_release(&self, now: Tick) -> Option<Tick> {
        let waiting = self.jobs.iter().filter(|job| !job.busy);
        waiting.map(|job| self.pace.opens(job).max(job.release)).filter(|tick| *tick > now).min()
    }

    /// When `job` is wanted next, or was; `None` while it is on its way, and of an unknown one.
    pub fn wanted(&self, job: usize) -> Option<Tick> {
        let job = self.jobs.get(job).filter(|job| !job.busy)?;
        Some(job.release.max(self.pace.opens(job)))
    }

    /// Notes that a request for `job` is sent at `now`.
    pub fn start(&mut self, job: usize, now: Tick) {
        self.pace.spend(now);
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = true;
        }
    }

    /// `job` is served by another job's request: it is not asked by itself meanwhile.
    pub fn join(&mut self, job: usize) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = true;
        }
    }

    /// The request that `job` had joined gave it nothing: it is as due as before.
    pub fn leave(&mut self, job: usize) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = false;
        }
    }

    /// Notes a request that serves no job by itself (an access token).
    pub fn start_overhead(&mut self, now: Tick) {
        self.pace.spend(now);
    }

    /// `job`'s figures, asked for at `asked`, are here; it is wanted again an interval later.
    pub fn done(&mut self, job: usize, asked: Tick) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = false;
            job.urgent = false;
            job.release = job.next_slot(asked);
            job.deadline = asked + job.stretched.max(job.release.since(asked));
        }
    }

    /// `job` needs another request at once for the same figures; its deadline stands.
    pub fn go_on(&mut self, job: usize, now: Tick) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = false;
            job.release = now;
        }
    }

    /// `job` failed and is wanted again after `wait`.
    pub fn retry(&mut self, job: usize, now: Tick, wait: Duration) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.busy = false;
            job.urgent = false;
            job.release = now + wait;
            job.deadline = now + wait;
        }
    }

    /// `job` means other dates now: it is wanted at once.
    pub fn renew(&mut self, job: usize, now: Tick) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.urgent = true;
            job.release = now;
            job.deadline = now + job.every / URGENCY_SHARE;
        }
    }

    /// The budget is open already at `now`, sooner than [`Schedule::spread_from`] was told.
    pub fn resume(&mut self, now: Tick, window: Duration) {
        self.pace.next = now;
        self.pace.until = now + window;
    }

    /// The budget was closed until `now`: what opens is spread over a window, not sent in a burst.
    pub fn spread_from(&mut self, now: Tick, window: Duration) {
        self.pace.next = self.pace.next.max(now);
        self.pace.until = now + window;
    }
}

impl Job {
    /// One interval on, or the job's own place in the interval where that is neither too soon nor
    /// more than a quarter late. An over-asked budget spreads requests by itself.
    fn next_slot(&self, asked: Tick) -> Tick {
        if self.stretched > self.every || self.every.is_zero() {
            return asked + self.every;
        }
        let every = self.every.as_nanos();
        let behind = (asked.since_start().as_nanos() + every - self.phase.as_nanos()) % every;
        let ahead = u64::try_from(every - behind).unwrap_or(u64::MAX);
        let slot = Duration::from_nanos(ahead);
        if slot < self.every / LEAST_GAP_SHARE { asked + slot + self.every } else { asked + slot }
    }
}

impl Pace {
    /// From when on `job` may go, as far as spreading is concerned.
    fn opens(&self, job: &Job) -> Tick {
        let free = job.urgent || !self.over_asked;
        if free { Tick::default() } else { self.next.min(self.until) }
    }

    /// One that went late is followed by one in time: lateness must not add up over a window.
    fn spend(&mut self, now: Tick) {
        self.next = self.next.max(now - self.gap) + self.gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn free(intervals: &[u64]) -> Schedule {
        let intervals: Vec<_> = intervals.iter().map(|every| secs(*every)).collect();
        Schedule::new(&intervals, 1.0, Tick::default(), Duration::ZERO, Duration::ZERO)
    }

    /// Runs a schedule against a budget of one request each `gap`, for `rounds` requests.
    fn run(schedule: &mut Schedule, gap: Duration, rounds: usize) -> Vec<(Tick, usize)> {
        let (mut now, mut log) = (Tick::default(), Vec::new());
        while log.len() < rounds {
            if let Some(job) = schedule.due(now) {
                schedule.start(job, now);
                schedule.done(job, now);
                log.push((now, job));
                now = now + gap;
            } else {
                now = schedule.next_release(now).unwrap();
            }
        }
        log
    }

    #[test]
    fn everything_is_asked_at_once_frequent_ranges_first() {
        let mut schedule = free(&[3600, 30, 300]);
        let log = run(&mut schedule, Duration::ZERO, 3);
        assert_eq!(log.iter().map(|(_, job)| *job).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(log.iter().all(|(tick, _)| *tick == Tick::default()));
    }

    #[test]
    fn equal_jobs_are_spread_over_their_interval() {
        let mut schedule = free(&[60; 6]);
        let log = run(&mut schedule, Duration::ZERO, 600);
        for pair in log[12..].windows(2) {
            assert_eq!(pair[1].0.since(pair[0].0), secs(10));
        }
    }

    #[test]
    fn after_midnight_a_range_is_asked_at_once() {
        let mut schedule = free(&[3600, 3600]);
        run(&mut schedule, Duration::ZERO, 2);
        let midnight = Tick::at(secs(100));
        assert_eq!(schedule.due(midnight), None);
        schedule.renew(1, midnight);
        assert_eq!(schedule.due(midnight), Some(1));
    }

    #[test]
    fn the_first_window_is_spread_evenly_but_urgent_jobs_do_not_wait() {
        let mut schedule = Schedule::new(&[secs(1); 4], 36.0, Tick::default(), secs(36), HOUR);
        let log = run(&mut schedule, Duration::ZERO, 60);
        assert!(log[..4].iter().all(|(tick, _)| *tick == Tick::default()));
        for (index, pair) in log[4..].windows(2).enumerate() {
            assert_eq!(pair[1].0.since(pair[0].0), secs(36), "{index}");
        }
    }

    #[test]
    fn a_request_that_went_late_delays_none_of_those_after_it() {
        let mut schedule = Schedule::new(&[secs(1); 2], 36.0, Tick::default(), secs(36), HOUR);
        let (last, _) = run(&mut schedule, Duration::ZERO, 10)[9];
        for (late, expected) in [(20, 72), (0, 108), (35, 144), (35, 180)] {
            let now = schedule.next_release(last + secs(1)).unwrap();
            let now = now.max(last + secs(expected - 36)) + secs(late);
            let job = schedule.due(now).unwrap();
            schedule.start(job, now);
            schedule.done(job, now);
            let next = schedule.next_release(now).unwrap();
            assert_eq!(next, last + secs(expected), "{late} s late");
        }
    }

    proptest! {
        #[test]
        fn nothing_starves_and_intervals_stretch_in_proportion(
            intervals in prop::collection::vec(5_u64..600, 2..12), load in 1.5_f64..6.0,
        ) {
            let demand: f64 = intervals.iter().map(|every| 1.0 / *every as f64).sum();
            let gap = Duration::from_secs_f64(load / demand);
            let every: Vec<_> = intervals.iter().map(|every| secs(*every)).collect();
            let mut schedule =
                Schedule::new(&every, load, Tick::default(), Duration::ZERO, Duration::ZERO);
            let log = run(&mut schedule, gap, 3000);
            let total = log[log.len() - 1].0.since_start().as_secs_f64();
            let used = 2999.0 * gap.as_secs_f64() / total;
            prop_assert!(load < 3.0 || used >= 0.98, "only {used} of the budget used");
            for (job, every) in intervals.iter().enumerate() {
                let times: Vec<_> = log.iter().filter(|(_, of)| *of == job).map(|x| x.0).collect();
                let promised = *every as f64 * load;
                for pair in times.windows(2) {
                    let took = pair[1].since(pair[0]).as_secs_f64();
                    let most = promised + gap.as_secs_f64() * (intervals.len() as f64 + 1.0);
                    prop_assert!(took <= most, "job {job}: {took} > {most}");
                }
            }
        }

        #[test]
        fn a_free_schedule_keeps_every_interval(
            intervals in prop::collection::vec(5_u64..600, 1..8),
        ) {
            let mut schedule = free(&intervals);
            let log = run(&mut schedule, Duration::ZERO, 500);
            for (job, every) in intervals.iter().enumerate() {
                let times: Vec<_> = log.iter().filter(|(_, of)| *of == job).map(|x| x.0).collect();
                for (index, pair) in times.windows(2).enumerate() {
                    let took = pair[1].since(pair[0]);
                    let most = if index == 0 { secs(*every) * 5 / 4 } else { secs(*every) };
                    prop_assert!(took <= most + Duration::from_nanos(2));
                    prop_assert!(index == 0 || took + Duration::from_nanos(2) >= secs(*every));
                }
            }
        }
    }
}
