//! Clicks, leads and earnings, counted along every dimension at once, so that they add up.

/// Who a click belongs to, by the place in each dimension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members {
    pub(super) source: u16,
    pub(super) country: u16,
    pub(super) offer: u16,
}

/// Which members are wanted; `None` wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::demo) struct Filter {
    pub(in crate::demo) source: Option<Vec<bool>>,
    pub(in crate::demo) country: Option<Vec<bool>>,
    pub(in crate::demo) offer: Option<Vec<bool>>,
}

/// Clicks, leads and what they earned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Count {
    pub(in crate::demo) clicks: u64,
    pub(in crate::demo) leads: u64,
    pub(in crate::demo) cents: u64,
}

/// A count and its parts by each dimension, which add up to it exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Tally {
    pub(in crate::demo) all: Count,
    pub(in crate::demo) source: Vec<Count>,
    pub(in crate::demo) country: Vec<Count>,
    pub(in crate::demo) offer: Vec<Count>,
}

impl Filter {
    /// Whether it leaves nothing out.
    pub(super) fn wants_all(&self) -> bool {
        self.source.is_none() && self.country.is_none() && self.offer.is_none()
    }

    pub(super) fn wants(&self, members: Members) -> bool {
        fn wants(flags: Option<&Vec<bool>>, index: u16) -> bool {
            flags.is_none_or(|flags| flags.get(usize::from(index)).copied().unwrap_or(false))
        }
        wants(self.source.as_ref(), members.source)
            && wants(self.country.as_ref(), members.country)
            && wants(self.offer.as_ref(), members.offer)
    }
}

impl Tally {
    /// Adds the counts of `other`, which came from the same business.
    pub(in crate::demo) fn merge(&mut self, other: &Self) {
        self.all.merge(other.all);
        merge(&mut self.source, &other.source);
        merge(&mut self.country, &other.country);
        merge(&mut self.offer, &other.offer);
    }

    pub(super) fn add(&mut self, members: Members, one: Count) {
        self.all.merge(one);
        bump(&mut self.source, members.source, one);
        bump(&mut self.country, members.country, one);
        bump(&mut self.offer, members.offer, one);
    }
}

impl Count {
    pub(super) fn merge(&mut self, other: Self) {
        self.clicks += other.clicks;
        self.leads += other.leads;
        self.cents += other.cents;
    }
}

fn bump(rows: &mut [Count], index: u16, one: Count) {
    if let Some(row) = rows.get_mut(usize::from(index)) {
        row.merge(one);
    }
}

fn merge(rows: &mut [Count], others: &[Count]) {
    for (row, other) in rows.iter_mut().zip(others) {
        row.merge(*other);
    }
}
