//! What looks like an attack on a model when it is written is kept back at once, by an edit that says why: edit_list shows it, edit_reject
//! lets the memory be seen.

use super::{Edit, Op, Patch, Target, apply, chunk};
use crate::error::Result;
use crate::id;
use crate::operation::Context;
use crate::write::Write;

/// Who proposes such edits.
const PROPOSER: &str = "agent-memory";

/// Keeps back what was just written, by the rule that found it; the edit's id.
pub async fn quarantine(
    ctx: &Context,
    write: &mut Write,
    target: Target,
    target_id: &str,
    rule: &str,
) -> Result<String> {
    let mut edit = proposed(ctx, target, target_id, rule)?;
    let edit_id = edit.edit_id.clone();
    edit.insert(write).await?;
    apply::apply(ctx, write, &mut edit).await?;
    edit.decide(ctx, write, "approved").await?;
    Ok(edit_id)
}

/// Keeps back passages of one event that was just written, each by the rule that found it.
pub async fn quarantine_passages(
    ctx: &Context,
    write: &mut Write,
    found: &[(&str, &str)],
) -> Result<()> {
    let mut edits = Vec::new();
    for (chunk, rule) in found {
        let edit = proposed(ctx, Target::Chunk, chunk, rule)?;
        edit.insert(write).await?;
        edits.push(edit);
    }
    chunk::withhold_new(ctx, write, &mut edits).await?;
    for edit in edits {
        edit.decide(ctx, write, "approved").await?;
    }
    Ok(())
}

fn proposed(ctx: &Context, target: Target, target_id: &str, rule: &str) -> Result<Edit> {
    let (edit_id, created_at) = id::new("edt");
    Ok(Edit {
        edit_id,
        tenant_id: ctx.tenant.clone(),
        target_type: target,
        target_id: target_id.to_owned(),
        op: Op::Quarantine,
        reason: format!(
            "It looks like an attack on a model, by the rule {rule}. Reject this edit to have it seen."
        ),
        patch: Patch::default().json()?,
        before: "{}".to_owned(),
        status: "pending".to_owned(),
        proposed_by: PROPOSER.to_owned(),
        sensitivity: "none".to_owned(),
        created_at,
        decided_at: None,
        sealed: None,
    })
}
