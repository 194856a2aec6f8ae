//! Settings in TOML: our table at the end, every other byte as it is.

use super::NAME;

fn header() -> String {
    format!("[mcp_servers.{NAME}]")
}

fn is_header(line: &str) -> bool {
    line.trim().replace([' ', '"', '\''], "") == header()
}

/// With our server.
pub fn with_server(text: &str, program: &str) -> String {
    if text.lines().any(is_header) {
        return text.to_owned();
    }
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let program = toml::Value::String(program.to_owned());
    format!(
        "{text}{gap}{}\ncommand = {program}\nargs = [\"mcp\"]\n",
        header()
    )
}

/// Without our server: from its header to the next one.
pub fn without_server(text: &str) -> String {
    let mut kept = String::new();
    let mut ours = false;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            ours = is_header(line);
        }
        if !ours {
            kept.push_str(line);
        }
    }
    kept
}
