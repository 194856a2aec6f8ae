//! What many statements of becoming say.

use crate::consolidation::{age, consolidate, hand_over};
use crate::support::{Client, Server};
use agent_memory::recall::Recall;
use agent_memory::{handoff, principle, trash, wake};
use serde_json::json;

#[tokio::test]
async fn statements_that_say_the_same_become_one_principle() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let say = async |n: usize, text: &str| {
        hand_over(
            &acme,
            &format!("s{n}"),
            json!({"becoming": text, "story": format!("Session {n}.")}),
        )
        .await
    };
    let measuring = [
        "I measure before I change anything",
        "An agent that measures before it changes things",
        "One who measures first and changes afterwards",
        "I measure before I change code",
    ];
    let mut ids = Vec::new();
    for (n, text) in measuring.iter().enumerate() {
        ids.push(say(n, text).await);
    }
    say(10, "I keep my promises").await;
    say(11, "One who keeps promises").await;
    say(12, "I listen more than I talk").await;
    // What not every channel may show is no principle.
    for n in 20..23 {
        let body = json!({"becoming": "I answer the walrus first", "sensitivity": "medium"});
        hand_over(&acme, &format!("s{n}"), body).await;
    }
    let done = consolidate(&acme, "identity_consolidation").await;
    assert_eq!(
        done["results"]["identity_consolidation"]["affected"], 7,
        "{done}"
    );
    let list = acme.call::<principle::List>(json!({})).await.ok();
    // Two that say the same are no principle yet.
    assert_eq!(list["count"], 1, "{list}");
    let first = &list["principles"][0];
    assert!(
        measuring.contains(&first["statement"].as_str().unwrap()),
        "{first}"
    );
    assert_eq!(
        (&first["times"], first["evidence"].as_array().unwrap().len()),
        (&json!(4), 4)
    );
    // The same again: nothing changes.
    let before = list.clone();
    assert!(
        consolidate(&acme, "all").await["success"]
            .as_bool()
            .unwrap()
    );
    assert_eq!(acme.call::<principle::List>(json!({})).await.ok(), before);
    // A principle is updated, not repeated.
    say(13, "I measure before changing").await;
    consolidate(&acme, "identity_consolidation").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    assert_eq!(
        (&list["count"], &list["principles"][0]["times"]),
        (&json!(1), &json!(5))
    );
    // What goes into the trash and comes back is counted once.
    let statement = list["principles"][0]["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut others = Vec::new();
    for id in &ids {
        let handoff = acme.call::<handoff::Get>(json!({"id": id})).await.text;
        if !handoff.contains(&format!("\"becoming\":\"{statement}\"")) {
            others.push(id.clone());
        }
    }
    for _ in 0..2 {
        acme.call::<handoff::Delete>(json!({"id": others[0]}))
            .await
            .ok();
        let fewer = acme.call::<principle::List>(json!({})).await.ok();
        assert_eq!(fewer["principles"][0]["times"], 4, "{fewer}");
        acme.call::<trash::Restore>(json!({"id": others[0]}))
            .await
            .ok();
        consolidate(&acme, "identity_consolidation").await;
        let list = acme.call::<principle::List>(json!({})).await.ok();
        assert_eq!(list["principles"][0]["times"], 5, "{list}");
    }
    // It wakes up with the agent, and recall finds it.
    let woken = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
        .await
        .ok();
    let statement = list["principles"][0]["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(woken["principles"], json!([statement]));
    assert!(
        woken["context"]
            .as_str()
            .unwrap()
            .contains(&format!("Principles\n- {statement}")),
        "{woken}"
    );
    let found = acme
        .call::<Recall>(json!({"query": "measure change", "kinds": ["principle"]}))
        .await
        .ok();
    assert_eq!(found["results"][0]["text"], statement.as_str(), "{found}");
    // Erasing the handoff in whose words it stands takes the words out of it at once.
    let stated = first_handoff(&statement, &ids, &acme).await;
    acme.call::<handoff::Delete>(json!({"id": stated, "erase": true}))
        .await
        .ok();
    let everything = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
        .await
        .text
        + &acme.call::<principle::List>(json!({})).await.text
        + &acme
            .call::<Recall>(json!({"query": "measure change"}))
            .await
            .text;
    assert!(!everything.contains(&stated), "{everything}");
    consolidate(&acme, "all").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    assert_eq!(
        list["principles"][0]["times"], 4,
        "what rested on it is grouped again: {list}"
    );
}

/// The handoff in which a statement stands.
async fn first_handoff(statement: &str, ids: &[String], client: &Client) -> String {
    for id in ids {
        let handoff = client.call::<handoff::Get>(json!({"id": id})).await;
        if handoff
            .text
            .contains(&format!("\"becoming\":\"{statement}\""))
        {
            return id.clone();
        }
    }
    panic!("{statement} stands in none");
}

#[tokio::test]
async fn a_change_of_direction_is_noticed() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..12 {
        let text = if n < 8 {
            "I keep every promise to users"
        } else {
            "I explore new database engines"
        };
        hand_over(
            &acme,
            &format!("old{n}"),
            json!({"becoming": text, "story": format!("Old {n} of {}.", n * 7)}),
        )
        .await;
        let text = if n < 2 {
            "I keep every promise to users"
        } else {
            "I explore new database engines"
        };
        hand_over(
            &acme,
            &format!("new{n}"),
            json!({"becoming": text, "story": format!("New {n} of {}.", n * 5)}),
        )
        .await;
    }
    age(&server, "old%", 200).await;
    consolidate(&acme, "identity_consolidation").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    let trend = |about: &str| {
        let all = list["principles"].as_array().unwrap();
        all.iter()
            .find(|p| p["statement"].as_str().unwrap().contains(about))
            .unwrap()["trend"]
            .clone()
    };
    assert_eq!(
        (trend("promise"), trend("database")),
        (json!("fading"), json!("growing")),
        "{list}"
    );
    // What grows comes first.
    let woken = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 3000}))
        .await
        .ok();
    assert_eq!(
        woken["principles"],
        json!([
            "I explore new database engines",
            "I keep every promise to users"
        ])
    );
}
