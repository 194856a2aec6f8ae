//! MCP's tools: every operation with a JSON reply.

use crate::endpoint::{Endpoint, Run};
use crate::error::{Error, Kind};
use crate::http::schema;
use crate::operation::{Access, Method};
use crate::registry;
use rmcp::model::{Tool, ToolAnnotations};
use std::sync::Arc;

/// The tools that are listed unless all are asked for: what an agent needs, without what an operator does. The others can be called
/// all the same.
pub const USUAL: [&str; 16] = [
    "context_build",
    "decision_create",
    "event_record",
    "finding_post",
    "handoff_create",
    "knowledge_create",
    "knowledge_note",
    "next_actions",
    "recall",
    "rule_create",
    "session_start",
    "task_claim",
    "task_complete",
    "task_create",
    "task_list",
    "wake_up",
];

/// All tools, by name.
pub fn all() -> Vec<Tool> {
    let mut tools: Vec<Tool> = registry::all()
        .filter(|endpoint| is_tool(endpoint))
        .map(tool)
        .collect();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    tools
}

/// The operation that a tool of this name is.
pub fn find(name: &str) -> Option<&'static Endpoint> {
    registry::find(name).filter(|endpoint| is_tool(endpoint))
}

fn is_tool(endpoint: &Endpoint) -> bool {
    matches!(endpoint.run, Run::Json(_))
}

/// What a model reads when a tool fails: the sentence, the field, and whether to try again.
pub fn explain(error: &Error) -> String {
    let field = error
        .at_field()
        .map(|field| format!(" (field: {field})"))
        .unwrap_or_default();
    let again = match error.kind() {
        Kind::Unavailable | Kind::Limited | Kind::Timeout | Kind::StorageFull => {
            " Try again in a moment."
        }
        _ => "",
    };
    format!("{}: {}{field}.{again}", error.code(), error.message())
}

fn tool(endpoint: &Endpoint) -> Tool {
    let mut input = schema::input(endpoint);
    let description = input
        .remove("description")
        .and_then(|text| text.as_str().map(str::to_owned))
        .unwrap_or_default();
    let read = endpoint.access == Access::Read;
    let destructive = matches!(endpoint.method, Method::Delete);
    let annotations = ToolAnnotations::new()
        .read_only(read)
        .destructive(destructive)
        .idempotent(read || destructive)
        .open_world(false);
    Tool::new(endpoint.name, description, Arc::new(input))
        .with_raw_output_schema(Arc::new(schema::output(endpoint)))
        .with_annotations(annotations)
}
