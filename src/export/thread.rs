//! export_thread

use super::Form;
use super::write::stream_of;
use crate::error::{Error, Result};
use crate::operation::{Body, Context, Download};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Every handoff from the first to the last, as a document or for people to read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// json or markdown.
    #[serde(default)]
    format: Form,
}

/// Exports the thread of handoffs.
pub struct Thread;

impl Download for Thread {
    const NAME: &'static str = "export_thread";
    const PATH: &'static str = "/api/v1/export/thread";
    const CONTENT_TYPES: &'static [&'static str] = &["application/json", "text/markdown"];
    const REPLICATED: bool = true;
    type Input = Input;

    async fn open(ctx: Arc<Context>, input: Input) -> Result<Body> {
        if input.format == Form::Ndjson {
            return Err(Error::invalid(
                "format is json or markdown here; export/all also knows ndjson",
            )
            .field("format"));
        }
        let name = format!("thread-{}", ctx.tenant);
        let pieces = stream_of(
            ctx,
            input.format,
            |section, _| section.name == "handoffs",
            false,
        )
        .await?;
        Ok(super::all::body(input.format, &name, pieces))
    }
}
