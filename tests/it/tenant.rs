//! tenant_*: made, bounded, deleted, erased; in the tables of all and in a schema of its own

use crate::support::{Client, Server, until};
use agent_memory::db::{Sql, Value};
use agent_memory::{audit, event, handoff, key, knowledge, tenant};
use serde_json::{Value as Json, json};

fn handoff() -> Json {
    json!({"session_id": "s", "with_whom": "Ada", "story": "what happened", "becoming": "one who counts"})
}

fn message(text: &str) -> Json {
    json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": text}})
}

async fn count(server: &Server, table: &'static str) -> i64 {
    let text: &'static str = format!("select count(*) from {table}").leak();
    let sql: &'static Sql = Box::leak(Box::new(Sql { name: text, text }));
    let none: [&dyn Value; 0] = [];
    server.superuser().await.query(sql, &none).await.unwrap()[0].get(0)
}

#[tokio::test]
async fn a_tenant_lives_in_a_schema_of_its_own_as_in_the_shared_tables() {
    let server = Server::start().await;
    let operator = Client::new(&server.url);
    for (name, isolation) in [("acme", "schema"), ("rival", "shared")] {
        let made = operator
            .call::<tenant::Create>(json!({"tenant_id": name, "isolation": isolation}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.json["isolation"], isolation);
    }
    operator
        .call::<tenant::Create>(json!({"tenant_id": "acme"}))
        .await
        .refused(409);
    operator
        .call::<tenant::Create>(json!({"tenant_id": "../x"}))
        .await
        .refused(400);
    let (acme, rival) = (server.tenant("acme").await, server.tenant("rival").await);
    for client in [&acme, &rival] {
        let made = client.call::<handoff::Create>(handoff()).await.ok();
        let id = made["handoff_id"].clone();
        client
            .call::<event::Record>(message("word for word"))
            .await
            .ok();
        client
            .call::<knowledge::Create>(
                json!({"title": "t", "content": "c", "source_handoffs": [id]}),
            )
            .await
            .ok();
        let woken = client.get("/api/v1/wake-up?with_whom=Ada").await.ok();
        assert_eq!(woken["last_handoff"]["handoff_id"], id);
        assert_eq!(
            client.get("/api/v1/recall?query=happened").await.ok()["results"][0]["id"],
            id
        );
        let first = client
            .clone()
            .with("idempotency-key", "once")
            .call::<handoff::Create>(handoff())
            .await;
        let again = client
            .clone()
            .with("idempotency-key", "once")
            .call::<handoff::Create>(handoff())
            .await;
        assert_eq!(
            (first.status, &first.json["handoff_id"]),
            (201, &again.json["handoff_id"])
        );
        let all = client
            .rest(
                agent_memory::operation::Method::Get,
                "/api/v1/export/all",
                json!({"include_events": true}),
            )
            .await
            .ok();
        assert_eq!(
            (&all["handoffs"]["total"], &all["events"]["total"]),
            (&json!(2), &json!(1))
        );
    }
    assert_eq!(
        count(&server, "public.session_handoffs where tenant_id = 'acme'").await,
        0
    );
    let schema = "select format('%I', 'tenant_' || number) from tenants where tenant_id = 'acme'";
    let sql: &'static Sql = Box::leak(Box::new(Sql {
        name: "test/schema",
        text: schema,
    }));
    let none: [&dyn Value; 0] = [];
    let schema: String = server.superuser().await.query(sql, &none).await.unwrap()[0].get(0);
    let rows = |table: &str| format!("{schema}.{table}").leak() as &'static str;
    assert_eq!(count(&server, rows("session_handoffs")).await, 2);
    assert_eq!(count(&server, rows("events")).await, 1);
    let place = server.app.places.of("acme").await.unwrap();
    assert!(place.has_own_connections());
    // A server that starts later finds the schema up to date; one that was left behind is brought up.
    let owner = crate::support::cluster::cluster()
        .owner
        .with_database(&server.database);
    let application = server.app.db.target().user();
    server
        .superuser()
        .await
        .batch("update tenants set schema_version = null where tenant_id = 'acme'; ")
        .await
        .unwrap();
    let lacking = format!("drop schema {schema} cascade");
    server.superuser().await.batch(&lacking).await.unwrap();
    agent_memory::db::migrate::up(&owner, application)
        .await
        .unwrap();
    acme.call::<handoff::Create>(handoff()).await.ok();
    let deleted = operator
        .call::<tenant::Delete>(json!({"tenant_id": "acme", "erase": true}))
        .await
        .ok();
    assert!(
        deleted["tables"]
            .as_array()
            .unwrap()
            .iter()
            .any(|table| table["table"] == rows("session_handoffs")
                && table["removed"] == 1
                && table["left"] == 0),
        "{deleted}"
    );
    assert_eq!(
        count(
            &server,
            format!("pg_namespace where nspname = '{schema}'").leak()
        )
        .await,
        0
    );
}

#[tokio::test]
async fn the_trash_gives_a_tenant_back_and_an_erasure_proves_itself() {
    let server = Server::with_keys().await;
    let admin = Client::new(&server.url).key(&server.admin);
    let (acme, rival) = (
        server.key("acme", "admin").await,
        server.key("rival", "write").await,
    );
    let kept = rival.call::<handoff::Create>(handoff()).await.ok();
    let made = acme.call::<handoff::Create>(handoff()).await.ok();
    acme.call::<event::Record>(message("text")).await.ok();
    acme.call::<tenant::List>(json!({})).await.refused(403);
    acme.call::<tenant::Delete>(json!({"tenant_id": "acme"}))
        .await
        .refused(403);
    let gone = admin
        .call::<tenant::Delete>(json!({"tenant_id": "acme"}))
        .await
        .ok();
    assert!(gone["restorable_until"].is_string() && gone["erased"] == false);
    acme.call::<handoff::Last>(json!({})).await.refused(404);
    admin
        .clone()
        .tenant("acme")
        .call::<handoff::Create>(handoff())
        .await
        .refused(404);
    assert_eq!(admin.call::<tenant::List>(json!({})).await.ok()["count"], 1);
    assert_eq!(
        admin
            .call::<tenant::List>(json!({"deleted": true}))
            .await
            .ok()["count"],
        2
    );
    admin
        .call::<tenant::Restore>(json!({"tenant_id": "acme"}))
        .await
        .ok();
    assert_eq!(
        acme.call::<handoff::Last>(json!({})).await.ok()["handoff_id"],
        made["handoff_id"]
    );
    let erased = admin
        .call::<tenant::Delete>(json!({"tenant_id": "acme", "erase": true}))
        .await
        .ok();
    let tables = erased["tables"].as_array().unwrap();
    let of = |name: &str| {
        tables
            .iter()
            .find(|table| table["table"].as_str().unwrap().ends_with(name))
            .unwrap()
    };
    assert_eq!(
        (
            &of("session_handoffs")["removed"],
            &of("events")["removed"],
            &of("api_keys")["removed"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert!(tables.iter().all(|table| table["left"] == 0) && erased["data_key_destroyed"] == true);
    acme.call::<handoff::Last>(json!({})).await.refused(401);
    admin
        .call::<tenant::Get>(json!({"tenant_id": "acme"}))
        .await
        .refused(404);
    assert_eq!(
        rival.call::<handoff::Last>(json!({})).await.ok()["handoff_id"],
        kept["handoff_id"]
    );
    let log = admin
        .call::<audit::List>(json!({"tenant_id": "*"}))
        .await
        .ok();
    let done: Vec<&str> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["operation"].as_str().unwrap())
        .collect();
    assert_eq!(
        done,
        [
            "tenant_erase",
            "tenant_delete",
            "tenant_restore",
            "tenant_delete"
        ]
    );
    assert_eq!(log["entries"][0]["targets"], json!(["acme"]));
}

#[tokio::test]
async fn each_quota_refuses_by_its_name() {
    let server = Server::start().await;
    let operator = Client::new(&server.url);
    operator
        .call::<tenant::Create>(json!({"tenant_id": "acme", "max_rows": 3, "events_per_day": 2}))
        .await
        .ok();
    let acme = server.tenant("acme").await;
    acme.call::<event::Record>(message("one")).await.ok();
    let batch = json!({"events": [message("two"), message("three")]});
    let problem = acme.call::<event::Batch>(batch).await.refused(429);
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("quota_exceeded"), &json!("events_per_day"))
    );
    acme.call::<event::Record>(message("two")).await.ok();
    let refused = acme.call::<event::Record>(message("three")).await;
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    refused.refused(429);
    let last = acme.call::<handoff::Create>(handoff()).await.ok();
    let problem = acme.call::<handoff::Create>(handoff()).await.refused(507);
    assert_eq!(problem["field"], "max_rows");
    let used = operator
        .call::<tenant::Get>(json!({"tenant_id": "acme"}))
        .await
        .ok();
    assert_eq!(
        (&used["rows"], &used["events_today"]),
        (&json!(3), &json!(2))
    );
    // What is erased makes room, at the latest a second later; reading and deleting never need any.
    acme.call::<handoff::Delete>(json!({"id": last["handoff_id"], "erase": true}))
        .await
        .ok();
    until("room after an erasure", 5, async || {
        acme.call::<handoff::Create>(handoff()).await.status == 201
    })
    .await;
    operator
        .call::<tenant::Update>(json!({"tenant_id": "acme", "max_rows": null, "max_bytes": 1}))
        .await
        .ok();
    assert_eq!(
        acme.call::<handoff::Create>(handoff()).await.refused(507)["field"],
        "max_bytes"
    );
    operator
        .call::<tenant::Update>(json!({"tenant_id": "acme", "max_bytes": -1}))
        .await
        .refused(400);
    let changed = operator
        .call::<tenant::Update>(
            json!({"tenant_id": "acme", "max_bytes": null, "requests_per_second": 5}),
        )
        .await
        .ok();
    assert_eq!(
        changed["quotas"],
        json!({"requests_per_second": 5, "concurrent_requests": null, "events_per_day": 2, "max_rows": null, "max_bytes": null})
    );
    let mut seen = Vec::new();
    for _ in 0..40 {
        let reply = acme.call::<handoff::Stats>(json!({})).await;
        assert_eq!(
            (
                reply.header("ratelimit-limit"),
                reply.header("ratelimit-policy")
            ),
            ("5", "5;w=1")
        );
        seen.push(reply);
    }
    let refused = seen
        .iter()
        .find(|reply| reply.status == 429)
        .expect("40 requests within a moment");
    assert_eq!(
        (
            refused.header("retry-after"),
            refused.header("ratelimit-remaining")
        ),
        ("1", "0")
    );
    assert_eq!(refused.json["field"], "requests_per_second");
    // Health is never limited, and the others are not either.
    for _ in 0..20 {
        operator.get("/health").await.ok();
        server
            .tenant("rival")
            .await
            .call::<handoff::Stats>(json!({}))
            .await
            .ok();
    }
    operator
        .call::<tenant::Update>(
            json!({"tenant_id": "acme", "requests_per_second": null, "concurrent_requests": 1}),
        )
        .await
        .ok();
    let calls = (0..20).map(|_| acme.call::<handoff::Create>(handoff()));
    let replies = futures_util::future::join_all(calls).await;
    let limited = replies
        .iter()
        .find(|reply| reply.status == 429)
        .expect("20 at once");
    assert_eq!(limited.json["field"], "concurrent_requests");
    assert!(replies.iter().any(|reply| reply.status == 201));
}

#[tokio::test]
async fn the_installations_keys_are_listed_and_revoked_like_a_tenants() {
    let server = Server::with_keys().await;
    let admin = Client::new(&server.url).key(&server.admin);
    let made = admin
        .call::<key::Create>(json!({"tenant_id": "*", "access": "admin", "name": "second"}))
        .await
        .ok();
    let second = Client::new(&server.url).key(made["key"].as_str().unwrap());
    second.call::<tenant::List>(json!({})).await.ok();
    let listed = second
        .call::<key::List>(json!({"tenant_id": "*"}))
        .await
        .ok();
    assert_eq!(listed["count"], 2);
    let mine = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["key_id"] == made["key_id"])
        .unwrap();
    assert!(mine["last_used_at"].is_string(), "{mine}");
    server
        .key("acme", "admin")
        .await
        .call::<key::List>(json!({"tenant_id": "*"}))
        .await
        .refused(404);
    admin
        .call::<key::Revoke>(json!({"tenant_id": "*", "id": made["key_id"]}))
        .await
        .ok();
    second.call::<tenant::List>(json!({})).await.refused(401);
    let all = server.key("acme", "read").await;
    all.call::<handoff::Stats>(json!({})).await.ok();
}
