//! How every account's views fit its budget, for the log.

use tracing::{info, warn};

use crate::model::settings::{Settings, Subject};
use crate::plan::Plan;

/// Says in the log how every account's views fit its budget.
pub fn log_plans(settings: &Settings) {
    settings.subjects().iter().for_each(log_plan);
}

/// The same of one account.
pub(super) fn log_plan(subject: &Subject) {
    let (api, account, plan) = (subject.api().as_str(), &*subject.common().name, Plan::of(subject));
    let (asked, allowed) = (plan.asked_per_hour.round(), plan.allowed_per_hour.round());
    if plan.stretch > 1.0 {
        let stretch = (plan.stretch * 10.0).round() / 10.0;
        warn!(
            api,
            account,
            asked_per_hour = asked,
            allowed_per_hour = allowed,
            stretch,
            "the views ask for more than the budget allows: every interval is stretched; \
             see `revenue-exporter check`"
        );
    } else {
        info!(
            api,
            account,
            asked_per_hour = asked,
            allowed_per_hour = allowed,
            "the views fit the budget"
        );
    }
}
