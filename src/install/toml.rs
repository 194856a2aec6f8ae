//! Settings in TOML: our table at the end, every other byte as it is.

use super::{NAME, unreadable};
use crate::error::Result;
use toml::{Table, Value};

/// What the text says; it has to be what the host could read.
fn parse(text: &str) -> Result<Table> {
    text.parse::<Table>()
        .map_err(|error| unreadable(error.message()))
}

/// With our server.
pub fn with_server(text: &str, program: &str) -> Result<String> {
    let there = parse(text)?;
    if there
        .get("mcp_servers")
        .and_then(|all| all.get(NAME))
        .is_some()
    {
        return Ok(text.to_owned());
    }
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let program = Value::String(program.to_owned());
    let with = format!("{text}{gap}[mcp_servers.{NAME}]\ncommand = {program}\nargs = [\"mcp\"]\n");
    // Where mcp_servers stands in one line, a table of it cannot follow.
    parse(&with)?;
    Ok(with)
}

/// Without our server: its table and those below it, to where something else begins.
pub fn without_server(text: &str) -> Result<String> {
    let mut kept = String::new();
    let mut ours = false;
    for line in text.split_inclusive('\n') {
        let plain = line.trim().replace([' ', '"', '\''], "");
        match plain.chars().next() {
            Some('[') => {
                let name = plain
                    .trim_start_matches('[')
                    .split(']')
                    .next()
                    .unwrap_or_default();
                let below = name.strip_prefix(&format!("mcp_servers.{NAME}"));
                ours = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            }
            Some('#') | None => ours = false,
            _ => {}
        }
        if !ours {
            kept.push_str(line);
        }
    }
    parse(&kept)?;
    Ok(kept)
}
