//! What is high or secret is sealed in the database, shown as far as it may be, and opened by nobody without a trace

use crate::support::cluster::cluster;
use crate::support::{Client, Server, scratch};
use agent_memory::db::{Sql, Value};
use agent_memory::operation::Method;
use agent_memory::seal::{self, Vault, rotate};
use agent_memory::{audit, decision, event, handoff, knowledge, tenant};
use serde_json::{Value as Json, json};

pub const MARKER: &str = "MARKER-of-what-is-sealed";

/// Everything a database holds, as text.
async fn dump(server: &Server) -> String {
    let text = "select coalesce(string_agg(x, E'\\n'), '') from (select query_to_xml(format('select * from %I.%I', schemaname, tablename), true, true, '')::text as x \
                from pg_tables where schemaname not in ('pg_catalog', 'information_schema')) as all_tables";
    static SQL: std::sync::OnceLock<Sql> = std::sync::OnceLock::new();
    let sql = SQL.get_or_init(|| Sql {
        name: "test/dump",
        text,
    });
    let none: [&dyn Value; 0] = [];
    server.superuser().await.query(sql, &none).await.unwrap()[0].get(0)
}

pub fn handoff(level: &str) -> Json {
    json!({"session_id": "s", "with_whom": "Ada", "story": format!("{MARKER} story"), "becoming": format!("{MARKER} becoming"),
           "remember": format!("{MARKER} remember"), "sensitivity": level})
}

#[tokio::test]
async fn high_is_opened_for_its_own_tenant_and_secret_stands_as_a_placeholder() {
    let server = Server::with_keys().await;
    let (admin, acme) = (
        server.key("acme", "admin").await,
        server.key("acme", "write").await,
    );
    for (level, shown) in [("high", true), ("secret", false)] {
        let made = acme.call::<handoff::Create>(handoff(level)).await.ok();
        assert_eq!(
            (
                &made["handoff"]["encrypted"],
                &made["handoff"]["sensitivity"]
            ),
            (&json!(true), &json!(level))
        );
        assert_eq!(
            made["handoff"]["story"],
            format!("{MARKER} story"),
            "who wrote it has it back"
        );
        let id = made["handoff_id"].clone();
        assert!(!dump(&server).await.contains(MARKER), "{level}");
        let expect = |text: &Json, what: &str| {
            let wanted = if shown {
                format!("{MARKER} {what}")
            } else {
                "(secret)".to_owned()
            };
            assert_eq!(text, &json!(wanted), "{level} {what}");
        };
        let got = acme.call::<handoff::Get>(json!({"id": id})).await.ok();
        expect(&got["story"], "story");
        assert_eq!(got["encrypted"], true);
        expect(
            &acme.call::<handoff::Last>(json!({})).await.ok()["becoming"],
            "becoming",
        );
        expect(
            &acme.call::<handoff::List>(json!({})).await.ok()["handoffs"][0]["remember"],
            "remember",
        );
        let woken = acme
            .get("/api/v1/wake-up?with_whom=Ada&max_tokens=4000")
            .await
            .ok();
        expect(&woken["last_handoff"]["story"], "story");
        let thread = acme.get("/api/v1/identity-thread").await.ok();
        expect(&thread["identity_thread"][0]["becoming"], "becoming");
        let found = acme.get("/api/v1/recall?query=marker%20story").await.ok();
        assert_eq!(
            found["results"],
            json!([]),
            "what is sealed is not searched"
        );
        acme.call::<handoff::Decrypt>(json!({"id": id}))
            .await
            .refused(403);
        let opened = admin.call::<handoff::Decrypt>(json!({"id": id})).await.ok();
        assert_eq!(
            (&opened["story"], &opened["encrypted"]),
            (&json!(format!("{MARKER} story")), &json!(true))
        );
        let log = admin.call::<audit::List>(json!({"limit": 1})).await.ok();
        assert_eq!(
            (
                &log["entries"][0]["operation"],
                &log["entries"][0]["targets"]
            ),
            (&json!("handoff_decrypt"), &json!([id]))
        );
        server
            .key("rival", "admin")
            .await
            .call::<handoff::Decrypt>(json!({"id": id}))
            .await
            .refused(404);
    }
    let stats = acme.call::<handoff::Stats>(json!({})).await.ok();
    assert_eq!(
        (&stats["encrypted"], &stats["by_sensitivity"]),
        (&json!(2), &json!({"high": 1, "secret": 1}))
    );
}

#[tokio::test]
async fn real_secrets_are_recognised_in_every_kind_of_memory() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    // A key's form, and none that anybody gave out.
    let secret = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let said = format!("push with {secret} until Monday");
    let made = acme
        .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": said}))
        .await
        .ok();
    assert_eq!(
        (
            &made["handoff"]["sensitivity"],
            &made["handoff"]["encrypted"]
        ),
        (&json!("secret"), &json!(true))
    );
    let event = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "artifact", "content": {"text": said, "name": "notes.txt"}});
    let recorded = acme.call::<event::Record>(event).await.ok();
    let got = acme
        .call::<event::Get>(json!({"id": recorded["event_id"]}))
        .await
        .ok();
    assert_eq!(
        (&got["sensitivity"], &got["content"]),
        (&json!("secret"), &json!({"text": "(secret)"}))
    );
    let chunk = acme
        .rest(
            Method::Get,
            "/api/v1/chunks/{id}",
            json!({"id": recorded["chunk_ids"][0]}),
        )
        .await
        .ok();
    assert_eq!(chunk["text"], "(secret)");
    let artifact = acme
        .rest(
            Method::Get,
            "/api/v1/artifacts/{id}",
            json!({"id": recorded["artifact_id"]}),
        )
        .await;
    assert_eq!(artifact.text, "(secret)");
    let note = acme
        .call::<knowledge::Create>(
            json!({"title": "deploying", "content": said, "source_handoffs": ["sh_1"]}),
        )
        .await
        .ok();
    assert_eq!(
        (&note["note"]["content"], &note["note"]["encrypted"]),
        (&json!(said), &json!(true))
    );
    let id = note["note_id"].clone();
    assert_eq!(
        acme.call::<knowledge::Get>(json!({"id": id})).await.ok()["content"],
        "(secret)"
    );
    let decided = acme
        .call::<decision::Create>(json!({"decision": "deploy", "rationale": ["it is time", said]}))
        .await
        .ok();
    assert_eq!(decided["rationale"][1], said);
    assert_eq!(
        acme.call::<decision::List>(json!({})).await.ok()["decisions"][0]["rationale"],
        json!(["(secret)", "(secret)"])
    );
    assert!(!dump(&server).await.contains(&secret));
    // Who may write and not decrypt learns nothing by writing, and loses nothing either.
    for change in [
        json!({"id": id}),
        json!({"id": id, "pinned": true}),
        json!({"id": id, "title": "renamed"}),
    ] {
        let changed = acme.call::<knowledge::Update>(change).await.ok();
        assert_eq!(
            (
                &changed["content"],
                &changed["encrypted"],
                &changed["sensitivity"]
            ),
            (&json!("(secret)"), &json!(true), &json!("secret"))
        );
    }
    assert!(!dump(&server).await.contains(&secret));
    let lines = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": format!("the key:\n{secret}\nkeep it")}});
    let recorded = acme.call::<event::Record>(lines).await.ok();
    let got = acme
        .call::<event::Get>(json!({"id": recorded["event_id"]}))
        .await
        .ok();
    assert_eq!(got["sensitivity"], "secret", "a line's end hides nothing");
    // A refusal quotes what was sent, but for what is secret in it.
    let refused = acme
        .call::<handoff::Create>(
            json!({"session_id": "s", "with_whom": "Ada", "story": "x", "tags": said}),
        )
        .await;
    assert!(!refused.text.contains(&secret), "{}", refused.text);
    refused.refused(400);
    // A note without its secret is one like any other.
    acme.call::<knowledge::Update>(
        json!({"id": id, "title": "deploying", "content": "push with the key in the vault"}),
    )
    .await
    .ok();
    let note = acme.call::<knowledge::Get>(json!({"id": id})).await.ok();
    assert_eq!(
        (&note["title"], &note["content"], &note["encrypted"]),
        (
            &json!("deploying"),
            &json!("push with the key in the vault"),
            &json!(false)
        )
    );
    let high = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": "my card: 4111 1111 1111 1111", "n": 1.50}});
    let recorded = acme.call::<event::Record>(high).await.ok();
    let got = acme
        .call::<event::Get>(json!({"id": recorded["event_id"]}))
        .await;
    assert!(
        got.text
            .contains(r#"{"n":1.5,"text":"my card: 4111 1111 1111 1111"}"#),
        "{}",
        got.text
    );
    assert!(!dump(&server).await.contains("4111 1111"));
}

#[tokio::test]
async fn the_key_is_rotated_while_serving_and_an_erased_tenants_texts_are_gone_with_its_own() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let made = acme.call::<handoff::Create>(handoff("high")).await.ok();
    let owner = cluster().owner.with_database(&server.database);
    let file = server.app.vault.file().path().to_owned();
    let operator = Vault::new(file.clone());
    let before = std::fs::read_to_string(&file).unwrap();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let (stop, server_url) = (
        std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)),
        server.url.clone(),
    );
    let writers: Vec<_> = (0..3)
        .map(|n| {
            let (stop, client) = (
                stop.clone(),
                Client::new(&server_url).tenant(if n == 0 { "acme" } else { "other" }),
            );
            let made = made["handoff_id"].clone();
            tokio::spawn(async move {
                let mut done = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let written = client.call::<handoff::Create>(handoff("high")).await;
                    assert!([201, 503].contains(&written.status), "{}", written.text);
                    if n == 0 {
                        let read = client.call::<handoff::Get>(json!({"id": made})).await.ok();
                        assert_eq!(read["story"], format!("{MARKER} story"));
                    }
                    done += 1;
                }
                done
            })
        })
        .collect();
    for _ in 0..5 {
        rotate::rotate(&operator, &owner).await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 3);
    }
    let before_last = std::fs::read_to_string(&file).unwrap();
    assert_ne!(before_last, before);
    let before = before_last;
    let done = rotate::rotate(&operator, &owner).await.unwrap();
    assert_eq!((done.data_keys, done.from == done.to), (2, false));
    assert_eq!(
        std::fs::read_to_string(&done.previous_file).unwrap(),
        before
    );
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    // The server that has been running all the while opens what was sealed before and seals what comes after.
    server.app.places.forget("acme");
    assert_eq!(
        acme.call::<handoff::Get>(json!({"id": made["handoff_id"]}))
            .await
            .ok()["story"],
        format!("{MARKER} story")
    );
    server
        .tenant("new")
        .await
        .call::<handoff::Create>(handoff("high"))
        .await
        .ok();
    assert_eq!(
        acme.call::<handoff::Create>(handoff("secret")).await.status,
        201
    );
    let what = seal::escrow(&operator, &owner).await.unwrap();
    assert_eq!(
        (what.tenants, what.matches_database, what.key_id),
        (3, true, done.to)
    );
    // A server with another key, or with none, does not start.
    let other = Vault::new(scratch("keys").join(format!("{}-other", server.database)));
    assert_eq!(
        seal::settle(&other, &owner).await.unwrap_err().code(),
        "encryption_key_missing"
    );
    other.file().make().unwrap();
    assert_eq!(
        seal::settle(&other, &owner).await.unwrap_err().code(),
        "encryption_key_differs"
    );
    // Cut off between the database and the file, a rotation is finished by the next start.
    std::fs::rename(&file, file.with_extension("next")).unwrap();
    std::fs::write(&file, &before).unwrap();
    seal::settle(&Vault::new(file.clone()), &owner)
        .await
        .unwrap();
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    let erased = Client::new(&server.url)
        .call::<tenant::Delete>(json!({"tenant_id": "acme", "erase": true}))
        .await
        .ok();
    assert_eq!(erased["data_key_destroyed"], true);
    assert_eq!(seal::escrow(&operator, &owner).await.unwrap().tenants, 2);
}
