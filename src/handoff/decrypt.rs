//! handoff_decrypt

use super::Handoff;
use super::get::missing;
use crate::context::Begun;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::seal::Show;
use crate::sql;
use crate::types::Name;
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
        let row = match ctx.begin().await? {
            Begun::Replay(_) => ctx.first(sql!("handoff/get"), &[&id, &false]).await?,
            Begun::Fresh(write) => {
                let row = write.first(sql!("handoff/get"), &[&id, &false]).await?;
                let row = row.ok_or_else(missing)?;
                write.commit(&[id.to_owned()]).await?;
                Some(row)
            }
        };
        let handoff = row.as_ref().map(Handoff::from_row).ok_or_else(missing)?;
        let encrypted = handoff.encrypted;
        let mut shown = ctx.reveal(vec![handoff], Show::All);
        let mut handoff = shown.pop().ok_or_else(missing)?;
        handoff.encrypted = encrypted;
        Ok(handoff)
    }
}
