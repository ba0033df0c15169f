//! What the figures of a (view, range) mean, in one line: all that is asked and how it is shown.
//!
//! Figures from before a restart or a reload are shown on only where this is still the same.

use std::fmt::Write as _;

use super::range::Range;
use super::settings::{
    Account, CredentialSource, KlarAccount, KlarView, TapRainAccount, TapRainView,
};

/// What `range` of `view` means.
pub fn taprain(account: &TapRainAccount, view: &TapRainView, range: &Range) -> String {
    let mut line = common("taprain", &account.common, range);
    let (filters, limits) = (&view.filters, account.limits);
    let lists =
        [("country", &filters.country), ("offer", &filters.offer), ("source", &filters.source)];
    for (name, values) in lists {
        // No value holds a comma (trap T14). Writing to a String cannot fail.
        let _ = write!(line, " {name}=[{}]", values.join(","));
    }
    let _ = write!(line, " limits={},{},{}", limits.country, limits.source, limits.offer);
    line
}

/// What `range` of `view` means.
pub fn klar(account: &KlarAccount, view: &KlarView, range: &Range) -> String {
    let mut line = common("klar", &account.common, range);
    let (model, window, basis) = (view.model.as_str(), view.window.as_str(), view.basis.as_str());
    let (detail, limits) = (view.detail.as_str(), account.limits);
    let _ = write!(line, " {model} {window} {basis} {detail}");
    let _ = write!(line, " limits={},{}", limits.channel, limits.campaign);
    let _ = write!(line, ",{},{}", limits.ad_group, limits.ad);
    line
}

fn common(api: &str, account: &Account, range: &Range) -> String {
    let (base, zone, currency) = (&account.base_url, &account.timezone_name, &account.currency);
    // A secret that was replaced in its place is the same account's; another place is another's.
    let source = match &account.credential.source {
        CredentialSource::File(path) => path.to_string_lossy(),
        CredentialSource::Environment(name) => name.as_str().into(),
        CredentialSource::Built => "".into(),
    };
    let mut line = format!("{api} {base} {source} {zone} {currency} {}", range.label());
    if let Range::Custom { days, .. } = range {
        let _ = write!(line, "={}/{}", days.start, days.end);
    }
    line
}
