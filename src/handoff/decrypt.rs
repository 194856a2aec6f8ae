//! handoff_decrypt

use super::Handoff;
use super::get::missing;
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::Deserialize;

/// A handoff with all its texts, the secret ones too. For administrators; each use is in the audit log.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The handoff's id, `sh_…`.
    id: Name,
}

/// Opens a sealed handoff.
pub struct Decrypt;

impl Operation for Decrypt {
    const NAME: &'static str = "handoff_decrypt";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/handoff/{id}/decrypt";
    const ALSO: &'static [(Method, &'static str)] =
        &[(Method::Get, "/api/v1/handoffs/{id}/decrypt")];
    const ACCESS: Access = Access::Admin;
    const AUDITED: bool = true;
    type Input = Input;
    type Output = Handoff;

    async fn run(ctx: &Context, input: Input) -> Result<Handoff> {
        let id = &*input.id;
        // Written down first: what cannot be written down is not opened.
        let Begun::Fresh(write) = ctx.begin().await? else {
            return Err(Error::internal("a look that was claimed"));
        };
        let row = write.first(sql!("handoff/get"), &[&id, &false]).await?;
        let row = row.ok_or_else(missing)?;
        write.commit(&[id.to_owned()]).await?;
        let handoff = Handoff::from_row(&row);
        let encrypted = handoff.encrypted;
        Ok(Handoff {
            encrypted,
            ..ctx.open(handoff)?
        })
    }
}
