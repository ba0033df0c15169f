//! The effective configuration: every default filled in, every secret replaced by its place.

use std::fmt::Write;

use super::duration;
use super::quantity::{format_percent, format_size};
use crate::model::range::Range;
use crate::model::settings::{
    Account, CredentialSource, KlarAccount, KlarView, RangeEvery, Settings, TapRainAccount,
    TapRainView,
};

/// Writes `settings` as a configuration file that means the same, without any secret.
///
/// A credential that the program made itself has no place; a comment says so.
pub fn effective(settings: &Settings) -> String {
    let mut page = Page::default();
    section(&mut page, "taprain", &settings.taprain, taprain);
    section(&mut page, "klar", &settings.klar, klar);
    let collection = settings.collection;
    page.line(0, "collection:");
    page.line(1, format!("timeout: {}", duration::format(collection.timeout)));
    page.line(1, format!("max_response: {}", format_size(collection.max_response)));
    page.line(1, format!("max_series: {}", collection.max_series));
    let directory = settings.state_directory.as_deref().map(|path| path.to_string_lossy());
    page.line(0, "state:");
    page.line(1, format!("directory: {}", scalar(&directory.unwrap_or_default())));
    page.0
}

/// Text that grows by indented lines.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, depth: usize, text: impl AsRef<str>) {
        for _ in 0..depth {
            self.0.push_str("  ");
        }
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }
}

fn section<T>(page: &mut Page, key: &str, accounts: &[T], write: fn(&mut Page, &T)) {
    if !accounts.is_empty() {
        page.line(0, format!("{key}:"));
    }
    for account in accounts {
        write(page, account);
    }
}

fn taprain(page: &mut Page, account: &TapRainAccount) {
    common(page, &account.common, "api_key");
    let limits = account.limits;
    let (country, source, offer) = (limits.country, limits.source, limits.offer);
    page.line(2, format!("limits: {{country: {country}, source: {source}, offer: {offer}}}"));
    let (days, settle) = (account.common.history_days, account.expectations.settle);
    let (settle, share) = (duration::format(settle), format_percent(account.expectations.quantile));
    page.line(2, format!("history: {{days: {days}, settle: {settle}, quantile: {share}}}"));
    page.line(2, "views:");
    for view in &account.views {
        taprain_view(page, view);
    }
}

fn taprain_view(page: &mut Page, view: &TapRainView) {
    page.line(3, format!("- view: {}", scalar(&view.name)));
    let filters = &view.filters;
    for (key, values) in
        [("country", &filters.country), ("offer", &filters.offer), ("source", &filters.source)]
    {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|value| scalar(value)).collect();
            page.line(4, format!("{key}: [{}]", values.join(", ")));
        }
    }
    ranges(page, &view.ranges);
}

fn klar(page: &mut Page, account: &KlarAccount) {
    common(page, &account.common, "refresh_token");
    let limits = account.limits;
    page.line(
        2,
        format!(
            "limits: {{channel: {}, campaign: {}, ad_group: {}, ad: {}}}",
            limits.channel, limits.campaign, limits.ad_group, limits.ad
        ),
    );
    page.line(2, format!("history: {{days: {}}}", account.common.history_days));
    page.line(2, "views:");
    for view in &account.views {
        klar_view(page, view);
    }
}

fn klar_view(page: &mut Page, view: &KlarView) {
    page.line(3, format!("- view: {}", scalar(&view.name)));
    page.line(4, format!("model: {}", view.model.as_str()));
    page.line(4, format!("window: {}", view.window.as_str()));
    page.line(4, format!("date_breakdown: {}", view.basis.as_str()));
    page.line(4, format!("detail: {}", view.detail.as_str()));
    ranges(page, &view.ranges);
}

fn common(page: &mut Page, account: &Account, secret: &str) {
    page.line(1, format!("- account: {}", scalar(&account.name)));
    page.line(
        2,
        match &account.credential.source {
            CredentialSource::File(path) => {
                format!("{secret}_file: {}", scalar(&path.to_string_lossy()))
            }
            CredentialSource::Environment(name) => format!("{secret}_env: {}", scalar(name)),
            CredentialSource::Built => format!("# {secret}: built in, for the demo only"),
        },
    );
    page.line(2, format!("base_url: {}", scalar(&account.base_url)));
    page.line(2, format!("timezone: {}", scalar(&account.timezone_name)));
    page.line(2, format!("currency: {}", account.currency));
    let terms = account.budget;
    let (per, reserve) = (duration::format(terms.per), format_percent(terms.reserve));
    let requests = terms.requests;
    page.line(2, format!("budget: {{requests: {requests}, per: {per}, reserve: {reserve}}}"));
}

fn ranges(page: &mut Page, ranges: &[RangeEvery]) {
    page.line(4, "ranges:");
    for each in ranges {
        let mut text = match &each.range {
            Range::Custom { name, days } => {
                let (start, end) = (days.start, days.last());
                format!("range: custom, name: {}, start: {start}, end: {end}", scalar(name))
            }
            built_in => format!("range: {}", built_in.label()),
        };
        let _ = write!(text, ", every: {}", duration::format(each.every));
        page.line(5, format!("- {{{text}}}"));
    }
}

/// The text as it stands where it can be nothing else, quoted as JSON (which YAML reads) where it
/// could.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let first_is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if first_is_plain && !word && text.chars().all(plain) {
        return text.to_owned();
    }
    // JSON leaves DEL and the C1 controls as they are; YAML does not take them.
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(text: &str) -> Vec<String> {
        serde_saphyr::from_str(&format!("- [{}]\n", scalar(text)))
            .map(|mut lists: Vec<Vec<String>>| lists.remove(0))
            .unwrap()
    }

    #[test]
    fn words_that_yaml_would_take_for_something_else_are_quoted() {
        for text in ["NO", "null", "1e3", "", "~", "a: b", "# c", "-", "\u{85}", "\u{feff}x"] {
            assert_eq!(scalar(text).chars().next(), Some('"'), "{text}");
            assert_eq!(read_back(text), [text]);
        }
        assert_eq!(scalar("Europe/Berlin"), "Europe/Berlin");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text: String) {
            prop_assert_eq!(read_back(&text), [text]);
        }
    }
}
