//! Settings of the programs that agents run in: our hooks and our MCP server are put into them, and taken out again. Pure but for
//! [`record`]: what is there goes in as text, what shall be there comes out.

mod claude_code;
mod codex;
mod cursor;
mod json;
pub mod record;
mod toml;

use crate::error::{Error, Kind, Result};
use crate::hook::{Event, Host};
use std::path::{Path, PathBuf};

/// Where a host keeps its settings: a person's, or a project's.
pub struct Place<'a> {
    /// The person's home.
    pub home: &'a Path,
    /// The project, where it is for one alone.
    pub project: Option<&'a Path>,
}

/// A file of settings, and what belongs into it.
pub struct Target {
    /// The file.
    pub path: PathBuf,
    /// What we put into it.
    pub part: Part,
}

/// What we put into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Hooks as Claude Code and Codex have them: an event has groups, a group has commands. For this host, these events.
    Groups(Host, &'static [(&'static str, &'static str)]),
    /// Hooks as Cursor has them: an event has commands.
    Commands(Host, &'static [(&'static str, &'static str)]),
    /// A server in the member mcpServers.
    Server,
    /// A server in the table mcp_servers.
    TomlServer,
}

/// The files of a host.
pub fn targets(host: Host, place: &Place<'_>) -> Vec<Target> {
    match host {
        Host::ClaudeCode => claude_code::targets(place),
        Host::Codex => codex::targets(place),
        Host::Cursor => cursor::targets(place),
    }
}

/// The text with our part in it; the same text where it is in it already.
///
/// # Errors
/// The text is not what the host could read.
pub fn with(part: Part, text: &str, program: &str) -> Result<String> {
    match part {
        Part::Groups(host, events) => json::with_groups(text, host, events, program),
        Part::Commands(host, events) => json::with_commands(text, host, events, program),
        Part::Server => json::with_server(text, program),
        Part::TomlServer => toml::with_server(text, program),
    }
}

/// The text without our part, all else as it is.
pub fn without(part: Part, text: &str) -> Result<String> {
    match part {
        Part::Groups(..) | Part::Commands(..) => json::without_hooks(text),
        Part::Server => json::without_server(text),
        Part::TomlServer => toml::without_server(text),
    }
}

fn unreadable(why: &str) -> Error {
    let message =
        format!("it is not what the host could read ({why}); mend it first, nothing was changed");
    Error::new(Kind::Invalid, "settings_unreadable", message)
}

/// The command of a hook.
fn command(program: &str, host: Host, event: &str) -> String {
    let program = match program.contains([' ', '\'', '"', '$', '\\']) {
        true => format!("'{}'", program.replace('\'', "'\\''")),
        false => program.to_owned(),
    };
    format!("{program} hook {event} --host {}", host.name())
}

/// Whether a command is one of our hooks, whatever our program is called.
fn is_ours(command: &str) -> bool {
    let Some((program, rest)) = command.split_once(" hook ") else {
        return false;
    };
    match rest.split_once(" --host ") {
        Some((event, host)) => Event::find(event).and(Host::find(host.trim())).is_some(),
        // What stands for Claude Code without saying so.
        None => Event::find(rest.trim()).is_some() && program.contains("agent-memory"),
    }
}

/// Our server's name in every host's settings.
const NAME: &str = "agent-memory";
