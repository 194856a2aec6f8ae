//! Memories of other programs, as lines of an import: the MCP reference memory server's JSON lines, a directory of Markdown notes.

use super::FORMAT;
use crate::db::hex;
use crate::db::sha256;
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::file::is_file;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Which program wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// `{"type": "entity" | "relation", …}` a line.
    McpMemory,
    /// A directory of Markdown files.
    Markdown,
}

/// A note on its way.
#[derive(Debug, PartialEq)]
struct Note {
    title: String,
    content: String,
    tags: Vec<String>,
    at: DateTime<Utc>,
    /// Where it comes from, for its id: the same note is not taken twice.
    origin: String,
}

/// What a path holds, when it is another program's.
///
/// # Errors
/// It cannot be read.
pub fn recognise(path: &Path) -> Result<Option<Foreign>> {
    if path.is_dir() {
        return Ok(Some(Foreign::Markdown));
    }
    let text = first_line(path)?;
    let is_theirs = serde_json::from_str::<Line>(&text).is_ok();
    Ok(is_theirs.then_some(Foreign::McpMemory))
}

fn first_line(path: &Path) -> Result<String> {
    use std::io::BufRead;
    let file = std::fs::File::open(path).map_err(|error| io("read", path, error))?;
    let lines = std::io::BufReader::new(file)
        .lines()
        .map_while(std::result::Result::ok);
    Ok(lines
        .map(|line| line.trim().to_owned())
        .find(|line| !line.is_empty())
        .unwrap_or_default())
}

/// The same as an export, which import takes.
///
/// # Errors
/// A line or a file cannot be read; which one is said.
pub fn convert(path: &Path, foreign: Foreign, tenant: &str) -> Result<String> {
    let notes = match foreign {
        Foreign::McpMemory => {
            let text = std::fs::read_to_string(path).map_err(|error| io("read", path, error))?;
            graph(&text, modified(path))?
        }
        Foreign::Markdown => directory(path)?,
    };
    if notes.is_empty() {
        let message = format!("there is nothing to import in {}", path.display());
        return Err(Error::new(Kind::Invalid, "nothing_to_import", message));
    }
    let mut lines = vec![
        json!({"format": FORMAT, "tenant_id": tenant, "export_date": crate::clock::now()})
            .to_string(),
    ];
    let count = notes.len();
    for note in notes {
        let id = &hex(&sha256(
            format!("{}\0{}", note.origin, note.content).as_bytes(),
        ))[..32];
        let item = json!({
            "note_id": format!("kn_{id}"), "tenant_id": tenant, "title": note.title, "content": note.content,
            "source_handoffs": [format!("import:{}", note.origin)], "with_whom": null, "tags": note.tags, "confidence": 0.7, "pinned": false,
            "supersedes": null, "created_at": note.at, "updated_at": note.at,
        });
        // The kind comes first: what follows is read as that.
        lines.push(format!("{{\"kind\":\"knowledge\",\"item\":{item}}}"));
    }
    lines.push(json!({"kind": "end", "counts": {"knowledge": count}}).to_string());
    Ok(lines.join("\n") + "\n")
}

fn modified(path: &Path) -> DateTime<Utc> {
    let at = std::fs::metadata(path).and_then(|about| about.modified());
    let at = at.map_or_else(|_| crate::clock::now(), DateTime::<Utc>::from);
    // PostgreSQL's resolution.
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Entity {
        name: String,
        #[serde(rename = "entityType", default)]
        entity_type: String,
        #[serde(default)]
        observations: Vec<String>,
    },
    Relation {
        from: String,
        to: String,
        #[serde(rename = "relationType")]
        relation_type: String,
    },
}

/// A note an entity: what was observed of it, and how it is related to others, from both sides.
fn graph(text: &str, at: DateTime<Utc>) -> Result<Vec<Note>> {
    let mut entities = Vec::new();
    let mut relations: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let line: Line = serde_json::from_str(line).map_err(|error| {
            let message = format!(
                "line {} is neither an entity nor a relation: {error}",
                number + 1
            );
            Error::new(Kind::Invalid, "malformed_json", message)
        })?;
        match line {
            Line::Entity {
                name,
                entity_type,
                observations,
            } => entities.push((name, entity_type, observations)),
            Line::Relation {
                from,
                to,
                relation_type,
            } => {
                let said = format!("{from} {} {to}", relation_type.replace('_', " "));
                for side in [from, to] {
                    let known = relations.entry(side).or_default();
                    if !known.contains(&said) {
                        known.push(said.clone());
                    }
                }
            }
        }
    }
    // A relation's end that is no entity is a note of its own: nothing of it is lost.
    for name in relations.keys() {
        if !entities.iter().any(|(known, ..)| known == name) {
            entities.push((name.clone(), String::new(), Vec::new()));
        }
    }
    let note = |(name, entity_type, observations): (String, String, Vec<String>)| {
        let related = relations.get(&name).cloned().unwrap_or_default();
        let lines: Vec<String> = observations.into_iter().chain(related).collect();
        Note {
            content: if lines.is_empty() {
                name.clone()
            } else {
                lines.join("\n")
            },
            tags: Some(entity_type)
                .filter(|tag| !tag.is_empty())
                .into_iter()
                .collect(),
            origin: format!("mcp-memory/{name}"),
            title: name,
            at,
        }
    };
    Ok(entities.into_iter().map(note).collect())
}

fn directory(path: &Path) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    for name in crate::file::below(path)? {
        let file = path.join(&name);
        let is_markdown = file
            .extension()
            .is_some_and(|ending| ending == "md" || ending == "markdown");
        if !is_markdown || !is_file(&file) || name.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        let text = std::fs::read_to_string(&file).map_err(|error| io("read", &file, error))?;
        notes.extend(markdown(&name, &text, modified(&file)));
    }
    Ok(notes)
}

/// A file as a note: its title is the front matter's, the first heading, or the file's name. An empty one is none.
fn markdown(name: &str, text: &str, at: DateTime<Utc>) -> Option<Note> {
    let (front, body) = front_matter(text);
    let stem = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .trim_end_matches(".markdown")
        .trim_end_matches(".md");
    let heading = body
        .lines()
        .find_map(|line| line.strip_prefix("# "))
        .map(str::trim);
    let title = front
        .get("title")
        .and_then(|values| values.first())
        .map(String::as_str);
    let date = front
        .get("date")
        .or(front.get("created"))
        .and_then(|values| instant(values.first()?));
    let content = body.trim();
    if content.is_empty() {
        return None;
    }
    Some(Note {
        title: title
            .or(heading)
            .filter(|title| !title.is_empty())
            .unwrap_or(stem)
            .to_owned(),
        content: content.to_owned(),
        tags: front.get("tags").cloned().unwrap_or_default(),
        at: date.unwrap_or(at),
        origin: format!("markdown/{name}"),
    })
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let day = || {
        let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    };
    text.parse().ok().or_else(day)
}

/// The front matter's members, each with its values, and what follows it. Of YAML only what notes use: `a: b`, `a: [b, c]`, and lists.
fn front_matter(text: &str) -> (BTreeMap<String, Vec<String>>, &str) {
    let nothing = (BTreeMap::new(), text);
    let Some(rest) = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"))
    else {
        return nothing;
    };
    let Some((front, body)) = rest.split_once("\n---") else {
        return nothing;
    };
    let clean = |value: &str| {
        value
            .trim()
            .trim_matches(['"', '\''])
            .trim_start_matches('#')
            .to_owned()
    };
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in front.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            members.entry(last.clone()).or_default().push(clean(item));
        } else if let Some((name, value)) = line.split_once(':') {
            last = name.trim().to_lowercase();
            let list = value.trim().trim_start_matches('[').trim_end_matches(']');
            let is_list = value.trim().starts_with('[') || last == "tags";
            let values: Vec<String> = match is_list {
                true => list.split(',').map(clean).collect(),
                false => vec![clean(value)],
            };
            members.insert(
                last.clone(),
                values
                    .into_iter()
                    .filter(|value| !value.is_empty())
                    .collect(),
            );
        }
    }
    (
        members,
        body.trim_start_matches('-')
            .trim_start_matches(['\r', '\n']),
    )
}

#[cfg(test)]
mod tests {
    use super::{graph, markdown};
    use chrono::{DateTime, Utc};

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000_000, 0).expect("an instant")
    }

    #[test]
    fn entities_become_notes_with_their_relations_from_both_sides() {
        let text = r#"{"type":"entity","name":"Ada","entityType":"person","observations":["likes seals","speaks Korean"]}
{"type":"relation","from":"Ada","to":"Harbour","relationType":"works_at"}

{"type":"entity","name":"Seal","entityType":"animal","observations":[]}"#;
        let notes = graph(text, at()).expect("a graph");
        let told: Vec<(&str, &str)> = notes
            .iter()
            .map(|note| (note.title.as_str(), note.content.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Ada", "likes seals\nspeaks Korean\nAda works at Harbour"),
                ("Seal", "Seal"),
                ("Harbour", "Ada works at Harbour")
            ]
        );
        assert_eq!(notes[0].tags, ["person"]);
        let error = graph("{\"type\":\"entity\",\"name\":\"A\"}\nnonsense", at())
            .expect_err("a line that is none");
        assert!(error.message().starts_with("line 2 "), "{error}");
    }

    #[test]
    fn a_files_title_tags_and_date_are_found() {
        let note = |text: &str| markdown("diary/2024 trip.md", text, at()).expect("a note");
        let full = note(
            "---\ntitle: \"The trip\"\ntags: [sea, '#korea']\ndate: 2024-05-06\n---\n\n# Other\nWe sailed.\n",
        );
        assert_eq!(
            (full.title.as_str(), full.content.as_str()),
            ("The trip", "# Other\nWe sailed.")
        );
        assert_eq!(
            (full.tags, full.at.to_rfc3339()),
            (
                vec!["sea".to_owned(), "korea".to_owned()],
                "2024-05-06T00:00:00+00:00".to_owned()
            )
        );
        let listed = note("---\ntags:\n  - a\n  - b\n---\ntext");
        assert_eq!(
            (listed.tags, listed.title.as_str()),
            (vec!["a".to_owned(), "b".to_owned()], "2024 trip")
        );
        assert_eq!(note("# Heading\ntext").title, "Heading");
        assert_eq!(
            note("--- no front matter\ntext").content,
            "--- no front matter\ntext"
        );
        assert!(markdown("x.md", "---\ntitle: x\n---\n \n", at()).is_none());
    }
}
