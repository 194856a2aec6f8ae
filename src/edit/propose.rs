//! edit_propose

use super::{Edit, Op, Patch, Target, name};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{Name, Object, Text};
use crate::write::{Begun, gone};
use crate::{id, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Proposes to take a memory back, change it, keep it out of sight, let it count for less, or never show it again. Nothing changes before
/// edit_approve.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is about.
    target_type: Target,
    /// Which one, by its id.
    target_id: Name,
    /// What to do.
    op: Op,
    /// Why.
    reason: Text,
    /// What an amendment changes, text by text; how much an attenuated memory counts.
    patch: Option<Object<Patch>>,
    /// Who proposes it.
    proposed_by: Name,
}

/// Proposes an edit.
pub struct Propose;

impl Operation for Propose {
    const NAME: &'static str = "edit_propose";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/edits";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Edit;

    async fn run(ctx: &Context, input: Input) -> Result<Edit> {
        let patch = input.patch.map(|patch| patch.0).unwrap_or_default();
        check(input.target_type, input.op, &patch)?;
        let (edit_id, created_at) = id::new("edt");
        let target_type = name(input.target_type)?;
        let edit_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
            Begun::Fresh(write) => {
                let target: &str = &input.target_id;
                let row = write
                    .first(sql!("edit/there"), &[&target_type, &target])
                    .await?;
                let row = row.ok_or_else(|| {
                    Error::not_found(format!("no {target_type} by that id")).field("target_id")
                })?;
                let mut edit = Edit {
                    edit_id,
                    tenant_id: ctx.tenant.clone(),
                    target_type: input.target_type,
                    target_id: target.to_owned(),
                    op: input.op,
                    reason: input.reason.into(),
                    patch: patch.json()?,
                    before: "{}".to_owned(),
                    status: "pending".to_owned(),
                    proposed_by: input.proposed_by.into(),
                    sensitivity: row.get(0),
                    created_at,
                    decided_at: None,
                    sealed: None,
                };
                ctx.protect(&mut edit).await?;
                edit.insert(&write).await?;
                write.commit(std::slice::from_ref(&edit.edit_id)).await?;
                edit.edit_id
            }
        };
        let rows = ctx.read(sql!("edit/get"), &[&edit_id]).await?;
        Edit::shown(ctx, &rows)?.pop().ok_or_else(gone)
    }
}

/// Whether a patch is one that the operation can do with such a target.
fn check(target: Target, op: Op, patch: &Patch) -> Result<()> {
    let refuse = |message: &str| Err(Error::invalid(message.to_owned()).field("patch"));
    let names: &[&str] = match target {
        Target::Chunk => &["text"],
        Target::Decision => &["decision"],
        Target::Capsule | Target::Finding => &[],
        Target::Handoff => &[
            "experienced",
            "noticed",
            "learned",
            "story",
            "becoming",
            "remember",
        ],
        Target::Knowledge => &["title", "content"],
    };
    let texts = patch.texts();
    if op.withholds().is_some() && (!texts.is_empty() || patch.weight.is_some()) {
        return refuse("only amend and attenuate take a patch");
    }
    if matches!(target, Target::Capsule | Target::Finding) && op.withholds().is_none() {
        let message = "a capsule or a finding can be retracted, quarantined or blocked";
        return Err(Error::invalid(message).field("op"));
    }
    match op {
        Op::Amend if texts.is_empty() => refuse("an amendment names what it changes"),
        Op::Amend if patch.weight.is_some() => refuse("weight is for attenuate"),
        Op::Amend if texts.keys().any(|name| !names.contains(name)) => {
            refuse(&format!("what can be amended of it: {}", names.join(", ")))
        }
        Op::Amend if texts.values().any(|text| text.trim().is_empty()) => {
            refuse("expected texts, found only spaces")
        }
        Op::Attenuate if !texts.is_empty() => refuse("an attenuation takes a weight alone"),
        Op::Attenuate
            if patch
                .weight
                .is_some_and(|weight| !(0.0..=1.0).contains(&weight)) =>
        {
            refuse("weight is a number from 0 to 1")
        }
        _ => Ok(()),
    }
}
