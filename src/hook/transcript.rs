//! What a host writes down of a session, line by line: read on from where it was left, and turned into events. Pure but for the reading.

use crate::error::{Error, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// What is read at once; the rest is read by the next hook.
const MOST: u64 = 16 * 1024 * 1024;
/// Events of a letter, and their size in bytes; an event batch takes 1000 and 10 MiB.
const EVENTS: usize = 400;
const BYTES: usize = 2 * 1024 * 1024;
/// Characters of a tool's input or result that are kept: what is in a file is in the file.
const LONGEST: usize = 8000;

/// Whole lines of a transcript.
pub struct Lines {
    from: u64,
    /// Where they end.
    pub end: u64,
    text: Vec<u8>,
}

/// Who speaks in a transcript.
pub struct Speaker<'a> {
    /// The person.
    pub person: &'a str,
    /// The agent.
    pub agent: &'a str,
}

/// Something that happened.
pub struct Said {
    /// message, tool_call or tool_result.
    pub kind: &'static str,
    /// human, agent or tool.
    pub role: &'static str,
    /// Who.
    pub actor: String,
    /// What.
    pub content: Value,
    /// When, as the transcript has it.
    pub at: Option<String>,
}

/// Events of one letter, and which bytes of the transcript they are.
pub struct Part {
    /// The first byte.
    pub from: u64,
    /// Behind the last one.
    pub to: u64,
    /// What happened.
    pub events: Vec<Said>,
}

/// Reads whole lines from a place on. A file that is not there has none, and one that became shorter is another.
pub fn read(path: &Path, from: u64) -> Result<Lines> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = Vec::new();
            return Ok(Lines {
                from,
                end: from,
                text,
            });
        }
        Err(error) => return Err(Error::internal(error)),
    };
    let size = file.metadata().map_err(Error::internal)?.len();
    let from = if size < from { 0 } else { from };
    file.seek(SeekFrom::Start(from)).map_err(Error::internal)?;
    let mut text = Vec::new();
    Read::take(&mut file, MOST)
        .read_to_end(&mut text)
        .map_err(Error::internal)?;
    // A line whose end is not written yet is the next hook's.
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    if whole == 0 && text.len() as u64 == MOST {
        return skip(&mut file, from);
    }
    text.truncate(whole);
    Ok(Lines {
        from,
        end: from + whole as u64,
        text,
    })
}

/// A line that is longer than anything a person or a model says is left out.
fn skip(file: &mut File, from: u64) -> Result<Lines> {
    let mut rest = std::io::BufReader::new(file);
    let mut end = from + MOST;
    loop {
        let piece = rest.fill_buf().map_err(Error::internal)?;
        let found = piece.iter().position(|byte| *byte == b'\n');
        let (read, over) = match (found, piece.len()) {
            (Some(place), _) => (place + 1, true),
            // Its end is not written yet.
            (None, 0) => {
                return Ok(Lines {
                    from,
                    end: from,
                    text: Vec::new(),
                });
            }
            (None, length) => (length, false),
        };
        rest.consume(read);
        end += read as u64;
        if over {
            return Ok(Lines {
                from: end,
                end,
                text: Vec::new(),
            });
        }
    }
}

impl Lines {
    /// Their events, in parts that fit into one letter each.
    pub fn parts(&self, speaker: &Speaker<'_>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let (mut at, mut bytes) = (self.from, 0);
        for line in self.text.split_inclusive(|byte| *byte == b'\n') {
            let end = at + line.len() as u64;
            let events = said(line, speaker);
            let full = |part: &Part| {
                part.events.len() + events.len() > EVENTS || bytes + line.len() > BYTES
            };
            match parts.last_mut().filter(|part| !full(part)) {
                Some(part) => {
                    part.to = end;
                    part.events.extend(events);
                    bytes += line.len();
                }
                None => {
                    parts.push(Part {
                        from: at,
                        to: end,
                        events,
                    });
                    bytes = line.len();
                }
            }
            at = end;
        }
        parts
    }
}

/// The events of one line; none of what is no word of the session.
fn said(line: &[u8], speaker: &Speaker<'_>) -> Vec<Said> {
    let Ok(mut line) = serde_json::from_slice::<Value>(line) else {
        return Vec::new();
    };
    without_nul(&mut line);
    // Codex wraps what was said; what the host adds of its own is no part of it.
    let inner = match line["type"].as_str() {
        Some("response_item") => &line["payload"],
        _ if line["message"].is_object() => &line["message"],
        _ => &line,
    };
    if line["isMeta"] == true || line["isCompactSummary"] == true {
        return Vec::new();
    }
    let at = line["timestamp"].as_str();
    let at = at
        .filter(|at| chrono::DateTime::parse_from_rfc3339(at).is_ok())
        .map(str::to_owned);
    let human = match inner["role"].as_str().or(line["role"].as_str()) {
        // What a helper is told is its agent's word.
        Some("user") => line["isSidechain"] != true,
        Some("assistant") => false,
        _ => return tool_of_codex(inner, at),
    };
    let mut all = Vec::new();
    let mut say = |kind: &'static str, role: &'static str, actor: &str, content: Value| {
        let (actor, at) = (actor.to_owned(), at.clone());
        all.push(Said {
            kind,
            role,
            actor,
            content,
            at,
        });
    };
    let (role, actor) = match human {
        true => ("human", speaker.person),
        false => ("agent", speaker.agent),
    };
    let blocks = match &inner["content"] {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    };
    for block in &blocks {
        match block["type"].as_str() {
            Some("text" | "input_text" | "output_text") => {
                let text = block["text"].as_str().unwrap_or_default();
                if !text.trim().is_empty() && !of_the_host(text) {
                    say("message", role, actor, json!({"text": text}));
                }
            }
            Some("tool_use") => {
                let name = block["name"].as_str().unwrap_or("tool");
                let input = cut(&block["input"].to_string());
                say(
                    "tool_call",
                    "agent",
                    speaker.agent,
                    json!({"text": format!("{name} {input}"), "tool": name, "id": block["id"]}),
                );
            }
            Some("tool_result") => {
                let text = match &block["content"] {
                    Value::String(text) => text.clone(),
                    Value::Array(parts) => parts
                        .iter()
                        .filter_map(|part| part["text"].as_str())
                        .collect::<Vec<_>>()
                        .join("\n"),
                    _ => String::new(),
                };
                say(
                    "tool_result",
                    "tool",
                    "tool",
                    json!({"text": cut(&text), "id": block["tool_use_id"], "is_error": block["is_error"]}),
                );
            }
            _ => {}
        }
    }
    all
}

/// Codex keeps calls of tools and their results beside the messages.
fn tool_of_codex(item: &Value, at: Option<String>) -> Vec<Said> {
    let name = item["name"].as_str().unwrap_or("tool").to_owned();
    let event = match item["type"].as_str() {
        Some("function_call" | "custom_tool_call") => {
            let input = item["arguments"]
                .as_str()
                .or(item["input"].as_str())
                .unwrap_or_default();
            let content = json!({"text": format!("{name} {}", cut(input)), "tool": name, "id": item["call_id"]});
            Said {
                kind: "tool_call",
                role: "agent",
                actor: "codex".to_owned(),
                content,
                at,
            }
        }
        Some("function_call_output" | "custom_tool_call_output") => {
            let text = match &item["output"] {
                Value::String(text) => text.clone(),
                other => other["content"].as_str().unwrap_or_default().to_owned(),
            };
            let content = json!({"text": cut(&text), "id": item["call_id"]});
            Said {
                kind: "tool_result",
                role: "tool",
                actor: name,
                content,
                at,
            }
        }
        _ => return Vec::new(),
    };
    vec![event]
}

/// What hosts put into a person's mouth: reminders, the environment, the output of their own commands.
fn of_the_host(text: &str) -> bool {
    const TAGS: [&str; 7] = [
        "<system-reminder>",
        "<environment_context>",
        "<user_instructions>",
        "<local-command-stdout>",
        "<command-name>",
        "<command-message>",
        "<memory source=",
    ];
    TAGS.iter().any(|tag| text.trim_start().starts_with(tag))
}

/// The server takes no NUL, and no text needs one.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', " "),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(members) => members.values_mut().for_each(without_nul),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!(
            "{} … ({} characters more)",
            &text[..end],
            text[end..].chars().count()
        ),
    }
}
