//! artifact_get

use crate::error::{Error, Result};
use crate::operation::{Body, Context, Download};
use crate::sql;
use crate::types::Name;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// The bytes of an artifact.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The artifact's id, `art_…`.
    id: Name,
}

/// Gets an artifact.
pub struct Get;

impl Download for Get {
    const NAME: &'static str = "artifact_get";
    const PATH: &'static str = "/api/v1/artifacts/{id}";
    const CONTENT_TYPES: &'static [&'static str] = &["application/octet-stream"];
    type Input = Input;

    async fn open(ctx: Arc<Context>, input: Input) -> Result<Body> {
        let row = ctx.first(sql!("artifact/get"), &[&&*input.id]).await?;
        let row = row.ok_or_else(|| Error::not_found("no artifact by that id").field("id"))?;
        let stored: &[u8] = row.get("body");
        let sealed = row.get::<_, bool>("sealed").then_some(stored);
        let body = match ctx.bytes(&input.id, row.get("sensitivity"), sealed) {
            Ok(plain) => plain.unwrap_or_else(|| stored.to_vec()),
            Err(hidden) => hidden.as_bytes().to_vec(),
        };
        Ok(Body {
            content_type: "application/octet-stream",
            file_name: Some(
                row.get::<_, Option<String>>("name")
                    .unwrap_or_else(|| input.id.to_string()),
            ),
            pieces: Box::pin(futures_util::stream::once(async { Ok(Bytes::from(body)) })),
        })
    }
}
