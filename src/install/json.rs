//! Settings in JSON: changed where they have to be, every other byte as it is.

use super::{NAME, command, is_ours, unreadable};
use crate::error::Result;
use crate::hook::Host;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use jsonc_parser::json;

/// Seconds that a host waits for a hook, which takes less by itself.
const TIMEOUT: u32 = 5;

/// The whole text and its object; an empty file is an empty object.
fn open(text: &str) -> Result<(CstRootNode, CstObject)> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let root = CstRootNode::parse(text, &ParseOptions::default())
        .map_err(|error| unreadable(&error.to_string()))?;
    let object = root
        .object_value()
        .ok_or_else(|| unreadable("its value is no object"))?;
    Ok((root, object))
}

fn member(object: &CstObject, name: &str) -> Result<CstObject> {
    object
        .object_value_or_create(name)
        .ok_or_else(|| unreadable(&format!("{name} is no object")))
}

fn list(object: &CstObject, name: &str) -> Result<CstArray> {
    object
        .array_value_or_create(name)
        .ok_or_else(|| unreadable(&format!("{name} is no list")))
}

/// The commands of an entry: its own, or those of its group.
fn commands(entry: &CstNode) -> Vec<String> {
    let Some(object) = entry.as_object() else {
        return Vec::new();
    };
    let own = |object: &CstObject| -> Option<String> {
        object
            .get("command")?
            .value()?
            .as_string_lit()?
            .decoded_value()
            .ok()
    };
    let inner = object
        .array_value("hooks")
        .map(|hooks| hooks.elements())
        .unwrap_or_default();
    let inner = inner.iter().filter_map(|hook| own(&hook.as_object()?));
    own(&object).into_iter().chain(inner).collect()
}

fn has_ours(list: &CstArray) -> bool {
    list.elements()
        .iter()
        .flat_map(commands)
        .any(|command| is_ours(&command))
}

/// With hooks in groups.
pub fn with_groups(
    text: &str,
    host: Host,
    events: &[(&str, &str)],
    program: &str,
) -> Result<String> {
    let (root, object) = open(text)?;
    let hooks = member(&object, "hooks")?;
    for (event, ours) in events {
        let groups = list(&hooks, event)?;
        if !has_ours(&groups) {
            let command = command(program, host, ours);
            groups.ensure_multiline();
            groups.append(
                json!({"hooks": [{"type": "command", "command": command, "timeout": TIMEOUT}]}),
            );
        }
    }
    Ok(root.to_string())
}

/// With hooks that are commands themselves.
pub fn with_commands(
    text: &str,
    host: Host,
    events: &[(&str, &str)],
    program: &str,
) -> Result<String> {
    let (root, object) = open(text)?;
    if object.get("version").is_none() {
        object.append("version", CstInputValue::Number("1".to_owned()));
    }
    let hooks = member(&object, "hooks")?;
    for (event, ours) in events {
        let entries = list(&hooks, event)?;
        if !has_ours(&entries) {
            let command = command(program, host, ours);
            entries.ensure_multiline();
            entries.append(json!({"command": command, "timeout": TIMEOUT}));
        }
    }
    Ok(root.to_string())
}

/// With our server.
pub fn with_server(text: &str, program: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let servers = member(&object, "mcpServers")?;
    if servers.get(NAME).is_none() {
        let program = program.to_owned();
        servers.append(NAME, json!({"command": program, "args": ["mcp"]}));
    }
    Ok(root.to_string())
}

/// Without our hooks, and without the lists that are empty then.
pub fn without_hooks(text: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let Some(hooks) = object.object_value("hooks") else {
        return Ok(text.to_owned());
    };
    for event in hooks.properties() {
        let Some(entries) = event.array_value() else {
            continue;
        };
        let all = entries.elements();
        let ours: Vec<CstNode> = all
            .iter()
            .filter(|entry| commands(entry).iter().any(|command| is_ours(command)))
            .cloned()
            .collect();
        match ours.len() == all.len() && !ours.is_empty() {
            true => event.remove(),
            false => ours.into_iter().for_each(CstNode::remove),
        }
    }
    if hooks.properties().is_empty() {
        object
            .get("hooks")
            .into_iter()
            .for_each(|hooks| hooks.remove());
    }
    Ok(root.to_string())
}

/// Without our server.
pub fn without_server(text: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let Some(servers) = object.object_value("mcpServers") else {
        return Ok(text.to_owned());
    };
    servers.get(NAME).into_iter().for_each(|ours| ours.remove());
    if servers.properties().is_empty() {
        object
            .get("mcpServers")
            .into_iter()
            .for_each(|servers| servers.remove());
    }
    Ok(root.to_string())
}
