//! Claude Code: hooks in settings.json, MCP servers in ~/.claude.json or a project's .mcp.json (code.claude.com/docs/en/hooks, /mcp).

use super::{Part, Place, Target};
use crate::hook::Host;

const EVENTS: &[(&str, &str)] = &[
    ("SessionStart", "session-start"),
    ("UserPromptSubmit", "user-prompt"),
    ("PostToolUse", "post-tool-use"),
    ("Stop", "stop"),
    ("SubagentStop", "subagent-stop"),
    ("PreCompact", "pre-compact"),
    ("SessionEnd", "session-end"),
];

/// Its files.
pub fn targets(place: &Place<'_>) -> Vec<Target> {
    let root = place.project.unwrap_or(place.home);
    let servers = match place.project {
        Some(project) => project.join(".mcp.json"),
        None => place.home.join(".claude.json"),
    };
    vec![
        Target {
            path: root.join(".claude/settings.json"),
            part: Part::Groups(Host::ClaudeCode, EVENTS),
        },
        Target {
            path: servers,
            part: Part::Server,
        },
    ]
}
