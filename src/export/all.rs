//! export_all

use super::Form;
use super::write::stream_of;
use crate::error::Result;
use crate::operation::{Body, Context, Download, Pieces};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Everything a tenant has, of every kind: what import takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// json, ndjson or markdown.
    #[serde(default)]
    format: Form,
    /// Whether events are in it.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    include_events: bool,
}

fn yes() -> bool {
    true
}

/// Exports everything.
pub struct All;

impl Download for All {
    const NAME: &'static str = "export_all";
    const PATH: &'static str = "/api/v1/export/all";
    const CONTENT_TYPES: &'static [&'static str] =
        &["application/json", "application/x-ndjson", "text/markdown"];
    const REPLICATED: bool = true;
    type Input = Input;

    async fn open(ctx: Arc<Context>, input: Input) -> Result<Body> {
        let name = format!("export-{}", ctx.tenant);
        let wanted =
            |section: &super::write::Section, events: bool| events || section.name != "events";
        let pieces = stream_of(ctx, input.format, wanted, input.include_events).await?;
        Ok(body(input.format, &name, pieces))
    }
}

/// The reply that carries an export.
pub(super) fn body(form: Form, name: &str, pieces: Pieces) -> Body {
    let (content_type, ending) = match form {
        Form::Json => ("application/json", "json"),
        Form::Ndjson => ("application/x-ndjson", "ndjson"),
        Form::Markdown => ("text/markdown; charset=utf-8", "md"),
    };
    Body {
        content_type,
        file_name: Some(format!("{name}.{ending}")),
        pieces,
    }
}
