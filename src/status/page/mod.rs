//! The status page: one document without any other, for people of every eyesight and screen.
//!
//! maud escapes whatever stands in parentheses; the only texts it is told to leave alone are the
//! style and the script, whose hashes are all that the page's policy permits.

mod account;
mod budget;
mod cells;
mod chart;
mod klar;
mod overview;
mod taprain;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use super::Status;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Where the project is, for what is no part of the program.
const REPOSITORY: &str = "https://github.com/revenue-exporter/revenue-exporter/blob/main";

/// With more accounts than this the page is a list, and each has a page of its own.
pub const MANY: usize = 8;

/// The page's Content-Security-Policy: nothing from elsewhere, and nothing inline but ours.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// Which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of every account.
    All,
    /// Of one account.
    One,
}

/// The document. `status` has detail unless it is of more than [`MANY`] accounts; `metrics` is the
/// path of the metrics.
pub fn document(status: &Status, kind: Kind, metrics: &str) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                link rel="icon" href="data:,";
                title { (status.money.headline) " – revenue-exporter" }
                style { (PreEscaped(STYLE)) }
            }
            body data-revision=(status.revision) {
                a.skip href="#main" { "Skip to the figures" }
                header {
                    h1 { "revenue-exporter" }
                    (links(metrics))
                }
                main id="main" {
                    p.card.note id="link" role="status" hidden {}
                    (content(status, kind))
                }
                p.hide id="news" aria-live="polite" {}
                footer {
                    "Version " (status.exporter.version) ". Looking at figures here asks no vendor."
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn links(metrics: &str) -> Markup {
    html! {
        nav aria-label="Elsewhere" {
            ul {
                li { a href=(metrics) { "Metrics" } }
                li { a href="/config" { "Configuration" } }
                li { a href="/api/v1/status" { "JSON" } }
                li { a href={ (REPOSITORY) "/grafana" } rel="noreferrer" { "Dashboards" } }
                li { a href={ (REPOSITORY) "/docs/runbooks" } rel="noreferrer" { "Runbooks" } }
            }
        }
    }
}

fn content(status: &Status, kind: Kind) -> Markup {
    let is_list = status.accounts.len() > MANY;
    html! {
        @if kind == Kind::One { p { a href="/" { "← All accounts" } } }
        (overview::verdicts(status))
        (overview::warnings(&status.warnings))
        @if is_list {
            (overview::totals(&status.totals))
            (overview::list(&status.accounts))
        } @else {
            @if status.accounts.len() > 1 { (overview::table(&status.accounts)) }
            @for account in &status.accounts { (account::article(account)) }
        }
    }
}
