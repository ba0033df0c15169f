//! The log: one line an event on standard error, as logfmt or JSON.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
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
        Format::Logfmt => registry.with(logfmt(std::io::stderr)).try_init(),
        Format::Json => registry.with(json(std::io::stderr)).try_init(),
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

fn logfmt<S, W>(to: W) -> impl tracing_subscriber::Layer<S>
where
    W: for<'a> MakeWriter<'a> + 'static,
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_logfmt::builder().with_target(false).layer().with_writer(to)
}

fn json<S, W>(to: W) -> impl tracing_subscriber::Layer<S>
where
    W: for<'a> MakeWriter<'a> + 'static,
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_writer(to)
}

/// Why the program ends, for a person.
pub(super) fn last_words(text: &str) {
    say("error", AnsiColor::Red, text);
}

/// Something unwise, for a person.
pub(super) fn aside(text: &str) {
    say("warning", AnsiColor::Yellow, text);
}

/// Tells a person how far it is, where standard output has what was asked for.
pub(super) fn tell(text: &str) {
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Everything below the space, and what some terminals take for more.
    const HOSTILE: &str =
        "a\u{1b}[2J\u{1b}]0;x\u{7}\r\nlevel=error msg=\"forged\" \u{8}\0\u{9b}31m\u{7f}b";

    #[test]
    fn no_text_breaks_its_line_or_moves_a_terminal() {
        for format in [Format::Logfmt, Format::Json] {
            let lines = Lines::default();
            let to = lines.clone();
            let to = move || to.clone();
            let events =
                || tracing::warn!(name = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "{HOSTILE}");
            let registry = tracing_subscriber::registry();
            match format {
                Format::Logfmt => {
                    tracing::subscriber::with_default(registry.with(logfmt(to)), events);
                }
                Format::Json => tracing::subscriber::with_default(registry.with(json(to)), events),
            }
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            // JSON leaves DEL and C1 as they are, which a terminal reading UTF-8 does not obey.
            let moves = |char: char| match format {
                Format::Logfmt => char.is_control(),
                Format::Json => char < ' ',
            };
            assert!(!line.chars().any(moves), "{format:?}: {line:?}");
        }
    }
}
