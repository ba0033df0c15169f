//! What is known of an expression's result without asking for it.

use std::collections::BTreeSet;

/// The labels of a vector, and what its numbers are.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says something else of the numbers")]
pub(super) struct Shape {
    /// The labels that it may have.
    pub(super) labels: BTreeSet<String>,
    /// Those that an equality matcher leaves one value.
    pub(super) pinned: BTreeSet<String>,
    /// It may have labels beyond those.
    pub(super) open: bool,
    /// A number without labels, which goes with every vector.
    pub(super) scalar: bool,
    /// Its numbers are a vendor's figures, or made of them: which one of several is the greatest
    /// means nothing, either.
    pub(super) figures: bool,
    /// Its numbers can be added: they are no timestamps, truth values or counts of series.
    pub(super) amounts: bool,
    /// Its numbers are money.
    pub(super) money: bool,
    /// Channels of the models that give every touchpoint full credit may be among them.
    pub(super) any_click: bool,
}

impl Shape {
    /// A number.
    pub(super) fn scalar() -> Self {
        Self { scalar: true, ..Self::default() }
    }

    /// The metric's numbers, its labels aside.
    pub(super) fn of_figures(name: &str) -> Self {
        let vendor = name.starts_with("taprain_") || name.starts_with("klar_");
        let own = ["up", "ALERTS", "ALERTS_FOR_STATE"].contains(&name);
        Self { figures: vendor, amounts: !own, ..Self::default() }
    }

    pub(super) fn has(&self, label: &str) -> bool {
        self.open || self.labels.contains(label)
    }

    /// The same labels with numbers that are no amounts.
    pub(super) fn uncounted(self) -> Self {
        Self { figures: false, amounts: false, money: false, any_click: false, ..self }
    }

    /// Whether money has lost its currency.
    pub(super) fn lacks_currency(&self) -> bool {
        self.money && !self.has("currency") && !self.pinned.contains("currency")
    }
}
