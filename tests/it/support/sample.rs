//! Inputs made from the operations' own schemas.

use agent_memory::endpoint::{Endpoint, Run};
use agent_memory::http;
use serde_json::{Value, json};

/// An input that every operation's schema allows, as far as it can be made from the schema.
fn sample(schema: &Value, definitions: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return sample(&definitions[name.rsplit('/').next().unwrap()], definitions);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = schema["oneOf"].get(0).or(schema["anyOf"].get(0)) {
        return first
            .get("const")
            .cloned()
            .unwrap_or_else(|| sample(first, definitions));
    }
    let kind = schema["type"]
        .as_str()
        .or(schema["type"][0].as_str())
        .unwrap_or("string");
    match kind {
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let member = |name: &Value| {
                (
                    name.as_str().unwrap().to_owned(),
                    sample(&schema["properties"][name.as_str().unwrap()], definitions),
                )
            };
            Value::Object(required.iter().map(member).collect())
        }
        "array" => json!([sample(&schema["items"], definitions)]),
        "integer" => schema["minimum"].clone(),
        "number" => json!(0.5),
        "boolean" => json!(false),
        _ if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        _ => json!("sample"),
    }
}

/// An input that an operation takes.
pub fn input_of(endpoint: &Endpoint) -> Value {
    let document = http::document().unwrap();
    let path = &document["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()];
    let definitions = &document["components"]["schemas"];
    let mut input = match path["requestBody"]["content"]["application/json"].get("schema") {
        Some(schema) if !matches!(endpoint.run, Run::Upload(_)) => sample(schema, definitions),
        _ => json!({}),
    };
    for parameter in path["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["required"] == true)
    {
        input[parameter["name"].as_str().unwrap()] = sample(&parameter["schema"], definitions);
    }
    match endpoint.name {
        "handoff_create" => input["story"] = json!("sample"),
        "edge_create" => input["to_id"] = json!("another"),
        "edge_update" => input["weight"] = json!(0.5),
        "feedback_update" => input["status"] = json!("resolved"),
        _ => {}
    }
    input
}

/// The schema of an operation's whole input: every argument's, wherever it stands.
pub fn properties(endpoint: &Endpoint) -> Vec<(String, Value)> {
    let document = http::document().unwrap();
    let path = &document["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()];
    let definitions = &document["components"]["schemas"];
    let body = &path["requestBody"]["content"]["application/json"]["schema"];
    let body = match body["$ref"].as_str() {
        Some(name) => &definitions[name.rsplit('/').next().unwrap()],
        None => body,
    };
    let of = |(name, schema): (&String, &Value)| (name.clone(), schema.clone());
    let mut all: Vec<_> = body["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(of)
        .collect();
    for parameter in path["parameters"].as_array().unwrap() {
        if parameter["in"] != "header" {
            all.push((
                parameter["name"].as_str().unwrap().to_owned(),
                parameter["schema"].clone(),
            ));
        }
    }
    all
}
