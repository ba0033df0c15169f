//! The ledger of sent requests: whether another may be sent, and when.
//!
//! The rule that keeps every limiter content: where a server allows `n` requests per window,
//! request `i + n` is sent no sooner than one window after the *answer* to request `i` arrived. The
//! server counted `i` before it answered, and counts `i + n` after it was sent, so any `n + 1` of
//! its counts span more than a window: no fixed window, sliding log or bucket of `n` can overflow,
//! whatever the latency. All times are monotonic, so a stepped wall clock cannot overspend.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Tick;
use crate::model::settings::BudgetTerms;

/// The least time added to a window: clocks drift, and a limiter may count its own edge.
const LEAST_GUARD: Duration = Duration::from_millis(5);

/// A window's share added to it, for a server whose clock runs up to this much slower than ours.
const GUARD_SHARE: u32 = 5_000;

/// The share of a window after which one request may test whether other users still fill it.
const PROBE_SHARE: u32 = 20;

/// The longest wait before testing a window that the API called empty (trap T5).
const LONGEST_DRY: Duration = Duration::from_secs(15 * 60);

/// One credential's ledger.
///
/// Several processes may keep it together: each enters its own requests under its own number, and
/// [`Budget::adopt`] brings in what the others entered.
#[derive(Debug)]
pub struct Budget {
    terms: BudgetTerms,
    allowance: usize,
    /// While nothing can be saved, a successor may not learn what is sent: only half of the
    /// allowance is, and nothing before this tick.
    confined: Option<Tick>,
    /// The number of this process.
    owner: u64,
    /// The serial of the next request.
    next: u64,
    /// The requests that still count, oldest first.
    sent: VecDeque<Sent>,
    others: Option<Others>,
    closed_until: Tick,
    /// Closed as well, but only because the credential was refused.
    refused_until: Tick,
    waited: Duration,
}

/// One request in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The process that sent it.
    pub owner: u64,
    /// Its number among that process' requests.
    pub serial: u64,
    /// When it was entered; it was sent after that.
    pub at: Tick,
    /// When the API will surely not count it any more, whether it is ever answered or not.
    pub until: Tick,
    /// When its answer arrived; for one that was given up, `until` or another such moment.
    pub answered: Option<Tick>,
}

/// What the credential's other users have spent, as far as the API told.
#[derive(Clone, Copy, Debug)]
struct Others {
    spent: usize,
    remaining: u64,
    probe_from: Tick,
    forget_at: Tick,
}

/// Proof that a request was entered in the ledger; hand it back with the answer.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Receipt(u64);

/// When the next request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// At once.
    Now,
    /// At this tick, if nothing changes before.
    At(Tick),
    /// Only once an answer that is on its way has arrived.
    AfterAnswer,
}

/// What an answer says of the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Requests left in the API's window.
    pub remaining: Option<u64>,
    /// The API's limit per window.
    pub limit: Option<u64>,
    /// Time until the API's window begins anew.
    pub reset: Option<Duration>,
}

/// The ledger as its gauges show it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Requests the exporter allows itself per window: the terms less the reserve.
    pub limit: u64,
    /// Requests that still count against it.
    pub used: u64,
    /// What is left of the limit.
    pub remaining: u64,
    /// What the API said is left, before the reserve; `None` until it said so in this window.
    pub upstream_remaining: Option<u64>,
    /// How long due requests have waited for the budget, in all.
    pub waited: Duration,
}

impl Budget {
    /// An empty ledger.
    pub fn new(terms: BudgetTerms) -> Self {
        Self::owned(terms, 0)
    }

    /// An empty ledger of the process with this number.
    pub fn owned(terms: BudgetTerms, owner: u64) -> Self {
        Self {
            terms,
            allowance: usize::try_from(terms.allowance()).unwrap_or(usize::MAX),
            confined: None,
            owner,
            next: 0,
            sent: VecDeque::new(),
            others: None,
            closed_until: Tick::default(),
            refused_until: Tick::default(),
            waited: Duration::ZERO,
        }
    }

    /// How long a request counts after its answer: the window and a guard against drift.
    pub fn hold(&self) -> Duration {
        self.terms.per + LEAST_GUARD.max(self.terms.per / GUARD_SHARE)
    }

    /// What is spent against it.
    pub fn terms(&self) -> BudgetTerms {
        self.terms
    }

    /// When the next request may be sent.
    pub fn opening(&self, now: Tick) -> Opening {
        let quiet_until = self.quiet_until();
        if now < quiet_until {
            return Opening::At(quiet_until);
        }
        match self.own_opening(now) {
            Opening::Now => self.opening_beside_others(now),
            later => later,
        }
    }

    /// Enters a request in the ledger, to be sent from `now` on and given up so that the API will
    /// not count it after `life`; `None` when it may not be sent.
    pub fn take(&mut self, now: Tick, life: Duration) -> Option<Receipt> {
        if self.opening(now) != Opening::Now {
            return None;
        }
        self.drop_expired(now);
        let (owner, serial) = (self.owner, self.next);
        self.next += 1;
        self.sent.push_back(Sent { owner, serial, at: now, until: now + life, answered: None });
        Some(Receipt(serial))
    }

    /// Strikes out a request that was not sent after all.
    pub fn cancel(&mut self, receipt: &Receipt) {
        self.sent.retain(|sent| !(sent.owner == self.owner && sent.serial == receipt.0));
    }

    /// Enters requests under this number from now on.
    pub fn own(&mut self, owner: u64) {
        for sent in self.sent.iter_mut().filter(|sent| sent.owner == self.owner) {
            sent.owner = owner;
        }
        self.owner = owner;
    }

    /// Brings in what other processes entered. Of this process' own requests it knows better.
    pub fn adopt(&mut self, entries: impl IntoIterator<Item = Sent>, closed_until: Tick) {
        for entry in entries.into_iter().filter(|entry| entry.owner != self.owner) {
            let same = |sent: &&mut Sent| sent.owner == entry.owner && sent.serial == entry.serial;
            match self.sent.iter_mut().find(same) {
                Some(known) => *known = entry,
                None => self.sent.push_back(entry),
            }
        }
        self.sent.make_contiguous().sort_by_key(|sent| (sent.at, sent.owner, sent.serial));
        self.close_until(closed_until);
    }

    /// Enters `count` requests that somebody may have sent until `now`.
    pub fn assume(&mut self, count: usize, now: Tick) {
        for _ in 0..count {
            let (owner, serial) = (self.owner, self.next);
            self.next += 1;
            let answered = Some(now);
            self.sent.push_back(Sent { owner, serial, at: now, until: now, answered });
        }
    }

    /// Every request that counts at `now`, oldest first.
    pub fn entries(&self, now: Tick) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| self.counts(**sent, now))
    }

    /// Until when nothing is sent at all.
    pub fn closed_until(&self) -> Tick {
        self.closed_until
    }

    /// What may be spent in a window that a successor may know nothing of: it leaves the other half
    /// to it, and it assumes that this half was spent.
    pub fn half(&self) -> usize {
        self.allowance / 2
    }

    /// Spends only half of the allowance, from `quiet_until` on; or all of it again.
    pub fn confine(&mut self, quiet_until: Option<Tick>) {
        self.confined = quiet_until;
    }

    /// Whether it is confined, and the last request should not have been entered then.
    pub fn is_overdrawn(&self, now: Tick) -> bool {
        self.confined.is_some_and(|until| now < until) || self.counting(now) > self.most()
    }

    fn most(&self) -> usize {
        if self.confined.is_some() { self.half() } else { self.allowance }
    }

    /// Notes that the answer to `receipt` arrived at `now`, and what it said. For a request that was
    /// given up, `now` may lie ahead: the moment after which the API will surely not count it.
    ///
    /// An answer may only lower what may be spent: the ledger's own count is never raised by it.
    pub fn settle(&mut self, receipt: &Receipt, now: Tick, advice: Advice) {
        let owner = self.owner;
        let is_it = |sent: &Sent| sent.owner == owner && sent.serial == receipt.0;
        let Some(index) = self.sent.iter().rposition(is_it) else { return };
        let entry = self.sent[index];
        if let Some(remaining) = advice.remaining {
            self.others = Some(self.others_after(entry.at, now, remaining, advice));
        }
        self.sent[index].answered = Some(now);
    }

    /// Every request that is still unanswered counts as answered at `tick`: nobody waits for it any
    /// more, and after `tick` the API will surely not count it.
    pub fn abandon(&mut self, tick: Tick) {
        let owner = self.owner;
        let waiting = |sent: &&mut Sent| sent.owner == owner && sent.answered.is_none();
        for sent in self.sent.iter_mut().filter(waiting) {
            sent.answered = Some(tick);
        }
    }

    /// Goes on under other terms; what was sent still counts.
    pub fn retune(&mut self, terms: BudgetTerms) {
        self.allowance = usize::try_from(terms.allowance()).unwrap_or(usize::MAX);
        self.terms = terms;
    }

    /// Sends nothing before `tick`: the API asked for quiet.
    pub fn close_until(&mut self, tick: Tick) {
        self.closed_until = self.closed_until.max(tick);
    }

    /// Sends nothing before `tick`: the API refused the credential.
    pub fn refuse_until(&mut self, tick: Tick) {
        self.refused_until = self.refused_until.max(tick);
    }

    /// There is another credential now, which was not refused; quiet that the API asked for is kept.
    /// Says whether that opened anything.
    pub fn forgive(&mut self) -> bool {
        std::mem::take(&mut self.refused_until) != Tick::default()
    }

    /// Until when nothing is sent, whatever the reason.
    fn quiet_until(&self) -> Tick {
        let confined = self.confined.unwrap_or_default();
        self.closed_until.max(self.refused_until).max(confined)
    }

    /// Whether nothing is sent at `now`, for the API asked for quiet or refused the credential.
    pub fn is_closed(&self, now: Tick) -> bool {
        now < self.closed_until.max(self.refused_until)
    }

    /// Adds to the time that due requests have waited.
    pub fn add_wait(&mut self, wait: Duration) {
        self.waited += wait;
    }

    /// How many requests of this process are on their way.
    pub fn in_flight(&self) -> usize {
        self.sent.iter().filter(|sent| self.answered(**sent).is_none()).count()
    }

    /// The gauges at `now`.
    pub fn reading(&self, now: Tick) -> Reading {
        let used = self.sent.iter().filter(|sent| self.counts(**sent, now)).count();
        let others = self.others.filter(|others| now < others.forget_at);
        Reading {
            limit: self.most() as u64,
            used: used as u64,
            remaining: self.most().saturating_sub(used) as u64,
            upstream_remaining: others.map(|others| others.remaining),
            waited: self.waited,
        }
    }

    /// The rule itself: the request `allowance` places back, and each before it, must have been
    /// answered a window ago.
    fn own_opening(&self, now: Tick) -> Opening {
        let most = self.most();
        if most == 0 {
            return Opening::At(now + self.hold());
        }
        let Some(place) = self.sent.len().checked_sub(most) else { return Opening::Now };
        let mut opens = Tick::default();
        for sent in self.sent.iter().take(place + 1) {
            let Some(answered) = self.answered(*sent) else { return Opening::AfterAnswer };
            opens = opens.max(answered + self.hold());
        }
        if now < opens { Opening::At(opens) } else { Opening::Now }
    }

    fn opening_beside_others(&self, now: Tick) -> Opening {
        let Some(others) = self.others.filter(|others| now < others.forget_at) else {
            return Opening::Now;
        };
        if self.counting(now) + others.spent < self.most() {
            Opening::Now
        } else if now < others.probe_from {
            Opening::At(others.probe_from)
        } else if self.in_flight() > 0 {
            Opening::AfterAnswer
        } else {
            Opening::Now
        }
    }

    /// How much of the allowance is not ours to spend, for the API to have `remaining` left: what
    /// remains beyond the reserve, and what it counted of ours, is all that is.
    ///
    /// Which of ours it counted is uncertain at the window's edge and in flight. Others are
    /// assumed only where there must be some, or a full budget would stall on its own echo.
    fn others_after(&self, sent_at: Tick, now: Tick, remaining: u64, advice: Advice) -> Others {
        let reserve = self.terms.reserve_of(advice.limit);
        let headroom = usize::try_from(remaining.saturating_sub(reserve)).unwrap_or(usize::MAX);
        let missing = |ours: usize| {
            self.allowance.saturating_sub(headroom.saturating_add(ours).saturating_add(1))
        };
        let surely = |sent: &&Sent| {
            sent.at + self.terms.per > now && sent.answered.is_some_and(|at| at <= sent_at)
        };
        let alone = missing(self.counting(sent_at).saturating_sub(1)) == 0;
        let spent = if alone { 0 } else { missing(self.sent.iter().filter(surely).count()) };
        let dry = if remaining == 0 { LONGEST_DRY } else { self.terms.per / PROBE_SHARE };
        let probe = advice.reset.unwrap_or(dry).min(self.hold());
        Others { spent, remaining, probe_from: now + probe, forget_at: now + self.hold() }
    }

    /// How many requests may still count at `now`. Whoever is behind one that does is taken to
    /// count as well, so this looks at the oldest only.
    fn counting(&self, now: Tick) -> usize {
        let expired = self.sent.iter().take_while(|sent| !self.counts(**sent, now)).count();
        self.sent.len() - expired
    }

    fn counts(&self, sent: Sent, now: Tick) -> bool {
        self.answered(sent).is_none_or(|answered| now < answered + self.hold())
    }

    /// When a request was answered. What becomes of another process' request is not heard at once,
    /// or ever, if that process is gone: then it is the last moment at which it might have been.
    fn answered(&self, sent: Sent) -> Option<Tick> {
        let foreign = (sent.owner != self.owner).then_some(sent.until);
        sent.answered.or(foreign)
    }

    fn drop_expired(&mut self, now: Tick) {
        while self.sent.front().is_some_and(|sent| !self.counts(*sent, now)) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const LIFE: Duration = Duration::from_secs(60);

    fn terms(requests: u32, seconds: u64, reserve: f64) -> BudgetTerms {
        let requests = NonZeroU32::new(requests).unwrap();
        BudgetTerms { requests, per: Duration::from_secs(seconds), reserve }
    }

    fn at(millis: u64) -> Tick {
        Tick::at(Duration::from_millis(millis))
    }

    /// Sends greedily with the given latencies; returns (sent, answered) of every request.
    fn spend(terms: BudgetTerms, latencies: &[u64], idle: &[u64]) -> Vec<(Tick, Tick)> {
        let mut budget = Budget::new(terms);
        let mut on_the_way: Vec<(Tick, Receipt)> = Vec::new();
        let (mut now, mut log) = (Tick::default(), Vec::new());
        for (index, &latency) in latencies.iter().enumerate() {
            now = now + Duration::from_millis(idle[index % idle.len()]);
            let receipt = loop {
                on_the_way.sort_by_key(|(answer, _)| *answer);
                while on_the_way.first().is_some_and(|(answer, _)| *answer <= now) {
                    let (answer, receipt) = on_the_way.remove(0);
                    budget.settle(&receipt, answer, Advice::default());
                }
                match budget.opening(now) {
                    Opening::Now => break budget.take(now, LIFE).unwrap(),
                    Opening::At(tick) => now = tick.min(on_the_way.first().map_or(tick, |a| a.0)),
                    Opening::AfterAnswer => now = on_the_way[0].0,
                }
            };
            let answer = now + Duration::from_millis(latency);
            on_the_way.push((answer, receipt));
            log.push((now, answer));
        }
        log
    }

    proptest! {
        #[test]
        fn request_i_plus_n_waits_a_window_after_the_answer_to_i(
            n in 1_u32..9, seconds in 1_u64..120,
            latencies in prop::collection::vec(0_u64..200_000, 1..80),
            idle in prop::collection::vec(0_u64..20_000, 1..5),
        ) {
            let log = spend(terms(n, seconds, 0.0), &latencies, &idle);
            for pair in log.windows(n as usize + 1) {
                let (first, last) = (pair[0], pair[n as usize]);
                prop_assert!(last.0 >= first.1 + Duration::from_secs(seconds));
            }
        }

        #[test]
        fn no_server_counts_more_than_n_in_any_window_wherever_in_flight_it_counts(
            n in 1_u32..6, seconds in 1_u64..60,
            latencies in prop::collection::vec(0_u64..90_000, 1..60),
            shares in prop::collection::vec(0_u32..=100, 60),
        ) {
            let log = spend(terms(n, seconds, 0.0), &latencies, &[0]);
            let mut counted: Vec<Tick> = log.iter().zip(&shares)
                .map(|((sent, answer), share)| *sent + answer.since(*sent) * *share / 100)
                .collect();
            counted.sort();
            for window in counted.windows(n as usize + 1) {
                prop_assert!(window[n as usize].since(window[0]) > Duration::from_secs(seconds));
            }
        }

        #[test]
        fn a_greedy_sender_uses_all_that_the_rule_permits(
            n in 1_u32..20, seconds in 10_u64..100, latency in 0_u64..400,
        ) {
            let terms = terms(n, seconds, 0.0);
            let rounds = 30_usize;
            let log = spend(terms, &vec![latency; rounds * n as usize], &[0]);
            let ideal = Duration::from_secs(seconds) + Duration::from_millis(latency);
            let took = log[log.len() - 1].0.since_start();
            prop_assert!(took.as_secs_f64() <= ideal.as_secs_f64() * (rounds - 1) as f64 * 1.001);
        }
    }

    #[test]
    fn the_reserve_is_left_for_others() {
        let mut budget = Budget::new(terms(600, 3600, 0.1));
        let sent = (0..999).take_while(|_| budget.take(at(0), LIFE).is_some()).count();
        assert_eq!((sent, budget.reading(at(0)).remaining), (540, 0));
    }

    #[test]
    fn an_abandoned_request_counts_until_the_api_cannot_count_it_any_more() {
        let mut budget = Budget::new(terms(1, 30, 0.0));
        budget.take(at(0), LIFE).unwrap();
        budget.abandon(at(31_000));
        assert_eq!(budget.opening(at(40_000)), Opening::At(at(61_006)));
    }

    #[test]
    fn smaller_terms_count_what_was_sent_under_larger_ones() {
        let mut budget = Budget::new(terms(10, 30, 0.0));
        for second in 0..8 {
            let receipt = budget.take(at(second * 1000), LIFE).unwrap();
            budget.settle(&receipt, at(second * 1000), Advice::default());
        }
        budget.retune(terms(3, 30, 0.0));
        assert_eq!(budget.opening(at(9_000)), Opening::At(at(35_006)));
        budget.retune(terms(9, 30, 0.0));
        assert_eq!(budget.opening(at(9_000)), Opening::Now);
    }

    fn entry(owner: u64, serial: u64, at_: u64, answered: Option<u64>) -> Sent {
        Sent { owner, serial, at: at(at_), until: at(at_) + LIFE, answered: answered.map(at) }
    }

    #[test]
    fn what_another_process_sent_counts_and_what_became_of_it_is_learned_later() {
        let mut budget = Budget::owned(terms(2, 30, 0.0), 1);
        budget.adopt([entry(2, 0, 0, None), entry(2, 1, 10, Some(20))], at(0));
        assert_eq!(
            budget.opening(at(100)),
            Opening::At(at(90_006)),
            "unanswered: given up at 60 s"
        );
        budget.adopt([entry(2, 0, 0, Some(40))], at(0));
        assert_eq!(budget.opening(at(100)), Opening::At(at(30_046)));
        budget.adopt([entry(1, 0, 50, None)], at(0));
        assert_eq!(budget.reading(at(100)).used, 2, "of its own requests it knows better");
    }

    #[test]
    fn an_old_request_without_an_answer_counts_behind_answered_ones_as_well() {
        let mut budget = Budget::owned(terms(2, 30, 0.0), 1);
        let sent =
            [entry(2, 0, 0, None), entry(2, 1, 1, Some(2)), entry(2, 2, 31_000, Some(31_001))];
        budget.adopt(sent, at(0));
        assert_eq!(budget.opening(at(31_100)), Opening::At(at(90_006)));
    }

    #[test]
    fn a_confined_ledger_spends_half_and_leaves_half() {
        let mut budget = Budget::new(terms(7, 30, 0.0));
        budget.confine(Some(at(0)));
        let spent = (0..9).take_while(|_| budget.take(at(0), LIFE).is_some()).count();
        let mut successor = Budget::new(terms(7, 30, 0.0));
        successor.assume(7 - successor.half(), at(0));
        let left = (0..9).take_while(|_| successor.take(at(0), LIFE).is_some()).count();
        assert_eq!((spent, left), (3, 3));
        budget.confine(None);
        assert!(budget.take(at(0), LIFE).is_some());
    }

    #[test]
    fn a_cancelled_request_is_as_if_it_never_was() {
        let mut budget = Budget::new(terms(1, 30, 0.0));
        let receipt = budget.take(at(0), LIFE).unwrap();
        budget.cancel(&receipt);
        assert_eq!(budget.opening(at(0)), Opening::Now);
    }

    #[test]
    fn an_unanswered_request_blocks_its_successor_without_end() {
        let mut budget = Budget::new(terms(1, 30, 0.0));
        let receipt = budget.take(at(0), LIFE).unwrap();
        assert_eq!(budget.opening(at(99_000_000)), Opening::AfterAnswer);
        budget.settle(&receipt, at(99_000_000), Advice::default());
        assert_eq!(budget.opening(at(99_000_000)), Opening::At(at(99_030_006)));
    }

    #[test]
    fn t20_what_others_spend_is_not_spent_again() {
        let mut budget = Budget::new(terms(600, 3600, 0.1));
        let receipt = budget.take(at(0), LIFE).unwrap();
        let advice = Advice { remaining: Some(70), ..Advice::default() };
        budget.settle(&receipt, at(100), advice);
        let sent = (0..999).take_while(|_| budget.take(at(200), LIFE).is_some()).count();
        assert_eq!(sent, 10, "70 remain, 60 of them are the reserve");
        assert_eq!(budget.reading(at(200)).upstream_remaining, Some(70));
    }

    #[test]
    fn t4_a_generous_upstream_never_raises_the_own_count() {
        let mut budget = Budget::new(terms(10, 3600, 0.0));
        for _ in 0..10 {
            let receipt = budget.take(at(0), LIFE).unwrap();
            let advice = Advice { remaining: Some(5000), limit: Some(9000), reset: None };
            budget.settle(&receipt, at(1), advice);
        }
        assert_eq!(budget.take(at(2), LIFE), None);
    }

    #[test]
    fn t4_a_smaller_upstream_limit_is_followed_down() {
        let mut budget = Budget::new(terms(600, 3600, 0.0));
        let receipt = budget.take(at(0), LIFE).unwrap();
        let advice = Advice { remaining: Some(2), limit: Some(3), reset: None };
        budget.settle(&receipt, at(1), advice);
        let sent = (0..999).take_while(|_| budget.take(at(2), LIFE).is_some()).count();
        assert_eq!(sent, 2);
    }

    #[test]
    fn an_empty_upstream_window_is_tested_with_one_request_after_its_reset() {
        let mut budget = Budget::new(terms(600, 3600, 0.1));
        let receipt = budget.take(at(0), LIFE).unwrap();
        let reset = Some(Duration::from_secs(20));
        budget.settle(&receipt, at(0), Advice { remaining: Some(0), limit: None, reset });
        assert_eq!(budget.opening(at(1)), Opening::At(at(20_000)));
        assert!(budget.take(at(20_000), LIFE).is_some());
        assert_eq!(budget.opening(at(20_000)), Opening::AfterAnswer);
    }

    /// A server that keeps a sliding log, for a sender that is alone on its key.
    #[derive(Default)]
    struct SlidingLog(VecDeque<Tick>);

    impl SlidingLog {
        fn remaining(&mut self, at: Tick, window: Duration, limit: u64) -> u64 {
            while self.0.front().is_some_and(|first| *first + window < at) {
                self.0.pop_front();
            }
            self.0.push_back(at);
            limit - self.0.len() as u64
        }
    }

    proptest! {
        #[test]
        fn alone_at_full_speed_the_upstream_count_never_binds(
            latencies in prop::collection::vec(1_u64..400, 50), burst in 1_u64..20, seed in 0_u64..99,
        ) {
            let terms = terms(60, 60, 0.1);
            let (mut budget, mut server) = (Budget::new(terms), SlidingLog::default());
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut now = at(0);
            for index in 0..400 {
                let latency = Duration::from_millis(latencies[index % latencies.len()]);
                while let Opening::At(tick) = budget.own_opening(now) {
                    now = tick;
                }
                let receipt = budget.take(now, LIFE);
                prop_assert!(receipt.is_some(), "stalled at request {index}");
                let remaining = Some(server.remaining(now + latency / 2, terms.per, 60));
                now = now + latency;
                budget.settle(&receipt.unwrap(), now, Advice { remaining, ..Advice::default() });
                if rng.u64(0..burst) == 0 {
                    now = now + Duration::from_millis(rng.u64(0..3000));
                }
            }
        }
    }

    #[test]
    fn another_credential_ends_the_quiet_after_a_refusal_and_no_other() {
        let mut budget = Budget::new(terms(2, 30, 0.0));
        budget.close_until(at(2_000));
        budget.refuse_until(at(60_000));
        assert_eq!(budget.opening(at(1_000)), Opening::At(at(60_000)));
        assert!(budget.forgive() && !budget.forgive());
        assert_eq!(budget.opening(at(1_000)), Opening::At(at(2_000)));
    }

    #[test]
    fn a_closed_budget_stays_closed_as_long_as_the_longest_request_for_quiet() {
        let mut budget = Budget::new(terms(2, 30, 0.0));
        budget.close_until(at(5_000));
        budget.close_until(at(2_000));
        assert_eq!(budget.opening(at(4_999)), Opening::At(at(5_000)));
        assert_eq!(budget.opening(at(5_000)), Opening::Now);
    }
}
