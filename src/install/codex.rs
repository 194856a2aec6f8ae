//! Codex: hooks in hooks.json, MCP servers in config.toml (developers.openai.com/codex/hooks, /mcp). It tells of no session's end: the
//! server's sweep ends its sessions.

use super::{Part, Place, Target};
use crate::hook::Host;

const EVENTS: &[(&str, &str)] = &[
    ("SessionStart", "session-start"),
    ("UserPromptSubmit", "user-prompt"),
    ("PostToolUse", "post-tool-use"),
    ("Stop", "stop"),
    ("SubagentStop", "subagent-stop"),
    ("PreCompact", "pre-compact"),
];

/// Its files.
pub fn targets(place: &Place<'_>) -> Vec<Target> {
    let home = place.project.unwrap_or(place.home).join(".codex");
    vec![
        Target {
            path: home.join("hooks.json"),
            part: Part::Groups(Host::Codex, EVENTS),
        },
        Target {
            path: home.join("config.toml"),
            part: Part::TomlServer,
        },
    ]
}
