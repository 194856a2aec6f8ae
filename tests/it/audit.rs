//! audit_*: every row is there, and none was changed

use crate::support::cluster::cluster;
use crate::support::{Client, Server};
use agent_memory::audit::{self, verify};
use agent_memory::{handoff, key};
use serde_json::json;

#[tokio::test]
async fn what_was_done_is_written_down_and_any_edit_of_it_is_found() {
    let server = Server::with_keys().await;
    let admin = server.key("acme", "admin").await;
    let mut keys = Vec::new();
    for name in ["a", "b", "c"] {
        let made = admin
            .call::<key::Create>(json!({"access": "read", "name": name}))
            .await
            .ok();
        keys.push(made["key_id"].clone());
    }
    admin.call::<key::Revoke>(json!({"id": keys[0]})).await.ok();
    let story = json!({"session_id": "s", "with_whom": "Ada", "story": "x"});
    let made = admin.call::<handoff::Create>(story.clone()).await.ok();
    admin
        .call::<handoff::Delete>(json!({"id": made["handoff_id"]}))
        .await
        .ok();
    let made = admin.call::<handoff::Create>(story).await.ok();
    admin
        .call::<handoff::Delete>(json!({"id": made["handoff_id"], "erase": true}))
        .await
        .ok();
    let page = admin.call::<audit::List>(json!({"limit": 4})).await.ok();
    let rest = admin
        .call::<audit::List>(json!({"limit": 4, "cursor": page["next_cursor"]}))
        .await
        .ok();
    let rows: Vec<_> = [&page, &rest]
        .iter()
        .flat_map(|page| page["entries"].as_array().unwrap().clone())
        .collect();
    let done: Vec<&str> = rows
        .iter()
        .map(|row| row["operation"].as_str().unwrap())
        .collect();
    // The first of them is the key that does all this; what only went to the trash is not in it.
    assert_eq!(
        done,
        [
            "handoff_delete",
            "key_revoke",
            "key_create",
            "key_create",
            "key_create",
            "key_create"
        ]
    );
    assert_eq!(rows[0]["targets"], json!([made["handoff_id"]]));
    assert_eq!(rows[1]["previous"], rows[2]["hash"]);
    assert!(rows[0]["actor"].as_str().unwrap().starts_with("key_"));
    server
        .key("acme", "write")
        .await
        .call::<audit::List>(json!({}))
        .await
        .refused(403);
    let rival = server
        .key("rival", "admin")
        .await
        .call::<audit::List>(json!({}))
        .await;
    assert!(!rival.text.contains(made["handoff_id"].as_str().unwrap()));

    let owner = cluster().owner.with_database(&server.database);
    let check = async || verify::check(&verify::all(&owner).await.unwrap());
    check().await.unwrap();
    let superuser = server.superuser().await;
    for (harm, mend) in [
        (
            "set operation = 'key_list' where seq = 3",
            "set operation = 'key_create' where seq = 3",
        ),
        (
            "set actor = 'nobody' || actor where seq = 1",
            "set actor = substr(actor, 7) where seq = 1",
        ),
        (
            "set at = at + interval '1 second' where seq = 5",
            "set at = at - interval '1 second' where seq = 5",
        ),
        (
            "set details = 'x' where seq = 6",
            "set details = 'erased' where seq = 6",
        ),
    ] {
        superuser
            .batch(&format!("update audit_log {harm} and tenant_id = 'acme'"))
            .await
            .unwrap();
        assert_eq!(check().await.unwrap_err().code(), "audit_broken", "{harm}");
        superuser
            .batch(&format!("update audit_log {mend} and tenant_id = 'acme'"))
            .await
            .unwrap();
        check()
            .await
            .unwrap_or_else(|error| panic!("{mend}: {error}"));
    }
    for harm in [
        "delete from audit_log where tenant_id = 'acme' and seq = 2",
        "delete from audit_log where tenant_id = 'acme' and seq = (select max(seq) from audit_log where tenant_id = 'acme')",
        "delete from audit_heads where tenant_id = 'acme'",
        "delete from audit_log where tenant_id = 'acme'",
    ] {
        superuser.batch(&format!("create table kept as table audit_log; create table heads as table audit_heads; {harm}")).await.unwrap();
        assert!(check().await.is_err(), "{harm}");
        superuser.batch("delete from audit_log; insert into audit_log table kept; delete from audit_heads; insert into audit_heads table heads; drop table kept, heads").await.unwrap();
        check().await.unwrap();
    }
    // The application's own role cannot write it but by adding.
    if crate::support::cluster::mode() == crate::support::cluster::Mode::Embedded {
        let role = server.application().await;
        for harm in [
            "update audit_log set operation = 'x'",
            "delete from audit_log",
            "insert into audit_heads values ('acme', 0, '')",
            "select * from audit_heads",
        ] {
            let bound = format!("begin; select set_config('app.tenant', 'acme', true); {harm}");
            assert!(role.batch(&bound).await.is_err(), "{harm}");
            role.batch("rollback").await.unwrap();
        }
    }
    let nobody = Client::new(&server.url);
    nobody.call::<audit::List>(json!({})).await.refused(401);
}
