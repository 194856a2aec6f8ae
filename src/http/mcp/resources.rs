//! MCP's resources: a memory as a whole, by its kind and id. What a tool shows in part links to it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Map, Value, json};

/// How many of the newest handoffs are listed; anything else is found through recall.
pub const LISTED: u32 = 20;

/// The kinds that can be read by their id: those of the operations called `{kind}_get`.
const KINDS: [(&str, &str); 5] = [
    ("handoff", "A session's handoff."),
    ("knowledge", "A note of knowledge."),
    ("event", "What happened, in full."),
    ("chunk", "A part of a long event's text."),
    ("task", "A task, with what it waits for."),
];

const TYPE: &str = "application/json";

/// Unreserved characters stand for themselves (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The forms of the addresses (RFC 6570).
pub fn templates() -> Vec<ResourceTemplate> {
    let template = |(kind, about): (&str, &str)| {
        ResourceTemplate::new(format!("agent-memory:/{kind}/{{id}}{{?tenant_id}}"), kind)
            .with_description(about)
            .with_mime_type(TYPE)
    };
    KINDS.into_iter().map(template).collect()
}

/// A page of handoffs.
pub fn of_handoffs(reply: &Value) -> Vec<Resource> {
    let word =
        |handoff: &Value, member: &str| handoff[member].as_str().unwrap_or_default().to_owned();
    let handoffs = reply["handoffs"].as_array().into_iter().flatten();
    handoffs
        .map(|handoff| {
            let id = word(handoff, "handoff_id");
            let (session, whom) = (word(handoff, "session_id"), word(handoff, "with_whom"));
            let at = word(handoff, "created_at");
            Resource::new(address("handoff", &id, None), id)
                .with_title(format!("{at}: session {session} with {whom}"))
                .with_description("What the session left for the next.")
                .with_mime_type(TYPE)
        })
        .collect()
}

/// The whole of what a reply shows in part.
pub fn links(operation: &str, reply: &Value, tenant: Option<&str>) -> Vec<Resource> {
    if operation != "recall" {
        return Vec::new();
    }
    let mut links: Vec<Resource> = Vec::new();
    for found in reply["results"].as_array().into_iter().flatten() {
        let (Some(kind), Some(id)) = (found["kind"].as_str(), found["id"].as_str()) else {
            continue;
        };
        let uri = address(kind, id, tenant);
        if about(kind).is_some() && !links.iter().any(|link| link.uri == uri) {
            let at = found["at"].as_str().unwrap_or_default();
            links.push(
                Resource::new(uri, id)
                    .with_title(format!("{kind} of {at}"))
                    .with_mime_type(TYPE),
            );
        }
    }
    links
}

/// The operation that reads what is at an address, and its arguments.
pub fn parse(uri: &str) -> Option<(String, Map<String, Value>)> {
    let rest = uri.strip_prefix("agent-memory:/")?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, id) = path.split_once('/')?;
    let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    about(kind)?;
    let mut members = Map::from_iter([("id".to_owned(), json!(decoded(id)?))]);
    if !query.is_empty() {
        let tenant = decoded(query.strip_prefix("tenant_id=")?)?;
        members.insert("tenant_id".to_owned(), json!(tenant));
    }
    Some((format!("{kind}_get"), members))
}

/// What was read.
pub fn content(uri: &str, reply: &Value) -> ReadResourceResult {
    let text = ResourceContents::text(reply.to_string(), uri).with_mime_type(TYPE);
    ReadResourceResult::new(vec![text])
}

fn about(kind: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    known.map(|(_, about)| *about)
}

fn address(kind: &str, id: &str, tenant: Option<&str>) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let tenant = tenant.map(|tenant| format!("?tenant_id={}", encoded(tenant)));
    format!(
        "agent-memory:/{kind}/{}{}",
        encoded(id),
        tenant.unwrap_or_default()
    )
}
