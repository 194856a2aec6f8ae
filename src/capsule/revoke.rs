//! capsule_revoke

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Takes a capsule back: nobody reads it any more.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The capsule's id, `cap_…`.
    id: Name,
}

/// Since when it is revoked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CapsuleRevoked")]
pub struct Output {
    /// Always true.
    success: bool,
    /// The capsule.
    capsule_id: String,
    /// Since when nobody reads it; none where the same request is answered again.
    revoked_at: Option<DateTime<Utc>>,
}

/// Revokes a capsule.
pub struct Revoke;

impl Operation for Revoke {
    const NAME: &'static str = "capsule_revoke";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/capsules/{id}";
    const ALSO: &'static [(Method, &'static str)] =
        &[(Method::Post, "/api/v1/capsules/{id}/revoke")];
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let id: &str = &input.id;
        let mut revoked_at = None;
        if let Begun::Fresh(write) = ctx.begin().await? {
            let row = write.first(sql!("capsule/revoke"), &[&id, &ctx.at]).await?;
            let row = row.ok_or_else(|| Error::not_found("no capsule by that id").field("id"))?;
            revoked_at = row.get(0);
            write.commit(&[id.to_owned()]).await?;
        }
        Ok(Output {
            success: true,
            capsule_id: input.id.into(),
            revoked_at,
        })
    }
}
