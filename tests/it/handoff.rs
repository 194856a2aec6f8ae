//! handoff_*

use crate::support::{Client, Server, until};
use agent_memory::handoff;
use serde_json::json;

#[tokio::test]
async fn create_keeps_every_field_as_sent() {
    let acme = Server::start().await;
    let acme = acme.tenant("acme").await;
    let sent = json!({
        "session_id": "s-1", "with_whom": "Ada", "experienced": "Wir lernten viel. <b>HTML</b> & 'quotes' \"too\" \\ back",
        "noticed": "기억은 이어진다", "learned": "fn main() {\n\tprintln!(\"{}\", 1);\n}", "story": "🦀", "becoming": "careful",
        "remember": "the {curly, \"braces\"}", "significance": 0.75, "tags": ["a,b", "\"q\"", "back\\slash", "NULL", "{}"],
        "sensitivity": "low", "project_path": "/srv/x",
    });
    let made = acme.call::<handoff::Create>(sent.clone()).await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!(made["success"], true);
    let id = made["handoff_id"].as_str().unwrap();
    assert!(id.starts_with("sh_") && id.len() == 35);
    let got = acme.call::<handoff::Get>(json!({"id": id})).await.ok();
    assert_eq!(got, made["handoff"]);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&got[name], value, "{name}");
    }
    assert_eq!(
        (&got["tenant_id"], &got["encrypted"]),
        (&json!("acme"), &json!(false))
    );
    assert_eq!(
        acme.call::<handoff::Last>(json!({"with_whom": "Ada"}))
            .await
            .ok(),
        got
    );
    acme.call::<handoff::Last>(json!({"with_whom": "Bob"}))
        .await
        .refused(404);
}

#[tokio::test]
async fn create_refuses_what_says_nothing_and_changes_nothing() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for (input, field) in [
        (
            json!({"session_id": "s", "with_whom": "Ada"}),
            "experienced",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "  \n"}),
            "experienced",
        ),
        (json!({"session_id": "s", "story": "x"}), "with_whom"),
        (
            json!({"session_id": " ", "with_whom": "Ada", "story": "x"}),
            "session_id",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "significance": 1.01}),
            "significance",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "significance": "high"}),
            "significance",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "sensitivity": "top"}),
            "sensitivity",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "mood": "good"}),
            "mood",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "tags": ["ok", ""]}),
            "tags[1]",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "tenant_id": "no/slash"}),
            "tenant_id",
        ),
        (
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "tenant_id": "other"}),
            "tenant_id",
        ),
    ] {
        let problem = acme
            .call::<handoff::Create>(input.clone())
            .await
            .refused(400);
        assert_eq!(problem["field"], field, "{input}: {problem}");
    }
    assert_eq!(
        acme.call::<handoff::Stats>(json!({})).await.ok()["total"],
        0
    );
}

#[tokio::test]
async fn list_pages_newest_first_and_stays_stable_under_writes() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let write = async |n: u32, with_whom: &str| {
        let input = json!({"session_id": format!("s{n}"), "with_whom": with_whom, "story": format!("story {n}"), "tags": [format!("t{}", n % 2)]});
        acme.call::<handoff::Create>(input).await.ok();
    };
    for n in 0..25 {
        write(n, if n % 5 == 0 { "Bob" } else { "Ada" }).await;
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let mut input = json!({"limit": 7});
        if let Some(cursor) = &cursor {
            input["cursor"] = json!(cursor);
        }
        let page = acme.call::<handoff::List>(input).await.ok();
        assert_eq!(page["count"], page["handoffs"].as_array().unwrap().len());
        seen.extend(
            page["handoffs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|h| h["session_id"].as_str().unwrap().to_owned()),
        );
        // What is written meanwhile is newer than every page that follows.
        write(100 + seen.len() as u32, "Eve").await;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let expected: Vec<String> = (0..25).rev().map(|n| format!("s{n}")).collect();
    assert_eq!(seen, expected);
    let bobs = acme
        .call::<handoff::List>(json!({"with_whom": "Bob", "limit": 100}))
        .await
        .ok();
    assert_eq!(bobs["count"], 5);
    let tagged = acme
        .call::<handoff::List>(json!({"tag": "t1", "with_whom": "Ada", "limit": 100}))
        .await
        .ok();
    assert_eq!(tagged["count"], 10);
    acme.call::<handoff::List>(json!({"limit": 101}))
        .await
        .refused(400);
    let problem = acme
        .call::<handoff::List>(json!({"cursor": "nonsense"}))
        .await
        .refused(400);
    assert_eq!(problem["field"], "cursor");
}

#[tokio::test]
async fn delete_goes_to_the_trash_and_erase_is_final() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let input = json!({"session_id": "s", "with_whom": "Ada", "story": "one", "becoming": "b", "remember": "r"});
    let id = acme.call::<handoff::Create>(input).await.ok()["handoff_id"].clone();
    acme.call::<handoff::Delete>(json!({"id": id})).await.ok();
    acme.call::<handoff::Get>(json!({"id": id}))
        .await
        .refused(404);
    acme.call::<handoff::Delete>(json!({"id": id}))
        .await
        .refused(404);
    let wake = acme.get("/api/v1/wake-up?with_whom=Ada").await.ok();
    assert!(
        wake["first_session"].as_bool().unwrap() && wake["remember"].as_array().unwrap().is_empty()
    );
    let trash = acme.call::<agent_memory::trash::List>(json!({})).await.ok();
    assert_eq!(
        (&trash["items"][0]["id"], &trash["items"][0]["text"]),
        (&id, &json!("one"))
    );
    acme.call::<agent_memory::trash::Restore>(json!({"id": id}))
        .await
        .ok();
    acme.call::<agent_memory::trash::Restore>(json!({"id": id}))
        .await
        .refused(404);
    assert_eq!(
        acme.call::<handoff::Get>(json!({"id": id})).await.ok()["story"],
        "one"
    );
    acme.call::<handoff::Delete>(json!({"id": id, "erase": true}))
        .await
        .ok();
    acme.call::<agent_memory::trash::Restore>(json!({"id": id}))
        .await
        .refused(404);
    assert_eq!(
        acme.call::<agent_memory::trash::List>(json!({})).await.ok()["count"],
        0
    );
}

#[tokio::test]
async fn one_bad_row_in_a_batch_fails_alone() {
    let server = Server::start().await;
    let superuser = server.superuser().await;
    superuser
        .batch("alter table session_handoffs add constraint no_thirteen check (session_id not like '%13%')")
        .await
        .unwrap();
    let mut calls = Vec::new();
    for n in 0..200 {
        // In the tables of all, where the row goes bad.
        let acme = Client::new(&server.url).tenant(&format!("tenant{}", n % 7));
        calls.push(tokio::spawn(async move {
            let input =
                json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": format!("{n}")});
            (n, acme.call::<handoff::Create>(input).await)
        }));
    }
    for call in calls {
        let (n, reply) = call.await.unwrap();
        let bad = n.to_string().contains("13");
        assert_eq!(
            reply.status,
            if bad { 400 } else { 201 },
            "{n}: {}",
            reply.text
        );
        assert!(
            !reply.text.contains("no_thirteen"),
            "a database's words reached the client: {}",
            reply.text
        );
        if !bad {
            assert_eq!(reply.json["handoff"]["session_id"], format!("s{n}"));
            assert_eq!(
                reply.json["handoff"]["tenant_id"],
                format!("tenant{}", n % 7)
            );
        }
    }
}

#[tokio::test]
async fn a_lost_connection_is_one_retry_and_not_a_restart() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let superuser = server.superuser().await;
    let write = async || {
        acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
            .await
    };
    write().await.ok();
    for _ in 0..3 {
        superuser
            .batch("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agent-memory' and pid <> pg_backend_pid() and datname = current_database()")
            .await
            .unwrap();
        write().await.ok();
        until("reads to go on", 5, async || {
            acme.call::<handoff::Last>(json!({})).await.status == 200
        })
        .await;
    }
    assert_eq!(
        acme.call::<handoff::Stats>(json!({})).await.ok()["total"],
        4
    );
}
