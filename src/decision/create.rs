//! decision_create

use super::Decision;
use crate::edit::{Target, quarantine};
use crate::error::{Error, Kind, Result};
use crate::knowledge::none;
use crate::operation::{Access, Context, Method, Operation};
use crate::trust::{attack, refusal};
use crate::types::{List, Name, Text, strings};
use crate::write::{Begun, gone};
use crate::{id, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Records a decision, with what led to it and what follows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What was decided.
    pub(super) decision: Text,
    /// Why.
    #[serde(default)]
    pub(super) rationale: List<Text, 64>,
    /// What bound it.
    #[serde(default)]
    pub(super) constraints: List<Text, 64>,
    /// What else was thought of.
    #[serde(default)]
    pub(super) alternatives: List<Text, 64>,
    /// What follows.
    #[serde(default)]
    pub(super) consequences: List<Text, 64>,
    /// What it refers to.
    #[serde(default)]
    pub(super) refs: List<Name, 256>,
    /// How far it reaches.
    #[serde(default)]
    pub(super) scope: Scope,
    /// The project it belongs to.
    pub(super) project_path: Option<Name>,
    /// The decision it replaces.
    pub(super) supersedes: Option<Name>,
    /// Whether it always comes first.
    #[serde(default)]
    pub(super) pinned: bool,
}

/// How far a decision reaches.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Scope {
    /// One project.
    #[default]
    Project,
    /// One person.
    User,
    /// Everything.
    Global,
}

/// Records a decision.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "decision_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/decisions";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Decision;

    async fn run(ctx: &Context, input: Input) -> Result<Decision> {
        store(ctx, input).await
    }
}

/// Writes a decision once, takes the one it replaces out of force, and reads it back.
pub(super) async fn store(ctx: &Context, input: Input) -> Result<Decision> {
    let mut draft = draft(ctx, input);
    let said = draft.clone();
    let attack = attack(&mut draft);
    if let (Some(rule), Some(_)) = (attack, &draft.supersedes) {
        return Err(refusal(rule));
    }
    let mut quarantined = None;
    ctx.protect(&mut draft).await?;
    let (decision_id, fresh) = match ctx.begin().await? {
        Begun::Replay(mut ids) => (ids.pop().ok_or_else(gone)?, false),
        Begun::Fresh(mut write) => {
            let item = draft.item(ctx.place.record.number);
            // What replaces another is new, whatever it says.
            let same = draft.said().filter(|_| draft.supersedes.is_none());
            let row = write
                .first(
                    sql!("decision/create"),
                    &[
                        &draft.decision_id,
                        &draft.decision,
                        &draft.rationale,
                        &draft.constraints,
                        &draft.alternatives,
                        &draft.consequences,
                        &draft.refs,
                        &draft.scope,
                        &draft.project_path,
                        &draft.pinned,
                        &draft.supersedes,
                        &draft.created_at,
                        &draft.sensitivity,
                        &draft.sealed.map(|sealed| sealed.0),
                        &same,
                    ],
                )
                .await?;
            let stored: String = row.ok_or_else(gone)?.get(0);
            if stored == draft.decision_id {
                write.index(item).await?;
            }
            if let Some(old) = draft.supersedes {
                write
                    .first(sql!("decision/supersede"), &[&old, &draft.decision_id])
                    .await?
                    .ok_or_else(replaced)?;
                write.supersede(&old, draft.created_at, None).await?;
            }
            if let Some(rule) = attack.filter(|_| stored == draft.decision_id) {
                let edit = quarantine(ctx, &mut write, Target::Decision, &stored, rule).await?;
                quarantined = Some(edit);
            }
            write.commit(std::slice::from_ref(&stored)).await?;
            let fresh = stored == draft.decision_id;
            (stored, fresh)
        }
    };
    let rows = ctx.read(sql!("decision/get"), &[&decision_id]).await?;
    let stored = Decision::shown(ctx, &rows).pop().ok_or_else(gone)?;
    Ok(match fresh {
        // Who wrote it has it back as it was sent.
        true => Decision {
            sensitivity: stored.sensitivity,
            encrypted: stored.encrypted,
            quarantined,
            ..said
        },
        false => stored,
    })
}

fn draft(ctx: &Context, input: Input) -> Decision {
    let (decision_id, created_at) = id::new("dec");
    let texts = |list: List<Text, 64>| list.into_inner().into_iter().map(String::from).collect();
    Decision {
        decision_id,
        tenant_id: ctx.tenant.clone(),
        origin: Some(ctx.origin.clone()),
        quarantined: None,
        decision: input.decision.into(),
        rationale: texts(input.rationale),
        constraints: texts(input.constraints),
        alternatives: texts(input.alternatives),
        consequences: texts(input.consequences),
        refs: strings(input.refs.into_inner()),
        scope: match input.scope {
            Scope::Project => "project",
            Scope::User => "user",
            Scope::Global => "global",
        }
        .to_owned(),
        project_path: input.project_path.map(String::from),
        pinned: input.pinned,
        status: "active".to_owned(),
        supersedes: input.supersedes.map(String::from),
        superseded_by: None,
        times: 1,
        created_at,
        sensitivity: none(),
        encrypted: false,
        sealed: None,
    }
}

fn replaced() -> Error {
    let message = "that decision was replaced before; supersede the one that replaced it";
    Error::new(Kind::Conflict, "already_superseded", message).field("supersedes")
}
