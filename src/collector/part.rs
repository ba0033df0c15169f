//! An account's part of the page before its first answer.

use std::sync::{Arc, Mutex};

use crate::budget::Budget;
use crate::model::klar::Model;
use crate::model::meaning;
use crate::model::settings::{Filters, RangeEvery, Subject};
use crate::plan::Plan;
use crate::snapshot::{AccountPart, Slot};

/// Nothing is known yet; every (view, range) has its slot, in the configuration's order.
pub fn new(subject: &Subject) -> AccountPart {
    let account = subject.common();
    let plan = Plan::of(subject);
    AccountPart {
        api: subject.api(),
        account: Arc::clone(&account.name),
        timezone: Arc::clone(&account.timezone_name),
        currency: Arc::clone(&account.currency),
        state: None,
        up: None,
        broken: false,
        token_expiry: None,
        budget: Arc::new(Mutex::new(Budget::new(account.budget))),
        slots: slots(subject, &plan),
        whole: whole(subject),
        plan,
    }
}

fn whole(subject: &Subject) -> Option<Arc<str>> {
    match subject {
        Subject::TapRain(account) => {
            let nothing = Filters::default();
            let view = account.views.iter().find(|view| view.filters == nothing)?;
            Some(Arc::clone(&view.name))
        }
        Subject::Klar(account) => {
            let adds_up = |model| !matches!(model, Model::AnyClick | Model::AnyClickUnique);
            let view = account.views.iter().find(|view| adds_up(view.model))?;
            Some(Arc::clone(&view.name))
        }
    }
}

fn slots(subject: &Subject, plan: &Plan) -> Vec<Slot> {
    let slot = |view: &Arc<str>, range: &RangeEvery, meaning: String| Slot {
        view: Arc::clone(view),
        range: range.range.label().into(),
        meaning: meaning.into(),
        every: range.every,
        interval: plan.stretched(range.every),
        next_due: None,
        up: None,
        last_success: None,
        good: None,
    };
    let mut slots = Vec::new();
    match subject {
        Subject::TapRain(account) => {
            for view in &account.views {
                slots.extend(view.ranges.iter().map(|range| {
                    slot(&view.name, range, meaning::taprain(account, view, &range.range))
                }));
            }
        }
        Subject::Klar(account) => {
            for view in &account.views {
                slots.extend(view.ranges.iter().map(|range| {
                    slot(&view.name, range, meaning::klar(account, view, &range.range))
                }));
            }
        }
    }
    slots
}
