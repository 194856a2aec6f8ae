//! Arguments that come as text: a query's, a path's, a command line's.

use super::schema;
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::json::raw;
use serde_json::Value;
use serde_json::value::RawValue;

/// How an argument's text becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A number or a truth value: the text is the JSON.
    Literal,
    /// A JSON object or what holds objects: the text is the JSON.
    Json,
    /// Strings: one for each time it is named, or separated by commas.
    List,
}

/// One argument of an operation.
pub struct Argument {
    /// Its name.
    pub name: String,
    /// How its text becomes JSON.
    pub shape: Shape,
    /// Whether the operation cannot do without.
    pub required: bool,
    /// What it means.
    pub description: String,
}

/// The arguments of an operation.
pub fn of(endpoint: &Endpoint) -> Vec<Argument> {
    let mut input = schema::input(endpoint);
    let required: Vec<Value> = input
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let members = schema::properties(&mut input).iter();
    let argument = |(name, schema): (&String, &Value)| Argument {
        name: name.clone(),
        shape: shape(schema),
        required: required.iter().any(|wanted| wanted == name),
        description: schema["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    members.map(argument).collect()
}

/// What an operation does, in its own words.
pub fn description(endpoint: &Endpoint) -> String {
    schema::input(endpoint)
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// An argument's JSON from its text, once for each time it was named.
pub fn value(name: &str, values: &[String], shape: Shape) -> Result<Box<RawValue>> {
    if shape == Shape::List {
        let items: Vec<&str> = match values {
            [one] => one.split(',').collect(),
            many => many.iter().map(String::as_str).collect(),
        };
        items
            .iter()
            .try_for_each(|item| clean(name, item).map(drop))?;
        return raw(&items);
    }
    let [value] = values else {
        return Err(
            Error::invalid(format!("{name} is given more than once")).field(name.to_owned())
        );
    };
    match shape {
        // What is no literal goes on as a string, and its type is refused with the field's name.
        Shape::Literal => match serde_json::from_str::<Value>(value) {
            Ok(literal @ (Value::Number(_) | Value::Bool(_))) => raw(&literal),
            _ => clean(name, value),
        },
        Shape::Json => {
            let wrapped = format!("{{{}:{value}}}", Value::from(name));
            crate::json::Args::parse(wrapped.as_bytes())?;
            RawValue::from_string(value.clone())
                .map_err(|error| Error::invalid(error.to_string()).field(name.to_owned()))
        }
        Shape::Text | Shape::List => clean(name, value),
    }
}

/// A string's JSON, without what cannot be stored.
fn clean(name: &str, value: &str) -> Result<Box<RawValue>> {
    match value.contains('\0') {
        true => Err(Error::invalid("the character U+0000 cannot be stored").field(name.to_owned())),
        false => raw(&value),
    }
}

fn shape(schema: &Value) -> Shape {
    let is = |wanted: &str| match &schema["type"] {
        Value::String(name) => name == wanted,
        Value::Array(names) => names.iter().any(|name| name == wanted),
        _ => schema["anyOf"]
            .as_array()
            .is_some_and(|choices| choices.iter().any(|choice| choice["type"] == wanted)),
    };
    match () {
        () if is("array")
            && schema["items"].get("$ref").is_some()
            && schema["items"]["type"].is_null() =>
        {
            Shape::Json
        }
        () if is("array") => Shape::List,
        () if is("integer") || is("number") || is("boolean") => Shape::Literal,
        () if is("object") || schema.get("$ref").is_some() => Shape::Json,
        () => Shape::Text,
    }
}
