//! What an event carries: kept word for word, and read for its text.

use crate::seal::classify::classify;
use crate::types::Sensitivity;
use base64::Engine;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A JSON object, exactly as it was sent.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Content(Box<RawValue>);

impl Content {
    /// What the database kept.
    pub fn verbatim(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// What can be read in it: its `text`, else every string of it in order.
    pub fn readable(&self) -> String {
        let Ok(value) = serde_json::from_str::<Value>(self.0.get()) else {
            return String::new();
        };
        if let Some(text) = value.get("text").and_then(Value::as_str) {
            return text.to_owned();
        }
        let mut strings = Vec::new();
        collect(&value, &mut strings);
        strings.join("\n")
    }

    /// The bytes of an artifact event: `data` in base64, else `text`, else the object itself; with its name and media type.
    pub fn artifact(&self) -> Artifact {
        let value: Value = serde_json::from_str(self.0.get()).unwrap_or_default();
        let member = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| value.get(name)?.as_str())
                .map(str::to_owned)
        };
        let data = member(&["data", "base64"])
            .and_then(|data| base64::engine::general_purpose::STANDARD.decode(data).ok());
        let text = member(&["text", "content"]);
        let media_type = member(&["media_type", "mime_type", "content_type"]);
        let (body, usual) = match (data, text) {
            (Some(data), _) => (data, "application/octet-stream"),
            (None, Some(text)) => (text.into_bytes(), "text/plain; charset=utf-8"),
            (None, None) => (self.0.get().as_bytes().to_vec(), "application/json"),
        };
        Artifact {
            name: member(&["name", "filename", "path"]),
            media_type: media_type.unwrap_or_else(|| usual.to_owned()),
            body,
        }
    }
}

/// How sensitive a content is: by its JSON, which has the names beside the values, by every string of it as it reads, where a line's
/// end is one, and by the bytes it carries.
pub fn judge(json: &str) -> Sensitivity {
    let mut level = classify(json);
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        return level;
    };
    let mut strings = Vec::new();
    collect(&value, &mut strings);
    for text in strings {
        level = level.max(classify(&text));
        let decoded = base64::engine::general_purpose::STANDARD.decode(&text);
        if let Some(inside) = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            level = level.max(classify(&inside));
        }
    }
    level
}

/// The bytes an event produced.
pub struct Artifact {
    /// A file's name, if it said one.
    pub name: Option<String>,
    /// What they are.
    pub media_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

fn collect(value: &Value, strings: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => strings.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, strings)),
        Value::Object(members) => members.values().for_each(|member| collect(member, strings)),
        _ => {}
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().trim_start().starts_with('{') {
            Ok(Self(raw))
        } else {
            Err(D::Error::custom("expected an object"))
        }
    }
}

impl JsonSchema for Content {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Content".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    fn content(text: &str) -> Content {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn every_string_can_be_read_and_nothing_is_rewritten() {
        let odd = r#"{ "big": 123456789012345678901234567890, "f": 1.10, "text":"hello" }"#;
        assert_eq!(content(odd).text(), odd);
        assert_eq!(content(odd).readable(), "hello");
        assert_eq!(
            content(r#"{"tool":"grep","args":{"pattern":"x","n":3,"paths":["a","b"]}}"#)
                .readable()
                .lines()
                .count(),
            4
        );
        assert!(serde_json::from_str::<Content>("[1]").is_err());
        let artifact = content(r#"{"name":"a.bin","data":"AAEC"}"#).artifact();
        assert_eq!(
            (artifact.name.as_deref(), artifact.body),
            (Some("a.bin"), vec![0, 1, 2])
        );
    }
}
