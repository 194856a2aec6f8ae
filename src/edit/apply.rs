//! What an edit does to its target, and how it is undone.

use super::{Before, Edit, Op, Patch, Target, amend, chunk};
use crate::db::Sql;
use crate::error::{Error, Kind, Result};
use crate::operation::Context;
use crate::seal::level;
use crate::sql;
use crate::write::Write;
use std::collections::BTreeMap;

/// Lets an edit take effect and puts into it what was there before.
pub async fn apply(ctx: &Context, write: &mut Write, edit: &mut Edit) -> Result<()> {
    let patch: Patch = serde_json::from_str(&edit.patch).map_err(Error::internal)?;
    let texts = patch
        .texts()
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let before = match (edit.op.withholds(), edit.op) {
        (Some(why), _) => withhold(ctx, write, edit, Some(why)).await?,
        (None, Op::Attenuate) => weigh(ctx, write, edit, patch.weight.unwrap_or(0.5)).await?,
        (None, _) => rewrite(ctx, write, edit, &texts).await?,
    };
    edit.before = serde_json::to_string(&before).map_err(Error::internal)?;
    Ok(())
}

/// Puts back what was there before an edit: of several, the last one first.
pub async fn undo(ctx: &Context, write: &mut Write, edit: &mut Edit) -> Result<()> {
    let before: Before = serde_json::from_str(&edit.before).map_err(Error::internal)?;
    let later = write
        .first(
            sql!("edit/later"),
            &[&edit.target_id, &edit.edit_id, &edit.decided_at],
        )
        .await?;
    if let Some(later) = later {
        let later: String = later.get(0);
        return Err(changed(format!(
            "{later} was approved after this edit: reject that one first"
        )));
    }
    match (edit.op.withholds(), edit.op) {
        (Some(_), _) => withhold(ctx, write, edit, before.withheld.as_deref())
            .await
            .map(drop),
        (None, Op::Attenuate) => {
            write
                .weigh(&edit.target_id, before.share.unwrap_or(1.0))
                .await?;
            match before.weight {
                Some(weight) => amend::set_weight(ctx, write, edit, weight).await.map(drop),
                None => Ok(()),
            }
        }
        (None, _) => {
            let patch: Patch = serde_json::from_str(&edit.patch).map_err(Error::internal)?;
            let said = rewrite(ctx, write, edit, &before.texts).await?.texts;
            let same = patch
                .texts()
                .into_iter()
                .all(|(name, text)| said.get(name).is_some_and(|said| said == text));
            match same {
                true => Ok(()),
                false => Err(changed(
                    "it says something else since: change it again instead".to_owned(),
                )),
            }
        }
    }
}

/// Keeps the target back, or shows it again.
async fn withhold(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    why: Option<&str>,
) -> Result<Before> {
    let id = edit.target_id.clone();
    let (lock, statement): (Option<&'static Sql>, &'static Sql) = match edit.target_type {
        Target::Handoff => (
            Some(sql!("edit/lock_handoff")),
            sql!("edit/withhold_handoff"),
        ),
        Target::Knowledge => (Some(sql!("edit/lock_note")), sql!("edit/withhold_note")),
        Target::Decision => (
            Some(sql!("edit/lock_decision")),
            sql!("edit/withhold_decision"),
        ),
        Target::Capsule => (None, sql!("edit/withhold_capsule")),
        Target::Finding => (
            Some(sql!("edit/lock_finding")),
            sql!("edit/withhold_finding"),
        ),
        Target::Chunk => return chunk::withhold(ctx, write, edit, why).await,
    };
    let mut before = Before::default();
    if let Some(lock) = lock {
        let row = write.first(lock, &[&id]).await?.ok_or_else(gone)?;
        before.withheld = row.get("withheld");
        raise(edit, row.get("sensitivity"));
    }
    let why = match edit.status.as_str() {
        "pending" => why.map(|why| stronger(before.withheld.as_deref(), why).to_owned()),
        _ => why.map(str::to_owned),
    };
    write
        .first(statement, &[&id, &why])
        .await?
        .ok_or_else(gone)?;
    write.withhold(&id, why.as_deref()).await?;
    if edit.target_type == Target::Handoff {
        write.unsay(&id).await?;
    }
    Ok(before)
}

async fn weigh(ctx: &Context, write: &mut Write, edit: &mut Edit, weight: f64) -> Result<Before> {
    let row = write.first(sql!("edit/share"), &[&edit.target_id]).await?;
    let share: f64 = row.map_or(1.0, |row| row.get(0));
    write.weigh(&edit.target_id, share * weight).await?;
    let before = amend::set_weight(ctx, write, edit, weight).await?;
    Ok(Before {
        weight: before,
        share: Some(share),
        ..Before::default()
    })
}

/// Changes what the target says; gives what it said.
async fn rewrite(
    ctx: &Context,
    write: &mut Write,
    edit: &mut Edit,
    texts: &BTreeMap<String, String>,
) -> Result<Before> {
    let texts = match edit.target_type {
        Target::Handoff => amend::handoff(ctx, write, edit, texts).await?,
        Target::Knowledge => amend::note(ctx, write, edit, texts).await?,
        Target::Decision => amend::decision(ctx, write, edit, texts).await?,
        Target::Chunk => chunk::rewrite(ctx, write, edit, texts).await?,
        Target::Capsule | Target::Finding => BTreeMap::new(),
    };
    Ok(Before {
        texts,
        ..Before::default()
    })
}

/// Of two reasons to keep a memory back, the one that keeps it further back.
pub fn stronger<'a>(had: Option<&'a str>, why: &'a str) -> &'a str {
    let strength = |why: &str| {
        ["quarantined", "retracted", "blocked"]
            .iter()
            .position(|known| *known == why)
    };
    had.filter(|had| strength(had) > strength(why))
        .unwrap_or(why)
}

/// What an edit changed was changed again.
fn changed(message: String) -> Error {
    Error::new(Kind::Conflict, "changed_since", message)
}

/// An edit is as sensitive as what it is about.
pub fn raise(edit: &mut Edit, sensitivity: &str) {
    if level(sensitivity) > level(&edit.sensitivity) {
        sensitivity.clone_into(&mut edit.sensitivity);
    }
}

/// What an edit is about is no longer there.
pub fn gone() -> Error {
    Error::new(
        Kind::Conflict,
        "target_gone",
        "what this edit is about was erased since",
    )
}
