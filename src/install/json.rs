//! Settings in JSON: changed where they have to be, every other byte as it is.

use super::{NAME, command, is_ours, unreadable};
use crate::error::Result;
use crate::hook::Host;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{
    CstArray, CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode, CstStringLit,
};
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

/// Every hook of a list: its entries, or what their groups hold.
fn hooks_of(list: &CstArray) -> Vec<CstObject> {
    let mut all = Vec::new();
    for entry in list.elements().iter().filter_map(CstNode::as_object) {
        match entry.array_value("hooks") {
            Some(inner) => all.extend(inner.elements().iter().filter_map(CstNode::as_object)),
            None => all.push(entry),
        }
    }
    all
}

/// The command of a hook or a server, where it is one of ours.
fn ours(object: &CstObject) -> Option<CstStringLit> {
    let command = object.get("command")?.value()?.as_string_lit()?;
    let text = command.decoded_value().ok()?;
    is_ours(&text).then_some(command)
}

/// Whether one of ours is there; it calls this program from now on.
fn renewed(list: &CstArray, command: &str) -> bool {
    let found: Vec<CstStringLit> = hooks_of(list).iter().filter_map(ours).collect();
    for there in &found {
        if there.decoded_value().is_ok_and(|text| text != command) {
            there.set_raw_value(quoted(command));
        }
    }
    !found.is_empty()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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
        let command = command(program, host, ours);
        if !renewed(&groups, &command) {
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
        let command = command(program, host, ours);
        if !renewed(&entries, &command) {
            entries.ensure_multiline();
            entries.append(json!({"command": command, "timeout": TIMEOUT}));
        }
    }
    Ok(root.to_string())
}

/// Our server in a list of servers: under our name, as a program that we started.
fn server(servers: &CstObject) -> Option<(CstObjectProp, CstStringLit)> {
    let entry = servers.get(NAME)?;
    let object = entry.object_value()?;
    let args = object.array_value("args")?.elements();
    let mcp = matches!(&args[..], [only] if only.to_string() == "\"mcp\"");
    let command = object.get("command")?.value()?.as_string_lit()?;
    let text = command.decoded_value().ok()?;
    (mcp && text.contains("agent-memory")).then_some((entry, command))
}

/// With our server; one of another kind under its name stays.
pub fn with_server(text: &str, program: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let servers = member(&object, "mcpServers")?;
    match server(&servers) {
        Some((_, command)) if command.decoded_value().is_ok_and(|there| there != program) => {
            command.set_raw_value(quoted(program));
        }
        None if servers.get(NAME).is_none() => {
            let program = program.to_owned();
            servers.append(NAME, json!({"command": program, "args": ["mcp"]}));
        }
        _ => {}
    }
    Ok(root.to_string())
}

/// Without our hooks, and without the groups and lists that are empty then.
pub fn without_hooks(text: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let Some(hooks) = object.object_value("hooks") else {
        return Ok(text.to_owned());
    };
    for event in hooks.properties() {
        let Some(list) = event.array_value() else {
            continue;
        };
        let before = list.elements().len();
        for entry in list.elements().iter().filter_map(CstNode::as_object) {
            let Some(inner) = entry.array_value("hooks") else {
                if ours(&entry).is_some() {
                    entry.remove();
                }
                continue;
            };
            let all = inner.elements();
            let mine = all
                .iter()
                .filter_map(CstNode::as_object)
                .filter(|hook| ours(hook).is_some());
            let mine: Vec<CstObject> = mine.collect();
            match mine.len() == all.len() && !mine.is_empty() {
                true => entry.remove(),
                false => mine.into_iter().for_each(CstObject::remove),
            }
        }
        if before > 0 && list.elements().is_empty() {
            event.remove();
        }
    }
    if hooks.properties().is_empty() {
        object
            .get("hooks")
            .into_iter()
            .for_each(CstObjectProp::remove);
    }
    Ok(root.to_string())
}

/// Without our server.
pub fn without_server(text: &str) -> Result<String> {
    let (root, object) = open(text)?;
    let Some(servers) = object.object_value("mcpServers") else {
        return Ok(text.to_owned());
    };
    if let Some((entry, _)) = server(&servers) {
        entry.remove();
        if servers.properties().is_empty() {
            object
                .get("mcpServers")
                .into_iter()
                .for_each(CstObjectProp::remove);
        }
    }
    Ok(root.to_string())
}
