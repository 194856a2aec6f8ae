//! The log: one line an event on stderr; plain or coloured text, journald priorities, or JSON in production.

use crate::clock;
use crate::seal::classify::redact;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::io::{IsTerminal, Write};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Time, level, message; coloured on a terminal.
    Text,
    /// One JSON object a line.
    Json,
    /// `<priority>` before the message, as journald reads it (sd-daemon(3)).
    Journal,
}

struct Logger {
    format: Format,
    colour: bool,
}

/// Installs the logger. Dependencies speak from `warn` on, we from `level` on.
pub fn init(format: Format, level: LevelFilter) {
    let colour = format == Format::Text && std::io::stderr().is_terminal();
    if log::set_boxed_logger(Box::new(Logger { format, colour })).is_ok() {
        log::set_max_level(level);
    }
}

/// A line about something an operator should act on, before the logger is there or where it may be silent.
pub fn complain(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "agent-memory: {message}");
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("agent_memory") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // What a cause quotes may be somebody's secret.
        let message = redact(&record.args().to_string().replace(['\n', '\r'], " "));
        let line = match self.format {
            Format::Json => serde_json::json!({
                "time": clock::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
                "level": record.level().as_str().to_ascii_lowercase(),
                "module": record.target(),
                "message": message,
            })
            .to_string(),
            Format::Journal => format!("<{}>{message}", priority(record.level())),
            Format::Text => {
                let (on, off) = if self.colour {
                    (colour(record.level()), "\x1b[0m")
                } else {
                    ("", "")
                };
                let time = clock::now().format("%H:%M:%S%.3f");
                format!("{time} {on}{:5}{off} {message}", record.level())
            }
        };
        // A log that cannot be written has nowhere to complain to.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    fn flush(&self) {}
}

/// The syslog priority of a level.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Error => "\x1b[31m",
        Level::Warn => "\x1b[33m",
        Level::Info => "\x1b[32m",
        Level::Debug | Level::Trace => "\x1b[2m",
    }
}
