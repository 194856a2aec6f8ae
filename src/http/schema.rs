//! JSON Schemas of operations, as OpenAPI 3.1 and MCP want them.

use crate::endpoint::Endpoint;
use crate::operation::Scope;
use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// A generator whose definitions stand at `path`.
pub fn generator(path: &str, contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        path.clone_into(settings.definitions_path.to_mut());
        settings.meta_schema = None;
        settings.contract = contract;
    });
    settings.into_generator()
}

/// The schema of an operation's input on its own, with the tenant that every operation takes.
pub fn input(endpoint: &Endpoint) -> Map<String, Value> {
    let mut schema = alone(endpoint.input, Contract::Deserialize);
    if let Some(tenant) = tenant(endpoint) {
        properties(&mut schema).insert("tenant_id".to_owned(), tenant);
    }
    schema
}

/// The schema of an operation's output on its own.
pub fn output(endpoint: &Endpoint) -> Map<String, Value> {
    alone(endpoint.output, Contract::Serialize)
}

/// The argument that names the tenant; operations on tenants as such have one of their own, or none.
pub fn tenant(endpoint: &Endpoint) -> Option<Value> {
    let (pattern, also) = match endpoint.scope {
        Scope::Tenant => ("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", ""),
        Scope::TenantOrInstallation => (
            "^([A-Za-z0-9][A-Za-z0-9._-]{0,63}|[*])$",
            " For holders of the installation's keys `*` means the installation itself.",
        ),
        Scope::Installation => return None,
    };
    Some(json!({
        "type": "string",
        "pattern": pattern,
        "description": format!(
            "Whose memory: the key's tenant, or `default` while keys are off, unless said otherwise.{also}"
        ),
    }))
}

/// The members of an object's schema.
pub fn properties(schema: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if !properties.is_object() {
        *properties = json!({});
    }
    properties
        .as_object_mut()
        .expect("it was made an object the line before")
}

/// Takes away what other languages' generators stumble over: formats of Rust's own, and `null` beside a type where absence is meant.
pub fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let format = members
                .get("format")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if format.starts_with("uint") || matches!(format, "int8" | "int16") {
                members.remove("format");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn alone(
    make: fn(&mut SchemaGenerator) -> schemars::Schema,
    contract: Contract,
) -> Map<String, Value> {
    let mut generator = generator("#/$defs", contract);
    let mut schema = make(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema["$defs"] = Value::Object(definitions);
    }
    tidy(&mut schema);
    match schema {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
