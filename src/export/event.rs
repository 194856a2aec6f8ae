//! An event in an export: with its chunks and its artifact, so that an import gives them their ids back.

use crate::db::{Json, Row};
use crate::error::{Error, Result};
use crate::event::judge;
use crate::recall::Item;
use crate::seal::{Change, DataKey, Sealed, keyless, level, what_for};
use crate::types::Sensitivity;
use base64::Engine;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An event as it is exported.
#[derive(Serialize, Deserialize)]
pub struct ExportedEvent {
    pub event_id: String,
    pub session_id: String,
    pub channel: String,
    pub actor: ExportedActor,
    pub kind: String,
    pub content: Box<RawValue>,
    pub sensitivity: String,
    pub tags: Vec<String>,
    pub refs: Vec<String>,
    pub scope: Option<String>,
    pub subject_type: Option<String>,
    pub subject_id: Option<String>,
    pub project_id: Option<String>,
    pub at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub chunks: Vec<ExportedChunk>,
    pub artifact: Option<ExportedArtifact>,
    /// Of a sealed event: the content, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

#[derive(Serialize, Deserialize)]
pub struct ExportedActor {
    #[serde(rename = "type")]
    pub actor_type: String,
    pub id: String,
}

#[derive(Serialize, Deserialize)]
pub struct ExportedChunk {
    pub chunk_id: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

#[derive(Serialize, Deserialize)]
pub struct ExportedArtifact {
    pub artifact_id: String,
    pub name: Option<String>,
    pub media_type: String,
    /// The bytes in base64; of a sealed event, encrypted.
    pub data: String,
}

impl ExportedEvent {
    /// Whether it should be sealed and is not; its level is raised to what stands in it.
    pub fn is_open(&mut self) -> bool {
        let found = judge(self.content.get());
        if found > level(&self.sensitivity) {
            found.as_str().clone_into(&mut self.sensitivity);
        }
        self.sealed.is_none() && level(&self.sensitivity) >= Sensitivity::High
    }

    /// Seals it with its chunks and its artifact, each for its own id.
    pub fn seal(&mut self, key: &DataKey) -> Result<()> {
        let empty = RawValue::from_string("{}".to_owned()).map_err(Error::internal)?;
        let content = std::mem::replace(&mut self.content, empty);
        let level = self.sensitivity.clone();
        let sealed = key.seal(&what_for(&self.event_id, &level), content.get().as_bytes())?;
        self.sealed = Some(Sealed(sealed));
        for chunk in &mut self.chunks {
            let text = std::mem::take(&mut chunk.text);
            let what_for = what_for(&chunk.chunk_id, &level);
            chunk.sealed = Some(Sealed(key.seal(&what_for, text.as_bytes())?));
        }
        self.change_artifact(|id, body| key.seal(&what_for(id, &level), body))
    }

    fn change_artifact(&mut self, change: impl Fn(&str, &[u8]) -> Result<Vec<u8>>) -> Result<()> {
        let Some(artifact) = &mut self.artifact else {
            return Ok(());
        };
        let base64 = base64::engine::general_purpose::STANDARD;
        let bad = |_| Error::invalid("an artifact is not base64").field("artifact.data");
        let body = base64.decode(&artifact.data).map_err(bad)?;
        artifact.data = base64.encode(change(&artifact.artifact_id, &body)?);
        Ok(())
    }

    /// Seals under one key what was sealed under another.
    pub fn reseal(&mut self, change: Option<&Change>) -> Result<()> {
        let Some(Sealed(content)) = &mut self.sealed else {
            return Ok(());
        };
        let change = change.ok_or_else(keyless)?;
        let level = self.sensitivity.clone();
        *content = change.apply(&what_for(&self.event_id, &level), content)?;
        for chunk in &mut self.chunks {
            if let Some(Sealed(text)) = &mut chunk.sealed {
                *text = change.apply(&what_for(&chunk.chunk_id, &level), text)?;
            }
        }
        self.change_artifact(|id, body| change.apply(&what_for(id, &level), body))
    }

    /// Its chunks as recall knows them; none of a sealed one.
    pub fn items(&self, tenant: &str, number: i32) -> Vec<Item> {
        if self.sealed.is_some() {
            return Vec::new();
        }
        let event = Item {
            tenant_id: tenant.to_owned(),
            session_id: Some(self.session_id.clone()),
            actor: Some(self.actor.id.clone()),
            role: Some(self.actor.actor_type.clone()),
            project: self.project_id.clone(),
            channel: Some(self.channel.clone()),
            sensitivity: self.sensitivity.clone(),
            tags: self.tags.clone(),
            at: self.at,
            valid_from: self.at,
            ..Item::default()
        };
        let chunks = self.chunks.iter();
        chunks
            .map(|chunk| event.chunk(number, &chunk.chunk_id, &chunk.text))
            .collect()
    }

    /// From a row of export/events.
    pub fn from_row(row: &Row) -> Self {
        let content: Json<Box<RawValue>> = row.get("content");
        let (chunk_ids, chunk_texts): (Vec<String>, Vec<String>) =
            (row.get("chunk_ids"), row.get("chunk_texts"));
        let chunk_sealed: Vec<Option<Vec<u8>>> = row.get("chunk_sealed");
        let sealed: Option<Vec<u8>> = row.get("sealed");
        let artifact_id: Option<String> = row.get("artifact_id");
        Self {
            event_id: row.get("event_id"),
            session_id: row.get("session_id"),
            channel: row.get("channel"),
            actor: ExportedActor {
                actor_type: row.get("actor_type"),
                id: row.get("actor_id"),
            },
            kind: row.get("kind"),
            content: content.0,
            sensitivity: row.get("sensitivity"),
            tags: row.get("tags"),
            refs: row.get("refs"),
            scope: row.get("scope"),
            subject_type: row.get("subject_type"),
            subject_id: row.get("subject_id"),
            project_id: row.get("project_id"),
            at: row.get("at"),
            created_at: row.get("created_at"),
            chunks: chunk_ids
                .into_iter()
                .zip(chunk_texts)
                .zip(chunk_sealed)
                .map(|((chunk_id, text), sealed)| ExportedChunk {
                    chunk_id,
                    text,
                    sealed: sealed.map(Sealed),
                })
                .collect(),
            artifact: artifact_id.map(|artifact_id| ExportedArtifact {
                artifact_id,
                name: row.get("artifact_name"),
                media_type: row.get("artifact_media_type"),
                data: base64::engine::general_purpose::STANDARD
                    .encode(row.get::<_, Vec<u8>>("artifact_body")),
            }),
            sealed: sealed.map(Sealed),
        }
    }
}
