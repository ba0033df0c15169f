//! The log: one line an event on standard error, as logfmt or JSON.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{Format, Level, Log};

/// Begins to log. Libraries speak only from `warn` on, whose own `trace` would show headers.
pub(super) fn start(log: &Log) {
    let ours = level(log.level);
    let filter =
        Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), ours);
    let registry = tracing_subscriber::registry().with(filter);
    // A second start, as in a test, changes nothing.
    let _ = match log.format {
        Format::Logfmt => registry.with(logfmt()).try_init(),
        Format::Json => registry.with(json()).try_init(),
    };
}

const fn level(typed: Level) -> LevelFilter {
    match typed {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
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
