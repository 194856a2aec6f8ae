//! decision_supersede

use super::Decision;
use super::create::{self, Scope, store};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::{List, Name, Text};
use schemars::JsonSchema;
use serde::Deserialize;

/// Replaces a decision by a new one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The decision that is replaced, `dec_…`.
    id: Name,
    /// What was decided instead.
    decision: Text,
    /// Why.
    #[serde(default)]
    rationale: List<Text, 64>,
    /// What bound it.
    #[serde(default)]
    constraints: List<Text, 64>,
    /// What else was thought of.
    #[serde(default)]
    alternatives: List<Text, 64>,
    /// What follows.
    #[serde(default)]
    consequences: List<Text, 64>,
    /// What it refers to.
    #[serde(default)]
    refs: List<Name, 256>,
    /// How far it reaches.
    #[serde(default)]
    scope: Scope,
    /// The project it belongs to.
    project_path: Option<Name>,
    /// Whether it always comes first.
    #[serde(default)]
    pinned: bool,
}

/// Replaces a decision.
pub struct Supersede;

impl Operation for Supersede {
    const NAME: &'static str = "decision_supersede";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/decisions/{id}/supersede";
    const ACCESS: Access = Access::Write;
    const CREATES: bool = true;
    type Input = Input;
    type Output = Decision;

    async fn run(ctx: &Context, input: Input) -> Result<Decision> {
        let there = ctx.first(sql!("decision/get"), &[&&*input.id]).await?;
        there.ok_or_else(|| Error::not_found("no decision by that id").field("id"))?;
        let draft = create::Input {
            decision: input.decision,
            rationale: input.rationale,
            constraints: input.constraints,
            alternatives: input.alternatives,
            consequences: input.consequences,
            refs: input.refs,
            scope: input.scope,
            project_path: input.project_path,
            supersedes: Some(input.id),
            pinned: input.pinned,
        };
        store(ctx, draft).await
    }
}
