//! `/`: where to go, and how each account does.

use std::fmt::{self, Write as _};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;

use super::reply::{self, Reply};
use super::site::Site;
use crate::model::AccountState;
use crate::snapshot::{AccountPart, Snapshot};

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse}\
th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #8886;vertical-align:top}";

/// The landing page.
pub fn answer(site: &Site) -> Reply {
    let snapshot = &site.board.current().snapshot;
    let mut page = String::new();
    match write(&mut page, snapshot, site.clock.wall(), (site.version, &site.telemetry_path)) {
        Ok(()) => reply::reply(StatusCode::OK, "text/html; charset=utf-8", page),
        Err(fmt::Error) => reply::broken(),
    }
}

fn write(
    page: &mut String,
    snapshot: &Snapshot,
    now: Timestamp,
    (version, metrics): (&str, &str),
) -> fmt::Result {
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>revenue-exporter</title>\n<style>{STYLE}</style>\n\
         <h1>revenue-exporter</h1>\n<p>Version {}</p>\n\
         <ul>\n<li><a href=\"{}\">Metrics</a></li>\n<li><a href=\"/config\">Configuration</a></li>\n\
         <li><a href=\"/-/healthy\">Health</a></li>\n<li><a href=\"/-/ready\">Readiness</a></li>\n\
         </ul>\n<table>\n<thead><tr><th>API</th><th>Account</th><th>State</th><th>Newest data</th>\
         </tr></thead>\n<tbody>\n",
        Html(version),
        Html(metrics),
    )?;
    for part in &snapshot.accounts {
        row(page, part, now)?;
    }
    page.write_str("</tbody>\n</table>\n</html>\n")
}

fn row(page: &mut String, part: &AccountPart, now: Timestamp) -> fmt::Result {
    let newest = part.slots.iter().filter_map(|slot| slot.last_success).max();
    let age = newest.map_or("none yet".to_owned(), |at| age(now, at));
    let (api, account) = (part.api.as_str(), Html(&part.account));
    let state = state(part.state);
    writeln!(page, "<tr><td>{api}</td><td>{account}</td><td>{state}</td><td>{age}</td></tr>")
}

/// The state in words.
fn state(state: Option<AccountState>) -> &'static str {
    match state {
        None => "not asked yet",
        Some(AccountState::Ok) => "ok",
        Some(AccountState::Unauthorized) => "the credential was refused",
        Some(AccountState::Forbidden) => "the account is suspended",
        Some(AccountState::RateLimited) => "told to wait",
        Some(AccountState::Unreachable) => "unreachable",
        Some(AccountState::Invalid) => "the answer was not understood",
    }
}

/// How long ago `at` was, in the largest unit that fits.
fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = Duration::try_from(now.duration_since(at)).unwrap_or_default().as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// Text that cannot become markup.
struct Html<'a>(&'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                other => out.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::exposition::sample;

    #[test]
    fn a_hostile_name_is_text_and_states_are_words() {
        let mut bad = sample::taprain("<script>\"'&");
        bad.state = Some(AccountState::Forbidden);
        let snapshot = Snapshot { accounts: vec![Arc::new(bad)] };
        let mut page = String::new();
        write(&mut page, &snapshot, sample::now().wall, ("1.2.3", "/metrics")).unwrap();
        assert!(
            page.contains("<td>&lt;script&gt;&quot;&#39;&amp;</td>") && !page.contains("<script")
        );
        assert!(page.contains("<td>the account is suspended</td><td>14 seconds ago</td>"));
    }

    #[test]
    fn ages_are_in_the_largest_unit() {
        let start = Timestamp::UNIX_EPOCH;
        for (seconds, text) in
            [(1, "1 second"), (119, "1 minute"), (7200, "2 hours"), (90_000, "1 day")]
        {
            assert_eq!(age(start + Duration::from_secs(seconds), start), format!("{text} ago"));
        }
        assert_eq!(age(start, start + Duration::from_secs(9)), "0 seconds ago");
    }
}
