//! The log: one line an event on standard error, as logfmt or JSON.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{Format, Log};

/// Begins to log. Libraries speak only from `warn` on, whose own `trace` would show headers.
pub(super) fn start(log: &Log) {
    let level = log.level.as_str();
    let filter = EnvFilter::new(format!("warn,revenue_exporter={level}"));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start, as in a test, changes nothing.
    let _ = match log.format {
        Format::Logfmt => registry.with(logfmt()).try_init(),
        Format::Json => registry.with(json()).try_init(),
    };
}

fn logfmt<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_logfmt::builder().with_target(false).layer().with_writer(std::io::stderr)
}

fn json<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stderr)
}

/// Why the program ends, for a person.
pub(super) fn last_words(text: &str) {
    say("error", AnsiColor::Red, text);
}

/// Something unwise, for a person.
pub(super) fn aside(text: &str) {
    say("warning", AnsiColor::Yellow, text);
}

fn say(kind: &str, colour: AnsiColor, text: &str) {
    let mut err = std::io::stderr().lock();
    let style = if err.is_terminal() {
        Style::new().fg_color(Some(colour.into())).bold()
    } else {
        Style::new()
    };
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(err, "{style}{kind}{style:#}: {text}");
}
