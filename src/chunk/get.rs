//! chunk_get

use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One passage of an event's text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The chunk's id, `chk_…`.
    id: Name,
}

/// A passage and where it comes from.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    chunk_id: String,
    tenant_id: String,
    event_id: String,
    session_id: String,
    /// Its place among the event's chunks, from 0.
    seq: i32,
    text: String,
    token_count: i32,
    /// When the event happened.
    at: DateTime<Utc>,
}

/// Gets a chunk.
pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "chunk_get";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/chunks/{id}";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let row = ctx.first(sql!("chunk/get"), &[&&*input.id]).await?;
        let row = row.ok_or_else(|| Error::not_found("no chunk by that id").field("id"))?;
        let (sensitivity, sealed) = (row.get("sensitivity"), row.get("sealed"));
        let text = match ctx.bytes(&input.id, sensitivity, sealed) {
            Ok(None) => row.get("text"),
            Ok(Some(plain)) => String::from_utf8(plain).map_err(Error::internal)?,
            Err(hidden) => hidden.to_owned(),
        };
        Ok(Output {
            chunk_id: row.get("chunk_id"),
            tenant_id: row.get("tenant_id"),
            event_id: row.get("event_id"),
            session_id: row.get("session_id"),
            seq: row.get("seq"),
            text,
            token_count: row.get("token_count"),
            at: row.get("at"),
        })
    }
}
