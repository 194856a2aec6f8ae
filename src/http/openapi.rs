//! The OpenAPI 3.1 document, from the registry.

use super::schema::{generator, properties, tenant, tidy};
use crate::endpoint::{Endpoint, Run};
use crate::error::{Error, Result};
use crate::operation::{Access, Method};
use crate::registry;
use schemars::generate::{Contract, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Where definitions stand.
const DEFINITIONS: &str = "#/components/schemas";

/// The document.
pub fn document() -> Result<Value> {
    let mut inputs = generator(DEFINITIONS, Contract::Deserialize);
    let mut outputs = generator(DEFINITIONS, Contract::Serialize);
    let mut paths = Map::new();
    for endpoint in registry::all() {
        for (index, (method, path)) in endpoint.routes().enumerate() {
            let operation = operation(endpoint, index, method, path, &mut inputs, &mut outputs);
            let methods = paths.entry(path).or_insert_with(|| json!({}));
            methods[method.as_str().to_ascii_lowercase()] = operation;
        }
    }
    let mut schemas = inputs.take_definitions(true);
    for (name, schema) in outputs.take_definitions(true) {
        match schemas.get(&name) {
            Some(there) if *there != schema => {
                return Err(Error::internal(format!("two schemas are called {name}")));
            }
            _ => drop(schemas.insert(name, schema)),
        }
    }
    schemas.insert("Problem".to_owned(), problem());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Thread's Memory System",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The memory an AI agent keeps between its sessions.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"apiKey": []}, {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    });
    tidy(&mut document);
    Ok(document)
}

fn operation(
    endpoint: &Endpoint,
    index: usize,
    method: Method,
    path: &str,
    inputs: &mut SchemaGenerator,
    outputs: &mut SchemaGenerator,
) -> Value {
    let mut input = match (endpoint.input)(inputs).to_value() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let description = input.remove("description").unwrap_or_default();
    if let Some(tenant) = tenant(endpoint) {
        properties(&mut input).insert("tenant_id".to_owned(), tenant);
    }
    let in_query =
        matches!(method, Method::Get | Method::Delete) || matches!(endpoint.run, Run::Upload(_));
    let mut parameters = take_parameters(&mut input, path, in_query);
    if endpoint.access > Access::Read {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "description": "The same key and request within 24 hours is done once and answered again.",
        }));
    }
    let mut operation = json!({
        "operationId": if index == 0 { endpoint.name.to_owned() } else { format!("{}_{}", endpoint.name, index + 1) },
        "summary": first_sentence(description.as_str().unwrap_or_default()),
        "description": description,
        "tags": [endpoint.name.split('_').next()],
        "parameters": parameters,
        "responses": responses(endpoint, outputs),
        "x-access": endpoint.access.as_str(),
    });
    if matches!(endpoint.run, Run::Upload(_)) {
        operation["requestBody"] = json!({"required": true, "content": {
            "application/json": {"schema": {"type": "object"}}, "application/x-ndjson": {"schema": {"type": "string"}},
        }});
    } else if !in_query {
        let required = input
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| !names.is_empty());
        operation["requestBody"] =
            json!({"required": required, "content": {"application/json": {"schema": input}}});
    }
    operation
}

/// Moves the members that travel in the path or the query out of the body's schema.
fn take_parameters(input: &mut Map<String, Value>, path: &str, in_query: bool) -> Vec<Value> {
    let required: Vec<String> = match input.get("required") {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let in_path = |name: &str| path.contains(&format!("{{{name}}}"));
    let members = properties(input);
    let names: Vec<String> = members
        .keys()
        .filter(|name| in_query || in_path(name))
        .cloned()
        .collect();
    let mut parameters = Vec::new();
    for name in &names {
        let mut schema = members.remove(name).unwrap_or_default();
        without_null(&mut schema);
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        let mut parameter = json!({
            "name": name,
            "in": if in_path(name) { "path" } else { "query" },
            "required": in_path(name) || required.contains(name),
            "schema": schema,
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameters.push(parameter);
    }
    if let Some(Value::Array(left)) = input.get_mut("required") {
        left.retain(|name| !names.iter().any(|taken| name == taken));
    }
    parameters
}

/// A query parameter is left out rather than null.
fn without_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        let real: Vec<&Value> = choices
            .iter()
            .filter(|choice| choice["type"] != "null")
            .collect();
        if let [only] = real.as_slice() {
            let mut only = (*only).clone();
            if let (Some(only), Some(description)) =
                (only.as_object_mut(), schema.get("description"))
            {
                only.insert("description".to_owned(), description.clone());
            }
            *schema = only;
        }
    }
}

fn responses(endpoint: &Endpoint, outputs: &mut SchemaGenerator) -> Value {
    let problem = |text: &str| json!({"description": text, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    let content: Map<String, Value> = match endpoint.run {
        Run::Download(_) => endpoint
            .content_types
            .iter()
            .map(|kind| ((*kind).to_owned(), json!({})))
            .collect(),
        _ => [(
            "application/json".to_owned(),
            json!({"schema": (endpoint.output)(outputs).to_value()}),
        )]
        .into_iter()
        .collect(),
    };
    let mut responses = Map::new();
    let (status, text) = if endpoint.creates {
        ("201", "Stored on disk.")
    } else {
        ("200", "The answer.")
    };
    responses.insert(
        status.to_owned(),
        json!({"description": text, "content": content}),
    );
    if endpoint.access == Access::Read && matches!(endpoint.run, Run::Json(_)) {
        responses.insert(
            "304".to_owned(),
            json!({"description": "Nothing changed since the ETag in If-None-Match."}),
        );
    }
    for (status, text) in [
        ("400", "The input breaks a rule; `field` names where."),
        ("401", "A key is needed."),
        ("403", "The key does not reach so far."),
        ("404", "Nothing here by that name."),
    ] {
        responses.insert(status.to_owned(), problem(text));
    }
    responses.insert(
        "default".to_owned(),
        problem("Any other failure; Retry-After says when trying again makes sense."),
    );
    Value::Object(responses)
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail", "code", "error", "request_id"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "description": "A stable word for programs."},
            "error": {"type": "string", "description": "The same as detail."},
            "field": {"type": "string", "description": "The input field at fault."},
            "request_id": {"type": "string"},
        },
    })
}

fn first_sentence(text: &str) -> &str {
    text.find(['.', ':', ';']).map_or(text, |end| &text[..end])
}
