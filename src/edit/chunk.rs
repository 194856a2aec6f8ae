//! Edits of an event's passages: the event's content says what is left of them.

use super::apply::{gone, raise, stronger};
use super::{Before, Edit};
use crate::db::{Json, Row};
use crate::error::{Error, Result};
use crate::event::{CHUNK, Content, Event};
use crate::operation::Context;
use crate::recall::Item;
use crate::seal::classify::classify;
use crate::seal::{level, what_for};
use crate::sql;
use crate::text::{passages, tokens};
use crate::write::Write;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A passage, opened.
struct Chunk {
    id: String,
    text: String,
    withheld: Option<String>,
}

/// Keeps a passage back, or shows it again.
pub async fn withhold(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    why: Option<&str>,
) -> Result<Before> {
    let (event, mut chunks) = read(ctx, write, edit).await?;
    let chunk = chunks
        .iter_mut()
        .find(|chunk| chunk.id == edit.target_id)
        .ok_or_else(gone)?;
    let had = chunk.withheld.clone();
    let why = match edit.status.as_str() {
        "pending" => why.map(|why| stronger(had.as_deref(), why)),
        _ => why,
    };
    let before = std::mem::replace(&mut chunk.withheld, why.map(str::to_owned));
    write
        .first(sql!("edit/withhold_chunk"), &[&edit.target_id, &why])
        .await?
        .ok_or_else(gone)?;
    write.withhold(&edit.target_id, why).await?;
    store_event(ctx, write, &event, &chunks).await?;
    Ok(Before {
        withheld: before,
        ..Before::default()
    })
}

/// Keeps passages of one event back that nothing was edited of before; in one pass, however many there are.
pub async fn withhold_new(ctx: &Context, write: &mut Write, edits: &mut [Edit]) -> Result<()> {
    let Some(first) = edits.first_mut() else {
        return Ok(());
    };
    let (event, mut chunks) = read(ctx, write, first).await?;
    let why = "quarantined";
    let before = serde_json::to_string(&Before::default()).map_err(Error::internal)?;
    let sensitivity: String = event.get("sensitivity");
    for edit in edits {
        raise(edit, &sensitivity);
        edit.before.clone_from(&before);
        write
            .first(sql!("edit/withhold_chunk"), &[&edit.target_id, &why])
            .await?
            .ok_or_else(gone)?;
        write.withhold(&edit.target_id, Some(why)).await?;
        let its = chunks.iter_mut().filter(|chunk| chunk.id == edit.target_id);
        its.for_each(|chunk| chunk.withheld = Some(why.to_owned()));
    }
    store_event(ctx, write, &event, &chunks).await
}

/// Changes what a passage says.
pub async fn rewrite(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    texts: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let (event, mut chunks) = read(ctx, write, edit).await?;
    let text = texts.get("text").cloned().unwrap_or_default();
    let sensitivity: String = event.get("sensitivity");
    let is_sealed = event.get::<_, Option<&[u8]>>("sealed").is_some();
    if classify(&text) > level(&sensitivity) {
        let message =
            "this text is more sensitive than its event: record it as an event of its own";
        return Err(Error::invalid(message).field("patch.text"));
    }
    let chunk = chunks
        .iter_mut()
        .find(|chunk| chunk.id == edit.target_id)
        .ok_or_else(gone)?;
    let before = std::mem::replace(&mut chunk.text, text);
    let size = i32::try_from(tokens(&chunk.text)).unwrap_or(i32::MAX);
    let sealed = match is_sealed {
        true => Some(
            ctx.data_key()
                .await?
                .seal(&what_for(&chunk.id, &sensitivity), chunk.text.as_bytes())?,
        ),
        false => None,
    };
    let plain = if is_sealed { "" } else { &chunk.text };
    write
        .query(
            sql!("edit/rewrite_chunk"),
            &[&chunk.id, &plain, &size, &sealed],
        )
        .await?;
    if !is_sealed {
        write
            .supersede(&edit.target_id, ctx.at, Some(std::slice::from_ref(&before)))
            .await?;
        let item = Event::item(&event).chunk(ctx.place.record.number, &edit.target_id, plain);
        write
            .index_again(Some(Item {
                valid_from: ctx.at,
                ..item
            }))
            .await?;
    }
    store_event(ctx, write, &event, &chunks).await?;
    Ok(BTreeMap::from([("text".to_owned(), before)]))
}

async fn read(ctx: &Context, write: &Write, edit: &mut Edit) -> Result<(Row, Vec<Chunk>)> {
    let event = write
        .first(sql!("edit/lock_event"), &[&edit.target_id])
        .await?
        .ok_or_else(gone)?;
    let (event_id, sensitivity): (String, String) =
        (event.get("event_id"), event.get("sensitivity"));
    raise(edit, &sensitivity);
    let mut chunks = Vec::new();
    for row in write.query(sql!("edit/chunks"), &[&event_id]).await? {
        let id: String = row.get("chunk_id");
        let text = match row.get::<_, Option<&[u8]>>("sealed") {
            None => row.get("text"),
            Some(sealed) => {
                let plain = ctx
                    .data_key()
                    .await?
                    .open(&what_for(&id, &sensitivity), sealed)?;
                String::from_utf8(plain).map_err(Error::internal)?
            }
        };
        chunks.push(Chunk {
            id,
            text,
            withheld: row.get("withheld"),
        });
    }
    Ok((event, chunks))
}

/// Writes into an event's content what is left of its text: all that it was, once nothing is edited any more.
async fn store_event(ctx: &Context, write: &Write, event: &Row, chunks: &[Chunk]) -> Result<()> {
    let (id, sensitivity): (String, String) = (event.get("event_id"), event.get("sensitivity"));
    let what_for = what_for(&id, &sensitivity);
    let is_sealed = event.get::<_, Option<&[u8]>>("sealed").is_some();
    let sealed: Option<&[u8]> = event
        .get::<_, Option<_>>("original_sealed")
        .or(event.get("sealed"));
    let original = match (sealed, event.get::<_, Option<String>>("original")) {
        (Some(sealed), _) => {
            let plain = ctx.data_key().await?.open(&what_for, sealed)?;
            String::from_utf8(plain).map_err(Error::internal)?
        }
        (None, Some(original)) => original,
        (None, None) => event
            .get::<_, Json<Box<RawValue>>>("content")
            .0
            .get()
            .to_owned(),
    };
    let content = left_of(original, chunks)?;
    let sealed = match is_sealed {
        true => Some(ctx.data_key().await?.seal(&what_for, content.as_bytes())?),
        false => None,
    };
    let shown = if is_sealed { "{}" } else { content.as_str() };
    write
        .query(sql!("edit/rewrite_event"), &[&id, &shown, &sealed])
        .await
        .map(drop)
}

/// What is left of a content: itself where its chunks say what it says; else their text, beside its other members unless any chunk is kept back.
fn left_of(original: String, chunks: &[Chunk]) -> Result<String> {
    let content =
        Content::verbatim(RawValue::from_string(original.clone()).map_err(Error::internal)?);
    let all = chunks.iter().all(|chunk| chunk.withheld.is_none());
    if all
        && passages(&content.readable(), CHUNK)
            .into_iter()
            .eq(chunks.iter().map(|chunk| chunk.text.as_str()))
    {
        return Ok(original);
    }
    let left = chunks.iter().filter(|chunk| chunk.withheld.is_none());
    let left: Vec<&str> = left.map(|chunk| chunk.text.as_str()).collect();
    let mut members = match serde_json::from_str(&original) {
        Ok(serde_json::Value::Object(members))
            if all
                && members
                    .get("text")
                    .is_some_and(serde_json::Value::is_string) =>
        {
            members
        }
        _ => serde_json::Map::new(),
    };
    members.insert("text".to_owned(), left.join("\n").into());
    Ok(serde_json::Value::Object(members).to_string())
}
