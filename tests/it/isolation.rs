//! No tenant sees another, by the statements and by the database.

use crate::support::sample::input_of;
use crate::support::{Client, Server};
use agent_memory::endpoint::Run;
use agent_memory::{decision, event, handoff, knowledge, registry};
use serde_json::{Value, json};

#[tokio::test]
async fn a_tenants_ids_are_not_found_by_another() {
    let server = Server::start().await;
    let (acme, rival) = (server.tenant("acme").await, server.tenant("rival").await);
    let marker = "MARKER-of-acme";
    let handoff = acme.call::<handoff::Create>(json!({"session_id": marker, "with_whom": marker, "story": marker, "becoming": marker, "remember": marker})).await.ok();
    let note = acme
        .call::<knowledge::Create>(
            json!({"title": marker, "content": marker, "source_handoffs": ["sh_1"]}),
        )
        .await
        .ok();
    let decision = acme
        .call::<decision::Create>(json!({"decision": marker}))
        .await
        .ok();
    let event = acme
        .call::<event::Record>(json!({"session_id": marker, "channel": "private", "actor": {"type": "human", "id": marker}, "kind": "artifact", "content": {"text": marker}}))
        .await
        .ok();
    let ids: Vec<Value> = vec![
        handoff["handoff_id"].clone(),
        note["note_id"].clone(),
        decision["decision_id"].clone(),
        event["event_id"].clone(),
        event["chunk_ids"][0].clone(),
        event["artifact_id"].clone(),
    ];
    for endpoint in registry::all().filter(|endpoint| endpoint.path.contains("{id}")) {
        for id in &ids {
            let input = match endpoint.name {
                "decision_supersede" => json!({"id": id, "decision": "mine now"}),
                "knowledge_update" => json!({"id": id, "content": "mine now"}),
                _ => {
                    let mut input = input_of(endpoint);
                    input["id"] = id.clone();
                    input
                }
            };
            let reply = rival.rest(endpoint.method, endpoint.path, input).await;
            assert_eq!(reply.status, 404, "{} {id}: {}", endpoint.name, reply.text);
            assert!(!reply.text.contains(marker));
        }
    }
    for supersedes in [&decision["decision_id"], &note["note_id"]] {
        rival
            .call::<decision::Create>(json!({"decision": "x", "supersedes": supersedes}))
            .await
            .refused(404);
    }
    for endpoint in registry::all()
        .filter(|e| e.access == agent_memory::operation::Access::Read && !e.path.contains("{id}"))
    {
        let input = match endpoint.name {
            "wake_up" | "session_startup" => json!({"with_whom": marker}),
            "session_start" => json!({"session_id": "x", "with_whom": marker}),
            "event_list" => json!({"session_id": marker}),
            "recall" => json!({"query": "marker acme"}),
            _ => input_of(endpoint),
        };
        let reply = rival.rest(endpoint.method, endpoint.path, input).await;
        assert_eq!(
            reply.status,
            if endpoint.name == "handoff_last" {
                404
            } else {
                200
            },
            "{}: {}",
            endpoint.name,
            reply.text
        );
        let shown = reply
            .text
            .replace(&format!("\"with_whom\":\"{marker}\""), "")
            .replace(&format!("\"session_id\":\"{marker}\""), "");
        let shown = shown.replace(&format!("First session with {marker}."), "");
        assert!(!shown.contains("MARKER"), "{}: {shown}", endpoint.name);
        assert!(!matches!(endpoint.run, Run::Upload(_)));
    }
    assert_eq!(
        acme.call::<handoff::Get>(json!({"id": ids[0]})).await.ok()["story"],
        marker
    );
}

#[tokio::test]
async fn the_database_refuses_what_a_forgotten_filter_would_show() {
    let server = Server::start().await;
    let acme = Client::new(&server.url).tenant("acme");
    acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
        .await
        .ok();
    let role = server.application().await;
    let count = async |tenant: &str| {
        role.batch("begin").await.unwrap();
        role.query(
            agent_memory::sql!("system/bind"),
            &[&tenant, &"5s", &"auto"],
        )
        .await
        .unwrap();
        static UNFILTERED: agent_memory::db::Sql = agent_memory::db::Sql {
            name: "test/unfiltered",
            text: "select count(*) from session_handoffs",
        };
        let rows = role.query(&UNFILTERED, &[]).await.unwrap();
        role.batch("commit").await.unwrap();
        rows[0].get::<_, i64>(0)
    };
    assert_eq!(
        (count("acme").await, count("rival").await, count("").await),
        (1, 0, 0)
    );
    // Outside of any bound transaction there is nothing at all, and nothing can be written for another.
    assert!(
        role.batch(
            "do $$ begin if exists (select from session_handoffs) then raise 'seen'; end if; end $$"
        )
        .await
        .is_ok()
    );
    let smuggle = "insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, story, created_at) values ('acme', 'sh_x', 's', 'w', 'x', now())";
    assert!(role.batch(smuggle).await.is_err());
    assert!(
        role.batch(&format!(
            "begin; select set_config('app.tenant', 'rival', true); {smuggle}"
        ))
        .await
        .is_err()
    );
    role.batch("rollback").await.unwrap();
    if agent_memory::db::migrate::all().is_ok()
        && crate::support::cluster::mode() == crate::support::cluster::Mode::Embedded
    {
        for forbidden in [
            "create table t (x int)",
            "drop table session_handoffs",
            "select * from tenants",
            "set role agent_memory_owner",
            "alter table session_handoffs disable row level security",
            "truncate session_handoffs",
            "select * from pg_authid",
        ] {
            assert!(role.batch(forbidden).await.is_err(), "{forbidden}");
        }
    }
}

#[tokio::test]
async fn a_disturbed_order_of_evaluation_fails_closed() {
    let server = Server::start().await;
    let role = server.application().await;
    // The batch insert of two tenants with an ORDER BY: the settings are evaluated before the rows are checked, and the policy says no.
    let batch = |order: &str| {
        format!(
            "insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, story, created_at) \
             select set_config('app.tenant', t, true), 'sh_' || n, 's', 'w', 'x', now() \
             from unnest(array['b', 'a', 'b'], array['1', '2', '3']) as u (t, n) {order}"
        )
    };
    let error = role
        .batch(&batch("order by n desc, set_config('app.tenant', t, true)"))
        .await
        .unwrap_err();
    assert!(
        error.causes().contains("row-level security"),
        "{}",
        error.causes()
    );
    role.batch(&batch("")).await.unwrap();
}
