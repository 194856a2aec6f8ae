//! Cursor: hooks in hooks.json, MCP servers in mcp.json (cursor.com/docs/agent/hooks, /context/mcp). What it asks before a prompt can
//! put nothing before it, so it is not asked.

use super::{Part, Place, Target};
use crate::hook::Host;

const EVENTS: &[(&str, &str)] = &[
    ("sessionStart", "session-start"),
    ("postToolUse", "post-tool-use"),
    ("stop", "stop"),
    ("subagentStop", "subagent-stop"),
    ("preCompact", "pre-compact"),
    ("sessionEnd", "session-end"),
];

/// Its files.
pub fn targets(place: &Place<'_>) -> Vec<Target> {
    let home = place.project.unwrap_or(place.home).join(".cursor");
    vec![
        Target {
            path: home.join("hooks.json"),
            part: Part::Commands(Host::Cursor, EVENTS),
        },
        Target {
            path: home.join("mcp.json"),
            part: Part::Server,
        },
    ]
}
