//! key_revoke

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ends a key; it stops working within a second.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The key's id, `key_…`.
    id: Name,
}

/// What was revoked.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Always true.
    success: bool,
    key_id: String,
}

/// Revokes a key.
pub struct Revoke;

impl Operation for Revoke {
    const NAME: &'static str = "key_revoke";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/api/v1/keys/{id}";
    const ACCESS: Access = Access::Admin;
    const SCOPE: Scope = Scope::TenantOrInstallation;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        if let Begun::Fresh(write) = ctx.begin().await? {
            let revoked = write
                .first(sql!("key/revoke"), &[&&*input.id, &ctx.at])
                .await?;
            revoked.ok_or_else(|| Error::not_found("no working key by that id").field("id"))?;
            write.commit(&[input.id.to_string()]).await?;
            ctx.app.keys.forget();
        }
        Ok(Output {
            success: true,
            key_id: input.id.into(),
        })
    }
}
