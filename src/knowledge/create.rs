//! knowledge_create

use super::Note;
use crate::edit::{Target, quarantine};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trust::{attack, refusal};
use crate::types::{List, Name, Share, Tags, Text, strings};
use crate::write::{Begun, gone};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stores a note with the handoffs it comes from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is about.
    title: Text,
    /// What it says.
    content: Text,
    /// The handoffs it comes from, at least one.
    #[schemars(length(min = 1))]
    source_handoffs: List<Name, 256>,
    /// Labels to find it by.
    #[serde(default)]
    tags: Tags,
    /// How sure it is, 0 to 1.
    #[serde(default = "likely")]
    #[schemars(default = "likely")]
    confidence: Share,
    /// The note it replaces.
    supersedes: Option<Name>,
    /// Whether it always comes first.
    #[serde(default)]
    pinned: bool,
}

fn likely() -> Share {
    Share::of(0.7)
}

/// The stored note.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Its id.
    note_id: String,
    /// When it was stored.
    created_at: DateTime<Utc>,
    /// All of it.
    note: Note,
    /// The edit that keeps it back because it looks like an attack on a model; edit_reject lets it be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<String>,
}

/// Stores a note.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "knowledge_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/knowledge";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        if input.source_handoffs.is_empty() {
            return Err(Error::invalid("name at least one handoff this comes from")
                .field("source_handoffs"));
        }
        let mut note = Note::new(ctx, input.title.into(), input.content.into());
        note.source_handoffs = strings(input.source_handoffs.into_inner());
        note.tags = strings(input.tags.into_inner());
        note.confidence = input.confidence.get();
        note.supersedes = input.supersedes.map(String::from);
        note.pinned = input.pinned;
        store(ctx, note).await
    }
}

/// Writes a note once; who wrote it has it back as it was sent, who asks again as far as it may be shown.
pub(super) async fn store(ctx: &Context, mut note: Note) -> Result<Output> {
    let said = (note.title.clone(), note.content.clone());
    let attack = attack(&mut note);
    if let (Some(rule), Some(_)) = (attack, &note.supersedes) {
        return Err(refusal(rule));
    }
    let mut quarantined = None;
    ctx.protect(&mut note).await?;
    let (note_id, fresh) = match ctx.begin().await? {
        Begun::Replay(mut ids) => (ids.pop().ok_or_else(gone)?, false),
        Begun::Fresh(mut write) => {
            let item = note.item(ctx.place.record.number, note.created_at);
            // What replaces another is new, whatever it says.
            let same = note.said().filter(|_| note.supersedes.is_none());
            let row = write
                .first(
                    sql!("knowledge/create"),
                    &[
                        &note.note_id,
                        &note.title,
                        &note.content,
                        &note.source_handoffs,
                        &note.with_whom,
                        &note.tags,
                        &note.confidence,
                        &note.pinned,
                        &note.supersedes,
                        &note.created_at,
                        &note.sensitivity,
                        &note.sealed.map(|sealed| sealed.0),
                        &same,
                    ],
                )
                .await?;
            let stored: String = row.ok_or_else(gone)?.get(0);
            if stored == note.note_id {
                write.index(item).await?;
            }
            if let Some(old) = &note.supersedes {
                write
                    .first(sql!("knowledge/supersede"), &[old, &note.note_id])
                    .await?
                    .ok_or_else(replaced)?;
                write.supersede(old, note.created_at, None).await?;
            }
            if let Some(rule) = attack.filter(|_| stored == note.note_id) {
                let edit = quarantine(ctx, &mut write, Target::Knowledge, &stored, rule).await?;
                quarantined = Some(edit);
            }
            write.commit(std::slice::from_ref(&stored)).await?;
            let fresh = stored == note.note_id;
            (stored, fresh)
        }
    };
    let rows = ctx.read(sql!("knowledge/get"), &[&note_id, &true]).await?;
    let mut note = Note::shown(ctx, &rows).pop().ok_or_else(gone)?;
    if fresh {
        (note.title, note.content) = said;
    }
    Ok(Output {
        note_id,
        created_at: note.created_at,
        note,
        quarantined,
    })
}

/// The note to replace was replaced before, or is in the trash.
fn replaced() -> Error {
    let message = "that note was replaced or deleted before; supersede the one that replaced it";
    Error::new(Kind::Conflict, "already_superseded", message).field("supersedes")
}
