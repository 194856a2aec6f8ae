//! knowledge_update

use super::Note;
use super::get::missing;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::trust;
use crate::types::{List, Name, Share, Tags, Text, strings};
use crate::write::{Begun, gone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Changes the named parts of a note.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The note's id, `kn_…`.
    id: Name,
    /// What it is about.
    title: Option<Text>,
    /// What it says.
    content: Option<Text>,
    /// The handoffs it comes from.
    source_handoffs: Option<List<Name, 256>>,
    /// Its labels.
    tags: Option<Tags>,
    /// How sure it is, 0 to 1.
    confidence: Option<Share>,
    /// Whether it always comes first.
    pinned: Option<bool>,
}

/// Changes a note.
pub struct Update;

impl Operation for Update {
    const NAME: &'static str = "knowledge_update";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/api/v1/knowledge/{id}";
    const ALSO: &'static [(Method, &'static str)] = &[(Method::Put, "/api/v1/knowledge/{id}")];
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Note;

    async fn run(ctx: &Context, input: Input) -> Result<Note> {
        if input
            .source_handoffs
            .as_ref()
            .is_some_and(|sources| sources.is_empty())
        {
            return Err(Error::invalid("name at least one handoff this comes from")
                .field("source_handoffs"));
        }
        let id: &str = &input.id;
        if let Begun::Fresh(mut write) = ctx.begin().await? {
            let row = write.first(sql!("knowledge/lock"), &[&id]).await?;
            let mut note = row.as_ref().map(Note::from_row).ok_or_else(missing)?;
            let before = note.sealed.is_none().then(|| [note.text()]);
            if input.title.is_some() || input.content.is_some() {
                // Opened, changed, judged by what it says now, and sealed again if need be.
                note = ctx.open(note)?;
                let had = trust::attack(&mut note);
                let all_new = input.title.is_some() && input.content.is_some();
                note.title = input.title.map_or(note.title, String::from);
                note.content = input.content.map_or(note.content, String::from);
                if all_new {
                    note.sensitivity = super::none();
                }
                // What it said before was let be seen.
                let added = trust::attack(&mut note).filter(|rule| had != Some(*rule));
                if let Some(rule) = added {
                    return Err(trust::refusal(rule));
                }
                ctx.protect(&mut note).await?;
            }
            let said = note.said();
            let row = write
                .first(
                    sql!("knowledge/update"),
                    &[
                        &id,
                        &note.title,
                        &note.content,
                        &input
                            .source_handoffs
                            .map(|sources| strings(sources.into_inner())),
                        &input.tags.map(|tags| strings(tags.into_inner())),
                        &input.confidence.map(Share::get),
                        &input.pinned,
                        &ctx.at,
                        &note.sensitivity,
                        &note.sealed.map(|sealed| sealed.0),
                        &said,
                    ],
                )
                .await?;
            let now = row.as_ref().map(Note::from_row).ok_or_else(missing)?;
            match now.item(ctx.place.record.number, ctx.at) {
                // What is sealed now is found by nothing it ever said.
                None => write.forget(id).await?,
                item => {
                    write
                        .supersede(id, ctx.at, before.as_ref().map(<[String; 1]>::as_slice))
                        .await?;
                    write.index_again(item).await?;
                }
            }
            write.commit(&[id.to_owned()]).await?;
        }
        let rows = ctx.read(sql!("knowledge/get"), &[&id, &true]).await?;
        Note::shown(ctx, &rows).pop().ok_or_else(gone)
    }
}
