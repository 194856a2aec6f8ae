//! knowledge_create

use super::Note;
use crate::context::{Begun, gone};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{List, Name, Share, Tags, Text, strings};
use crate::{id, sql};
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
}

/// A note to be stored.
pub(super) struct Draft {
    pub title: String,
    pub content: String,
    pub source_handoffs: Vec<String>,
    pub with_whom: Option<String>,
    pub tags: Vec<String>,
    pub confidence: f64,
    pub supersedes: Option<String>,
    pub pinned: bool,
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
        let draft = Draft {
            title: input.title.into(),
            content: input.content.into(),
            source_handoffs: strings(input.source_handoffs.into_inner()),
            with_whom: None,
            tags: strings(input.tags.into_inner()),
            confidence: input.confidence.get(),
            supersedes: input.supersedes.map(String::from),
            pinned: input.pinned,
        };
        store(ctx, &draft).await
    }
}

/// Writes a note once and reads it back.
pub(super) async fn store(ctx: &Context, draft: &Draft) -> Result<Output> {
    let note_id = match ctx.begin().await? {
        Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
        Begun::Fresh(write) => {
            let (note_id, at) = id::new("kn");
            write
                .query(
                    sql!("knowledge/create"),
                    &[
                        &note_id,
                        &draft.title,
                        &draft.content,
                        &draft.source_handoffs,
                        &draft.with_whom,
                        &draft.tags,
                        &draft.confidence,
                        &draft.pinned,
                        &draft.supersedes,
                        &at,
                    ],
                )
                .await?;
            write.commit(std::slice::from_ref(&note_id)).await?;
            note_id
        }
    };
    let row = ctx
        .first(sql!("knowledge/get"), &[&note_id, &true])
        .await?
        .ok_or_else(gone)?;
    let note = Note::from_row(&row);
    Ok(Output {
        note_id,
        created_at: note.created_at,
        note,
    })
}
