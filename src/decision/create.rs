//! decision_create

use super::Decision;
use crate::context::{Begun, gone};
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::types::{List, Name, Text};
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
        store(ctx, &input).await
    }
}

/// Writes a decision once, takes the one it replaces out of force, and reads it back.
pub(super) async fn store(ctx: &Context, draft: &Input) -> Result<Decision> {
    let supersedes = draft.supersedes.as_deref();
    let decision_id = match ctx.begin().await? {
        Begun::Replay(mut ids) => ids.pop().ok_or_else(gone)?,
        Begun::Fresh(write) => {
            let (decision_id, at) = id::new("dec");
            let texts = |list: &List<Text, 64>| {
                list.iter().map(|text| text.to_string()).collect::<Vec<_>>()
            };
            let refs: Vec<String> = draft.refs.iter().map(|name| name.to_string()).collect();
            let scope = match draft.scope {
                Scope::Project => "project",
                Scope::User => "user",
                Scope::Global => "global",
            };
            write
                .query(
                    sql!("decision/create"),
                    &[
                        &decision_id,
                        &&*draft.decision,
                        &texts(&draft.rationale),
                        &texts(&draft.constraints),
                        &texts(&draft.alternatives),
                        &texts(&draft.consequences),
                        &refs,
                        &scope,
                        &draft.project_path.as_deref(),
                        &draft.pinned,
                        &supersedes,
                        &at,
                    ],
                )
                .await?;
            if let Some(old) = supersedes {
                write
                    .first(sql!("decision/supersede"), &[&old, &decision_id])
                    .await?
                    .ok_or_else(replaced)?;
            }
            write.commit(std::slice::from_ref(&decision_id)).await?;
            decision_id
        }
    };
    let row = ctx
        .first(sql!("decision/get"), &[&decision_id])
        .await?
        .ok_or_else(gone)?;
    Ok(Decision::from_row(&row))
}

fn replaced() -> Error {
    let message = "that decision was replaced before; supersede the one that replaced it";
    Error::new(Kind::Conflict, "already_superseded", message).field("supersedes")
}
