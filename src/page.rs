//! Pages of lists: where one ended, and where the next begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// A position in a list, newest first: the instant and id of the last item seen. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last item's instant.
    pub at: DateTime<Utc>,
    /// The last item's id.
    pub id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}/{}", self.at.timestamp_micros(), self.id);
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(&text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| {
                let (at, id) = text.split_once('/')?;
                let id = Some(id).filter(|id| !id.contains('\0'))?;
                let at = DateTime::from_timestamp_micros(at.parse().ok()?)
                    .filter(|at| (1..=9999).contains(&at.year()))?;
                Some(Self {
                    at,
                    id: id.to_owned(),
                })
            })
            .ok_or_else(|| D::Error::custom("expected a next_cursor of an earlier reply"))
    }
}

impl JsonSchema for Cursor {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "next_cursor of an earlier reply", "minLength": 1})
    }
}

/// Cuts a list that was read one item too long, and says where the next page starts.
pub fn page<T>(items: &mut Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Option<String> {
    if items.len() <= limit as usize {
        return None;
    }
    items.truncate(limit as usize);
    items.last().map(|item| cursor(item).to_string())
}
