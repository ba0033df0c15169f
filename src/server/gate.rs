//! How many pages of metrics may be on their way at once, as promhttp's `MaxRequestsInFlight`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The way in. Counted without a lock.
#[derive(Debug)]
pub struct Gate {
    /// 0 is no limit.
    limit: usize,
    inside: Arc<AtomicUsize>,
}

/// One request's right to its page; over when the last byte was handed to the system.
#[derive(Debug)]
pub struct Pass(Arc<AtomicUsize>);

impl Gate {
    /// Admits `limit` requests at once; 0 admits any number, as node_exporter's flag.
    pub fn new(limit: usize) -> Self {
        Self { limit, inside: Arc::default() }
    }

    /// How many at once; 0 is any number.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many are on their way.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// A pass, if one is left.
    pub fn enter(&self) -> Option<Pass> {
        let room = |inside: usize| self.limit == 0 || inside < self.limit;
        let one_more = |inside| room(inside).then_some(inside + 1);
        // Nothing else is ordered by this count.
        self.inside.try_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Pass(Arc::clone(&self.inside)))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_permitted_are_inside_and_a_pass_given_back_is_given_again() {
        let gate = Gate::new(2);
        let (one, two) = (gate.enter().unwrap(), gate.enter().unwrap());
        assert!(gate.enter().is_none());
        drop(one);
        let three = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        drop((two, three));
        assert_eq!(gate.inside(), 0);
    }

    #[test]
    fn nothing_is_no_limit() {
        let gate = Gate::new(0);
        let passes: Vec<_> = (0..1000).map(|_| gate.enter().unwrap()).collect();
        assert_eq!((gate.inside(), passes.len()), (1000, 1000));
    }

    #[test]
    fn no_more_than_permitted_are_ever_inside_whoever_runs_at_once() {
        let gate = Gate::new(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let pass = gate.enter();
                        assert!(gate.inside() <= 3);
                        drop(pass);
                    }
                });
            }
        });
        assert_eq!(gate.inside(), 0);
    }
}
