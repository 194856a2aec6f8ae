//! Every operation, every place an id or a tenant can stand, every kind of value, every kind of key: nobody sees another's memory.
//!
//! Made from the registry and the operations' own schemas, so that a new operation is in it by itself. What a tenant keeps carries a
//! random marker; it is looked for in bodies, headers, errors, the log and the metrics of everything that others ask.

use crate::support::cluster::mode;
use crate::support::sample::{input_of, properties};
use crate::support::victim::{Victim, live, random};
use crate::support::{Client, Reply, Server, logs};
use agent_memory::endpoint::{Endpoint, Run};
use agent_memory::operation::{Access, Method, Scope};
use agent_memory::{id, key, registry, tenant};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who tries.
struct Attacker {
    name: &'static str,
    clients: Vec<(&'static str, Client)>,
}

/// One request, and what it must not bring.
struct Probe {
    what: String,
    client: Client,
    request: Request,
    marker: String,
    /// Probes that have to be answered alike, whether what they name is somebody's or nobody's.
    alike: Option<String>,
}

enum Request {
    Rest(Method, String, Value),
    Raw(Method, String, Option<String>),
    Tool(&'static str, Value),
}

/// What stands in an argument: what belongs to the victim, what belongs to nobody, and what makes no sense.
fn values(victim: &Victim) -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = victim
        .known
        .iter()
        .map(|known| ("foreign", known.clone()))
        .collect();
    for known in &victim.known {
        // Of the same form, and nobody's.
        let nobodys = match known.split_once('_') {
            Some((prefix, _)) if prefix.len() <= 4 => id::new(prefix).0,
            _ => random(known.len().min(12)),
        };
        all.push(("nobody's", nobodys));
    }
    all.push(("malformed", "' or '1'='1".to_owned()));
    all.push((
        "malformed",
        format!("{}/../{}", victim.name, victim.known[3]),
    ));
    all
}

/// A value as an argument of this schema, if one of texts can stand there.
fn fitting(schema: &Value, value: &str) -> Option<Value> {
    let is = |kind: &str| schema["type"] == kind || schema["type"][0] == kind;
    match () {
        () if is("string") && schema["enum"].is_null() => Some(json!(value)),
        () if is("array")
            && schema["items"]["enum"].is_null()
            && schema["items"].get("$ref").is_none() =>
        {
            Some(json!([value]))
        }
        () => None,
    }
}

/// Every probe of one operation against one victim.
fn probes(endpoint: &'static Endpoint, attacker: &Attacker, victim: &Victim, all: &mut Vec<Probe>) {
    let base = input_of(endpoint);
    let is_tool = matches!(endpoint.run, Run::Json(_));
    let mut put = |what: String, key: usize, request: Request, alike: Option<String>| {
        let (access, client) = &attacker.clients[key];
        all.push(Probe {
            what: format!(
                "{} of {} with a key to {access}: {what}",
                endpoint.name, attacker.name
            ),
            client: client.clone(),
            request,
            marker: victim.marker.clone(),
            alike: alike
                .map(|alike| format!("{} {} {access} {alike}", endpoint.name, attacker.name)),
        });
    };
    let admin = attacker.clients.len() - 1;
    // The tenant: in the query, the body, the header and as an argument, alone and contradicted.
    for (kind, name) in [
        ("foreign", victim.name.clone()),
        ("nobody's", random(9)),
        ("malformed", "../x".to_owned()),
        ("the installation", "*".to_owned()),
    ] {
        for key in 0..attacker.clients.len() {
            let alike = |place: &str| {
                // Who guesses at keys is slowed down, whatever is asked for.
                (key != 1 && matches!(kind, "foreign" | "nobody's"))
                    .then(|| format!("tenant in {place}"))
            };
            let mut named = base.clone();
            named["tenant_id"] = json!(name);
            let path = filled(endpoint.path, &named);
            put(
                format!("{kind} tenant in the query"),
                key,
                Request::Raw(
                    endpoint.method,
                    format!("{path}?tenant_id={}", crate::support::client::encode(&name)),
                    None,
                ),
                None,
            );
            put(
                format!("{kind} tenant in the header"),
                key,
                Request::Raw(endpoint.method, path, Some(name.clone())),
                None,
            );
            put(
                format!("{kind} tenant among the arguments"),
                key,
                Request::Rest(endpoint.method, endpoint.path.to_owned(), named.clone()),
                alike("arguments"),
            );
            if is_tool {
                put(
                    format!("{kind} tenant as a tool's argument"),
                    key,
                    Request::Tool(endpoint.name, named),
                    alike("tool"),
                );
            }
        }
    }
    // Everything else that is a text: each of the victim's ids and names, and as many that are nobody's.
    for (name, schema) in properties(endpoint) {
        let in_path = endpoint.path.contains(&format!("{{{name}}}"));
        for (kind, value) in values(victim) {
            let Some(value) = fitting(&schema, &value) else {
                continue;
            };
            let mut input = base.clone();
            input[&name] = value.clone();
            let alike = || {
                ((in_path || name == "supersedes") && kind != "malformed")
                    .then(|| format!("{name} {in_path}"))
            };
            put(
                format!("{kind} {name} {value}"),
                admin,
                Request::Rest(endpoint.method, endpoint.path.to_owned(), input.clone()),
                alike(),
            );
            if is_tool {
                put(
                    format!("{kind} {name} {value} as a tool's argument"),
                    admin,
                    Request::Tool(endpoint.name, input),
                    alike().map(|alike| alike + " tool"),
                );
            }
        }
    }
}

/// A path with its arguments put in.
fn filled(path: &str, input: &Value) -> String {
    let mut path = path.to_owned();
    for (name, value) in input.as_object().unwrap() {
        path = path.replace(
            &format!("{{{name}}}"),
            &crate::support::client::encode(value.as_str().unwrap_or("x")),
        );
    }
    path
}

async fn send(probe: &Probe) -> Reply {
    match &probe.request {
        Request::Rest(method, path, input) => {
            let path = filled(path, input);
            let mut input = input.clone();
            // The path was filled and encoded here: what stands in it is no argument any more.
            input.as_object_mut().unwrap().retain(|name, _| !matches!(&probe.request, Request::Rest(_, path, _) if path.contains(&format!("{{{name}}}"))));
            probe.client.rest(*method, &path, input).await
        }
        Request::Raw(method, path, tenant) => {
            let client = match tenant {
                Some(tenant) => probe.client.clone().tenant(tenant),
                None => probe.client.clone(),
            };
            let body = (!matches!(method, Method::Get | Method::Delete)).then(|| b"{}".to_vec());
            client
                .raw(method.as_str(), path, body, "application/json")
                .await
        }
        Request::Tool(name, arguments) => {
            let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}});
            probe.client.post("/mcp", call.to_string()).await
        }
    }
}

/// What a tenant has, but for what changes by being looked at.
async fn state(server: &Server, victim: &str) -> String {
    let client = Client::new(&server.url).key(&server.admin).tenant(victim);
    let export = client
        .get("/api/v1/export/all?include_events=true&format=ndjson")
        .await
        .text;
    let trash = client.get("/api/v1/trash").await.text;
    export.lines().skip(1).collect::<Vec<_>>().join("\n") + &trash
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_anothers_memory_by_any_operation_place_or_key() {
    logs::keep();
    let server = Server::with_keys().await;
    let admin = Client::new(&server.url).key(&server.admin);
    let mut victims = Vec::new();
    let mut attackers = Vec::new();
    for isolation in ["shared", "schema"] {
        victims.push(live(&server, &admin, &format!("victim-{isolation}"), isolation).await);
        let name: &'static str = format!("attacker-{isolation}").leak();
        admin
            .call::<tenant::Create>(json!({"tenant_id": name, "isolation": isolation}))
            .await
            .ok();
        let mut clients = vec![
            ("nothing", Client::new(&server.url)),
            (
                "a key that nobody has",
                Client::new(&server.url).key(&key::fresh()),
            ),
        ];
        for access in ["read", "write", "admin"] {
            clients.push((access, server.key(name, access).await));
        }
        // Guessing is slowed by address; each attacker comes from one of its own, and so many keys are not tried.
        clients[1].1 = clients[1].1.clone().with("x-forwarded-for", "203.0.113.77");
        attackers.push(Attacker { name, clients });
    }
    let mut all = Vec::new();
    for endpoint in registry::all() {
        for attacker in &attackers {
            for victim in &victims {
                probes(endpoint, attacker, victim, &mut all);
            }
        }
    }
    let before: Vec<String> =
        futures_util::future::join_all(victims.iter().map(|victim| state(&server, &victim.name)))
            .await;
    let total = all.len();
    let replies = futures_util::stream::iter(&all)
        .map(async |probe| (probe, send(probe).await))
        .buffer_unordered(24);
    let mut replies = std::pin::pin!(replies);
    let (mut leaks, mut statuses, mut alike) = (
        Vec::new(),
        BTreeMap::<u16, u32>::new(),
        BTreeMap::<&str, BTreeMap<(u16, bool), &str>>::new(),
    );
    while let Some((probe, reply)) = replies.next().await {
        *statuses.entry(reply.status).or_default() += 1;
        let headers = format!("{:?}", reply.headers);
        if reply.text.contains(&probe.marker)
            || headers.contains(&probe.marker)
            // One connection for two dozen at once: who waited in vain has learned nothing.
            || (reply.status >= 500 && reply.json["code"] != "database_busy")
        {
            leaks.push(format!(
                "{}: {} {}",
                probe.what,
                reply.status,
                &reply.text[..reply.text.len().min(600)]
            ));
        }
        // Who has to wait for a place has learned nothing.
        if let Some(group) = probe
            .alike
            .as_ref()
            .filter(|_| ![429, 503].contains(&reply.status))
        {
            let failed = reply.json["result"]["isError"] == true;
            alike
                .entry(group)
                .or_default()
                .insert((reply.status, failed), &probe.what);
        }
    }
    println!("{total} probes ({:?}): {statuses:?}", mode());
    assert!(
        leaks.is_empty(),
        "{} of {total} leak or fail:\n{}",
        leaks.len(),
        leaks[..leaks.len().min(10)].join("\n")
    );
    let told: Vec<_> = alike
        .iter()
        .filter(|(_, answers)| answers.len() > 1)
        .collect();
    assert!(
        told.is_empty(),
        "the answer tells what is somebody's from what is nobody's: {told:?}"
    );
    assert!(total >= 20_000, "{total} probes");
    for status in [200, 201, 400, 401, 403, 404] {
        assert!(
            statuses.contains_key(&status),
            "no probe was answered {status}: {statuses:?}"
        );
    }
    for (victim, before) in victims.iter().zip(&before) {
        assert_eq!(
            &state(&server, &victim.name).await,
            before,
            "what {} keeps was changed",
            victim.name
        );
        let metrics =
            admin.get("/metrics/prometheus").await.text + &admin.get("/health/detailed").await.text;
        assert!(!metrics.contains(&victim.marker));
        assert!(
            before.contains(&victim.marker),
            "there was something to find"
        );
        let log = logs::all();
        assert!(
            log.len() > 1000 && !log.contains(&victim.marker),
            "the log tells of {}",
            victim.name
        );
    }
}

#[test]
fn every_operation_is_somebodys_business() {
    for endpoint in registry::all() {
        let about_tenants = ["tenant_", "backup_"]
            .iter()
            .any(|feature| endpoint.name.starts_with(feature));
        assert_eq!(
            endpoint.scope == Scope::Installation,
            about_tenants,
            "{}",
            endpoint.name
        );
        assert!(
            !about_tenants || endpoint.access == Access::Admin,
            "{}",
            endpoint.name
        );
    }
}
