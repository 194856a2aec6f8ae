//! Walks the registry: a new operation is covered before anyone writes a test for it.

use crate::support::sample::input_of;
use crate::support::{Client, Server};
use agent_memory::endpoint::{Endpoint, Run};
use agent_memory::http;
use agent_memory::operation::{Access, Method};
use agent_memory::registry;
use serde_json::{Value, json};

async fn send(client: &Client, endpoint: &Endpoint, input: Value) -> crate::support::Reply {
    client.rest(endpoint.method, endpoint.path, input).await
}

#[tokio::test]
async fn without_a_key_nobody_gets_in_and_a_weaker_key_is_forbidden() {
    let server = Server::with_keys().await;
    let nobody = Client::new(&server.url);
    let (reader, writer) = (
        server.key("acme", "read").await,
        server.key("acme", "write").await,
    );
    for endpoint in registry::all() {
        send(&nobody, endpoint, input_of(endpoint))
            .await
            .refused(401);
        let weaker = match endpoint.access {
            Access::Read => continue,
            Access::Write => &reader,
            Access::Admin => &writer,
        };
        send(weaker, endpoint, input_of(endpoint))
            .await
            .refused(403);
    }
}

#[tokio::test]
async fn unknown_fields_and_unstorable_texts_are_named() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for endpoint in registry::all().filter(|endpoint| !matches!(endpoint.run, Run::Upload(_))) {
        let mut input = input_of(endpoint);
        input["surely_unknown"] = json!(1);
        let problem = send(&acme, endpoint, input).await.refused(400);
        assert_eq!(problem["field"], "surely_unknown", "{}", endpoint.name);
        if matches!(endpoint.method, Method::Get | Method::Delete) {
            continue;
        }
        let path = endpoint.path.replace("{id}", "x");
        for text in ["a\\u0000b", "\\ud800"] {
            let reply = acme
                .raw(
                    endpoint.method.as_str(),
                    &path,
                    Some(format!("{{\"any\":\"{text}\"}}").into_bytes()),
                    "application/json",
                )
                .await;
            assert_eq!(reply.refused(400)["field"], "any", "{}", endpoint.name);
        }
        acme.raw(
            endpoint.method.as_str(),
            &path,
            Some(b"{}".to_vec()),
            "text/plain",
        )
        .await
        .refused(415);
    }
}

#[tokio::test]
async fn every_operation_answers_a_plain_sample_and_reads_change_nothing() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let snapshot = async || {
        acme.get("/api/v1/export/all?format=ndjson")
            .await
            .text
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for endpoint in registry::all().filter(|endpoint| !matches!(endpoint.run, Run::Upload(_))) {
        let before = snapshot().await;
        let reply = send(&acme, endpoint, input_of(endpoint)).await;
        let id_taken = endpoint.path.contains("{id}")
            || ["handoff_last", "edit_propose", "capsule_create"].contains(&endpoint.name);
        assert!(
            reply.status < 300 || (id_taken && reply.status == 404),
            "{}: {}",
            endpoint.name,
            reply.text
        );
        if endpoint.creates && reply.status < 300 {
            assert_eq!(reply.status, 201, "{}", endpoint.name);
        }
        if endpoint.access == Access::Read {
            assert_eq!(
                snapshot().await,
                before,
                "{} changed something",
                endpoint.name
            );
        }
    }
}

#[tokio::test]
async fn the_same_call_answers_the_same_over_mcp() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    send(
        &acme,
        registry::find("handoff_create").unwrap(),
        json!({"session_id": "s", "with_whom": "sample", "story": "x", "becoming": "y"}),
    )
    .await
    .ok();
    let volatile = [
        "loaded_at",
        "timestamp",
        "requests",
        "pool",
        "storage",
        "uptime",
        "acb_id",
    ];
    let steady = |mut value: Value| {
        volatile
            .iter()
            .for_each(|name| drop(value.as_object_mut().unwrap().remove(*name)));
        value
    };
    for endpoint in
        registry::all().filter(|e| e.access == Access::Read && matches!(e.run, Run::Json(_)))
    {
        let input = input_of(endpoint);
        let rest = send(&acme, endpoint, input.clone()).await;
        let tool = acme.tool(endpoint.name, input).await;
        if rest.status == 200 {
            assert_eq!(tool["isError"], false, "{}: {tool}", endpoint.name);
            assert_eq!(
                steady(tool["structuredContent"].clone()),
                steady(rest.json),
                "{}",
                endpoint.name
            );
        } else {
            assert_eq!(tool["isError"], true, "{}", endpoint.name);
            assert!(
                tool["content"][0]["text"]
                    .as_str()
                    .unwrap()
                    .contains(rest.json["detail"].as_str().unwrap())
            );
        }
    }
}

#[test]
fn every_operation_says_what_it_does_and_its_name_is_its_path() {
    let document = http::document().unwrap();
    for endpoint in registry::all() {
        let operation =
            &document["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()];
        assert!(
            operation["description"].as_str().unwrap().len() > 15,
            "{}",
            endpoint.name
        );
        for parameter in operation["parameters"].as_array().unwrap() {
            assert!(
                parameter["description"].is_string(),
                "{}: {}",
                endpoint.name,
                parameter["name"]
            );
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"];
        for (name, schema) in body.as_object().into_iter().flatten() {
            assert!(
                schema["description"].is_string() || schema["$ref"].is_string(),
                "{}: {name}",
                endpoint.name
            );
        }
    }
    let mut names: Vec<&str> = registry::all().map(|endpoint| endpoint.name).collect();
    names.sort_unstable();
    let total = names.len();
    names.dedup();
    assert_eq!(names.len(), total, "two operations share a name");
}
