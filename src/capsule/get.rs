//! capsule_get

use super::Capsule;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use schemars::JsonSchema;
use serde::Deserialize;

/// One capsule, for its author and those it is for, until it expires or is revoked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The capsule's id, `cap_…`.
    id: Name,
    /// The agent that asks.
    agent_id: Name,
}

/// Gets a capsule.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "capsule_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/capsules/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Capsule;

    async fn run(ctx: &Context, input: Input) -> Result<Capsule> {
        let (id, agent) = (&*input.id, &*input.agent_id);
        let rows = ctx
            .read(sql!("capsule/get"), &[&id, &agent, &ctx.at])
            .await?;
        let message = "no capsule by that id for this agent, or not any more";
        Capsule::shown(ctx, &rows)
            .pop()
            .ok_or_else(|| Error::not_found(message).field("id"))
    }
}
