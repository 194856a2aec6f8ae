//! Other words for handoffs, notes and decisions, or a lesser weight.

use super::apply::{gone, raise};
use super::{Edit, Target};
use crate::decision::Decision;
use crate::error::Result;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::operation::Context;
use crate::recall::Item;
use crate::seal::Sealable;
use crate::sql;
use crate::write::Write;
use std::collections::BTreeMap;

type Texts = BTreeMap<String, String>;

/// Changes a handoff's texts; an empty one is taken away. Gives those that were changed as they were.
pub async fn handoff(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    texts: &Texts,
) -> Result<Texts> {
    let row = write
        .first(sql!("edit/lock_handoff"), &[&edit.target_id])
        .await?
        .ok_or_else(gone)?;
    raise(edit, row.get("sensitivity"));
    let mut handoff = ctx.open(Handoff::from_row(&row))?;
    let said: Vec<String> = handoff
        .said()
        .iter()
        .map(|(_, text)| text.unwrap_or_default().to_owned())
        .collect();
    let before = handoff
        .said()
        .iter()
        .filter(|(name, _)| texts.contains_key(*name))
        .map(|(name, text)| ((*name).to_owned(), text.unwrap_or_default().to_owned()))
        .collect();
    let Handoff {
        experienced,
        noticed,
        learned,
        story,
        becoming,
        remember,
        ..
    } = &mut handoff;
    for (name, slot) in [
        ("experienced", experienced),
        ("noticed", noticed),
        ("learned", learned),
        ("story", story),
        ("becoming", becoming),
        ("remember", remember),
    ] {
        if let Some(text) = texts.get(name) {
            *slot = Some(text.clone()).filter(|text| !text.is_empty());
        }
    }
    let item = protected(ctx, write, &mut handoff, &said, |handoff, tenant| {
        handoff.item(tenant)
    })
    .await?;
    raise(edit, &handoff.sensitivity);
    store_handoff(write, &handoff).await?;
    write.index_again(item).await?;
    Ok(before)
}

/// Changes a note's texts.
pub async fn note(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    texts: &Texts,
) -> Result<Texts> {
    let row = write
        .first(sql!("edit/lock_note"), &[&edit.target_id])
        .await?
        .ok_or_else(gone)?;
    raise(edit, row.get("sensitivity"));
    let mut note = ctx.open(Note::from_row(&row))?;
    let said = [note.text()];
    let before = exchange(&mut note, texts);
    let at = ctx.at;
    let item = protected(ctx, write, &mut note, &said, |note, tenant| {
        note.item(tenant, at)
    })
    .await?;
    raise(edit, &note.sensitivity);
    store_note(ctx, write, &note).await?;
    write.index_again(item).await?;
    Ok(before)
}

/// Changes what a decision says.
pub async fn decision(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    texts: &Texts,
) -> Result<Texts> {
    let row = write
        .first(sql!("edit/lock_decision"), &[&edit.target_id])
        .await?
        .ok_or_else(gone)?;
    raise(edit, row.get("sensitivity"));
    let mut decision = ctx.open(Decision::from_row(&row))?;
    let said = [decision.text()];
    let before = exchange(&mut decision, texts);
    let item = protected(ctx, write, &mut decision, &said, |decision, tenant| {
        decision.item(tenant)
    })
    .await?;
    raise(edit, &decision.sensitivity);
    let words = decision.said();
    let sealed = decision.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    write
        .query(
            sql!("edit/rewrite_decision"),
            &[
                &decision.decision_id,
                &decision.decision,
                &decision.rationale,
                &decision.constraints,
                &decision.alternatives,
                &decision.consequences,
                &decision.sensitivity,
                &sealed,
                &words,
            ],
        )
        .await?;
    write.index_again(item).await?;
    Ok(before)
}

/// Sets what a handoff or a note weighs by itself; gives what it was, where there is such a thing. Of an attenuated one the weight is a
/// share of what it was.
pub async fn set_weight(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    weight: f64,
) -> Result<Option<f64>> {
    let share = |before: f64| {
        if edit.status == "pending" {
            before * weight
        } else {
            weight
        }
    };
    match edit.target_type {
        Target::Handoff => {
            let row = write
                .first(sql!("edit/lock_handoff"), &[&edit.target_id])
                .await?
                .ok_or_else(gone)?;
            let mut handoff = Handoff::from_row(&row);
            let before = handoff.significance;
            handoff.significance = share(before);
            store_handoff(write, &handoff).await?;
            Ok(Some(before))
        }
        Target::Knowledge => {
            let row = write
                .first(sql!("edit/lock_note"), &[&edit.target_id])
                .await?
                .ok_or_else(gone)?;
            let mut note = Note::from_row(&row);
            let before = note.confidence;
            note.confidence = share(before);
            store_note(ctx, write, &note).await?;
            Ok(Some(before))
        }
        _ => Ok(None),
    }
}

/// Puts texts into their places and gives those that stood there.
fn exchange<T: Sealable>(memory: &mut T, texts: &Texts) -> Texts {
    let mut before = Texts::new();
    for (name, slot) in memory.texts() {
        if let Some(text) = texts.get(&name) {
            before.insert(name, std::mem::replace(slot, text.clone()));
        }
    }
    before
}

/// Judges and seals what was changed; what recall knew of it is history from now on, or forgotten where it is sealed.
async fn protected<T: Sealable>(
    ctx: &Context,
    write: &mut Write,
    memory: &mut T,
    said: &[String],
    item: impl Fn(&T, i32) -> Option<Item>,
) -> Result<Option<Item>> {
    ctx.protect(memory).await?;
    let id = memory.id();
    let item = item(memory, ctx.place.record.number).map(|item| Item {
        valid_from: ctx.at,
        ..item
    });
    match item.is_some() {
        true => write.supersede(&id, ctx.at, Some(said)).await?,
        false => write.forget(&id).await?,
    }
    Ok(item)
}

async fn store_handoff(write: &Write, handoff: &Handoff) -> Result<()> {
    let sealed = handoff.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    write.unsay(&handoff.handoff_id).await?;
    write
        .query(
            sql!("edit/rewrite_handoff"),
            &[
                &handoff.handoff_id,
                &handoff.experienced,
                &handoff.noticed,
                &handoff.learned,
                &handoff.story,
                &handoff.becoming,
                &handoff.remember,
                &handoff.sensitivity,
                &sealed,
                &handoff.significance,
            ],
        )
        .await
        .map(drop)
}

async fn store_note(ctx: &Context, write: &Write, note: &Note) -> Result<()> {
    let sealed = note.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    let words = note.said();
    write
        .query(
            sql!("edit/rewrite_note"),
            &[
                &note.note_id,
                &note.title,
                &note.content,
                &note.sensitivity,
                &sealed,
                &note.confidence,
                &ctx.at,
                &words,
            ],
        )
        .await
        .map(drop)
}
