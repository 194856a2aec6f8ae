//! Edits of an event's passages: the event's content says what is left of them.

use super::apply::{gone, raise};
use super::{Before, Edit};
use crate::db::{Json, Row};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::operation::Context;
use crate::recall::Item;
use crate::seal::classify::classify;
use crate::seal::what_for;
use crate::sql;
use crate::text::tokens;
use crate::types::Sensitivity;
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
    if !is_sealed && classify(&text) >= Sensitivity::High {
        let message = "this text is too sensitive for its event: record it as an event of its own, which will be sealed";
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
            .index(Some(Item {
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

/// Writes into an event's content what is left of its text.
async fn store_event(ctx: &Context, write: &Write, event: &Row, chunks: &[Chunk]) -> Result<()> {
    let (id, sensitivity): (String, String) = (event.get("event_id"), event.get("sensitivity"));
    let sealed: Option<&[u8]> = event.get("sealed");
    let content = match sealed {
        None => event
            .get::<_, Json<Box<RawValue>>>("content")
            .0
            .get()
            .to_owned(),
        Some(sealed) => {
            let plain = ctx
                .data_key()
                .await?
                .open(&what_for(&id, &sensitivity), sealed)?;
            String::from_utf8(plain).map_err(Error::internal)?
        }
    };
    let left: Vec<&str> = chunks
        .iter()
        .filter(|chunk| chunk.withheld.is_none())
        .map(|chunk| chunk.text.as_str())
        .collect();
    let mut members: serde_json::Map<String, serde_json::Value> =
        match serde_json::from_str(&content) {
            // What it says beside its text stays, if its text is a member of its own.
            Ok(serde_json::Value::Object(members))
                if members
                    .get("text")
                    .is_some_and(serde_json::Value::is_string) =>
            {
                members
            }
            _ => serde_json::Map::new(),
        };
    members.insert("text".to_owned(), left.join("\n").into());
    let content = serde_json::Value::Object(members).to_string();
    let sealed = match sealed {
        None => None,
        Some(_) => Some(
            ctx.data_key()
                .await?
                .seal(&what_for(&id, &sensitivity), content.as_bytes())?,
        ),
    };
    let shown = if sealed.is_some() {
        "{}"
    } else {
        content.as_str()
    };
    write
        .query(sql!("edit/rewrite_event"), &[&id, &shown, &sealed])
        .await
        .map(drop)
}
