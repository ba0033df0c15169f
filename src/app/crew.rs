//! The threads that collect, and which of them has which account.

use std::sync::Arc;

use tokio::runtime::Handle;

/// So many accounts in the configuration's order have one thread, and the next so many the next. One has time for
/// thousands; two that share a few would only wake each other.
const ROW: usize = 1_000;

/// Where collectors' tasks run. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Crew {
    first: Handle,
    others: Arc<[Handle]>,
}

impl Crew {
    /// The thread that has the first accounts, and those that take turns with it where there are many.
    pub fn new(first: Handle, others: impl IntoIterator<Item = Handle>) -> Self {
        Self { first, others: others.into_iter().collect() }
    }

    /// Where it is called, alone.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn here() -> Self {
        Self::new(Handle::current(), [])
    }

    /// Whose thread begins.
    pub fn first(&self) -> &Handle {
        &self.first
    }

    /// Whose thread collects the account at `place` of the configuration.
    pub(super) fn of(&self, place: usize) -> &Handle {
        let turn = place / ROW % (self.others.len() + 1);
        turn.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_accounts_have_one_thread_and_many_take_turns() {
        let runtimes =
            [(); 2].map(|()| tokio::runtime::Builder::new_current_thread().build().unwrap());
        let [first, second] = runtimes.each_ref().map(|one| one.handle().clone());
        let (alone, both) = (Crew::new(first.clone(), []), Crew::new(first, [second.clone()]));
        assert!([0, 5_000].iter().all(|place| alone.of(*place).id() == alone.first().id()));
        let seconds: Vec<_> =
            (0..4_000).filter(|place| both.of(*place).id() == second.id()).collect();
        assert_eq!(seconds, (1_000..2_000).chain(3_000..4_000).collect::<Vec<_>>());
    }
}
