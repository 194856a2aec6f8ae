//! edges, tasks, findings, feedback, next_actions

use crate::support::{Client, Reply, Server};
use agent_memory::edge::{self, Traverse};
use agent_memory::{context, feedback, finding, handoff, next, recall, task, wake};
use serde_json::{Value, json};

async fn linked(acme: &Client, from: &str, kind: &str, to: &str) -> Reply {
    acme.call::<edge::Create>(json!({"from_id": from, "to_id": to, "edge_type": kind}))
        .await
}

async fn task(acme: &Client, title: &str, more: Value) -> String {
    let mut input = json!({"title": title});
    let more = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(more);
    let made = acme.call::<task::Create>(input).await.ok();
    made["task_id"].as_str().unwrap().to_owned()
}

/// Claims the task that is named, else the next.
async fn claimed(acme: &Client, input: Value) -> Value {
    let reply = match input.get("id") {
        Some(_) => acme.call::<task::Claim>(input).await,
        None => acme.post("/api/v1/tasks/claim", input.to_string()).await,
    };
    reply.ok()["task"].clone()
}

#[tokio::test]
async fn links_are_never_doubled_and_close_no_circle() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for (from, kind, to) in [
        ("a", "parent_of", "b"),
        ("b", "parent_of", "c"),
        ("d", "child_of", "c"),
        ("a", "depends_on", "b"),
        ("b", "depends_on", "c"),
        ("a", "references", "b"),
        ("b", "references", "a"),
        ("a", "related_to", "b"),
        ("a", "created_by", "Ada"),
    ] {
        assert_eq!(linked(&acme, from, kind, to).await.status, 201);
    }
    for (from, kind, to, code) in [
        ("a", "parent_of", "b", "edge_exists"),
        ("b", "child_of", "a", "edge_exists"),
        ("b", "related_to", "a", "edge_exists"),
        ("c", "parent_of", "a", "edge_circle"),
        ("d", "parent_of", "a", "edge_circle"),
        ("a", "child_of", "d", "edge_circle"),
        ("c", "depends_on", "a", "edge_circle"),
        ("Ada", "created_by", "a", "edge_circle"),
    ] {
        let refused = linked(&acme, from, kind, to).await.refused(409);
        assert_eq!(refused["code"], code, "{from} {kind} {to}");
    }
    assert_eq!(
        linked(&acme, "a", "references", "a").await.refused(400)["field"],
        "to_id"
    );
    let nobody = format!("sh_{}", "0".repeat(32));
    let missing = linked(&acme, "a", "references", &nobody).await.refused(404);
    assert_eq!(missing["field"], "to_id");
    // What is there can be turned into nothing that could not be made.
    let list = acme.get("/api/v1/edges?from_id=c").await.ok();
    assert_eq!(list["count"], 0);
    let back = linked(&acme, "c", "related_to", "a").await.ok();
    for (kind, code) in [("parent_of", "edge_circle"), ("depends_on", "edge_circle")] {
        let input = json!({"id": back["edge_id"], "edge_type": kind});
        let refused = acme.call::<edge::Update>(input).await.refused(409);
        assert_eq!(refused["code"], code);
    }
    let there = acme.get("/api/v1/edges?from_id=b&to_id=a").await.ok();
    let input = json!({"id": there["edges"][0]["edge_id"], "edge_type": "related_to"});
    let refused = acme.call::<edge::Update>(input).await.refused(409);
    assert_eq!(refused["code"], "edge_exists");
    let input = json!({"id": back["edge_id"], "weight": 0.25});
    let changed = acme.call::<edge::Update>(input).await.ok();
    assert_eq!(
        (&changed["weight"], &changed["edge_type"]),
        (&json!(0.25), &json!("related_to"))
    );
    // Of two that come at once and close a circle together, one is refused.
    for n in 0..20 {
        let (x, y) = (format!("x{n}"), format!("y{n}"));
        let both = tokio::join!(
            linked(&acme, &x, "depends_on", &y),
            linked(&acme, &y, "depends_on", &x)
        );
        let mut both = [both.0.status, both.1.status];
        both.sort_unstable();
        assert_eq!(both, [201, 409]);
    }
}

#[tokio::test]
async fn what_is_linked_is_reached_and_goes_with_what_is_erased() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let first = json!({"session_id": "s", "with_whom": "Ada", "story": "One."});
    let first = acme.call::<handoff::Create>(first).await.ok();
    let id = first["handoff_id"].as_str().unwrap();
    for (from, to) in [(id, "b"), ("b", "c"), ("c", "d"), ("e", "b")] {
        linked(&acme, from, "references", to).await.ok();
    }
    linked(&acme, "b", "related_to", "f").await.ok();
    let reach = async |input: Value| {
        let reached = acme.call::<Traverse>(input).await.ok();
        let nodes = reached["nodes"].as_array().unwrap().clone();
        let mut names = nodes
            .iter()
            .map(|node| format!("{}{}", node["id"].as_str().unwrap(), node["distance"]))
            .collect::<Vec<_>>();
        names.sort();
        (names.join(" "), reached["edges"].as_array().unwrap().len())
    };
    assert_eq!(
        reach(json!({"id": "b", "edge_types": ["references"]})).await,
        ("b0 c1 d2".to_owned(), 2)
    );
    assert_eq!(
        reach(json!({"id": "d", "direction": "in", "depth": 2})).await,
        ("b2 c1 d0".to_owned(), 2)
    );
    assert_eq!(
        reach(json!({"id": "e", "direction": "both"})).await,
        (format!("b1 c2 d3 e0 f2 {id}2"), 5)
    );
    let part = acme
        .call::<Traverse>(json!({"id": "e", "direction": "both", "limit": 2}))
        .await
        .ok();
    assert_eq!(
        (part["more"].clone(), part["nodes"][1]["id"].clone()),
        (json!(true), json!("b"))
    );
    acme.call::<handoff::Delete>(json!({"id": id, "erase": true}))
        .await
        .ok();
    assert_eq!(
        acme.get(&format!("/api/v1/edges?from_id={id}")).await.ok()["count"],
        0
    );
    let list = acme.get("/api/v1/edges?limit=2").await.ok();
    let next = list["next_cursor"].as_str().unwrap();
    let rest = acme.get(&format!("/api/v1/edges?cursor={next}")).await.ok();
    assert_eq!((&list["count"], &rest["count"]), (&json!(2), &json!(2)));
    let edge = &rest["edges"][0]["edge_id"];
    acme.call::<edge::Delete>(json!({"id": edge})).await.ok();
    acme.call::<edge::Delete>(json!({"id": edge}))
        .await
        .refused(404);
}

#[tokio::test]
async fn a_task_is_one_agents_and_waits_for_what_it_depends_on() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let dig = task(&acme, "Dig the hole.", json!({"project_path": "/garden"})).await;
    let plant = task(
        &acme,
        "Plant the tree.",
        json!({"depends_on": [dig], "priority": 9, "project_path": "/garden"}),
    )
    .await;
    let paint = task(&acme, "Paint the fence.", json!({"priority": 5})).await;
    let refused = json!({"title": "x", "depends_on": [plant, "tsk_0"]});
    let refused = acme.call::<task::Create>(refused).await.refused(404);
    assert_eq!(refused["field"], "depends_on");
    let circle = linked(&acme, &dig, "depends_on", &plant).await;
    assert_eq!(circle.refused(409)["code"], "edge_circle");

    let waits = json!({"id": plant, "agent_id": "ann"});
    let waits = acme.call::<task::Claim>(waits).await.refused(409);
    assert_eq!(waits["code"], "task_waits");
    assert!(waits["detail"].as_str().unwrap().contains(&dig), "{waits}");
    let next = claimed(&acme, json!({"agent_id": "ann"})).await;
    assert_eq!(
        (&next["task_id"], &next["claimed_by"]),
        (&json!(paint), &json!("ann"))
    );
    let named = json!({"id": paint, "agent_id": "ben"});
    let taken = acme.call::<task::Claim>(named).await.refused(409);
    assert_eq!(taken["code"], "task_claimed");
    let again = claimed(&acme, json!({"id": paint, "agent_id": "ann"})).await;
    assert_eq!(again["claimed_at"], next["claimed_at"]);
    let here = json!({"agent_id": "ben", "project_path": "/garden"});
    assert_eq!(claimed(&acme, here.clone()).await["task_id"], json!(dig));
    assert_eq!(claimed(&acme, here).await, Value::Null);

    // Who did not claim it cannot end it, and nothing of what it says stays.
    let theirs = json!({"id": dig, "agent_id": "ann", "findings": [{"content": "Clay."}]});
    let theirs = acme.call::<task::Complete>(theirs).await.refused(409);
    assert_eq!(theirs["code"], "task_claimed");
    let broken =
        json!({"id": dig, "agent_id": "ben", "findings": [{"content": "Sand."}, {"content": " "}]});
    acme.call::<task::Complete>(broken).await.refused(400);
    let found = acme.get("/api/v1/findings").await.ok();
    assert_eq!(found["count"], 0, "{found}");
    let open = acme.get(&format!("/api/v1/tasks/{dig}")).await.ok();
    assert_eq!(open["status"], "claimed");

    let done = json!({"id": dig, "agent_id": "ben",
        "findings": [{"content": "The ground under the pear tree is blue clay.", "tags": ["soil"]}, {"content": "The spade's handle is split."}]});
    let done = acme.call::<task::Complete>(done).await.ok();
    assert_eq!(done["task"]["status"], "done");
    let ids = done["finding_ids"].as_array().unwrap();
    assert_eq!(ids.len(), 2);
    let ready = acme.get("/api/v1/tasks?ready=true").await.ok();
    assert_eq!(
        (&ready["count"], &ready["tasks"][0]["task_id"]),
        (&json!(1), &json!(plant))
    );
    let ended = json!({"id": dig, "agent_id": "ben"});
    let ended = acme.call::<task::Complete>(ended).await.refused(409);
    assert_eq!(ended["code"], "task_ended");
    let input =
        json!({"query": "what is the ground like under the pear tree", "kinds": ["finding"]});
    let recalled = acme.call::<recall::Recall>(input).await.ok();
    assert_eq!(
        (
            &recalled["results"][0]["id"],
            &recalled["results"][0]["actor"]
        ),
        (&ids[0], &json!("ben"))
    );
    let soil = acme.get("/api/v1/findings?tag=soil").await.ok();
    assert_eq!(soil["findings"][0]["task_id"], json!(dig));

    // What an agent that is gone had claimed is free again.
    let freed = acme.call::<task::Release>(json!({"id": paint})).await.ok();
    assert_eq!(
        (&freed["status"], &freed["claimed_by"]),
        (&json!("open"), &Value::Null)
    );
    let refused = acme.call::<task::Release>(json!({"id": paint})).await;
    assert_eq!(refused.refused(409)["code"], "task_not_claimed");
}

#[tokio::test]
async fn what_is_to_be_done_stands_in_wake_up_context_and_next_actions() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let oil = task(&acme, "Oil the hinges.", json!({"priority": 1})).await;
    let hang = task(
        &acme,
        "Hang the door.",
        json!({"depends_on": [oil], "priority": 9}),
    )
    .await;
    let mop = task(&acme, "Mop the floor.", json!({})).await;
    claimed(&acme, json!({"id": mop, "agent_id": "ann"})).await;
    let bug = json!({"category": "door", "type": "bug", "description": "It squeaks.", "severity": "high"});
    let bug = acme.call::<feedback::Create>(bug).await.ok();
    let wish = json!({"category": "door", "type": "wish", "description": "A bell."});
    acme.call::<feedback::Create>(wish).await.ok();

    let woken = json!({"with_whom": "Ada", "max_tokens": 1000});
    let woken = acme.call::<wake::Up>(woken).await.ok();
    assert_eq!(
        woken["open_tasks"],
        json!([{"task_id": mop, "title": "Mop the floor."}, {"task_id": oil, "title": "Oil the hinges."}])
    );
    let text = woken["context"].as_str().unwrap();
    assert!(
        text.contains("Open tasks\n- Mop the floor.\n- Oil the hinges."),
        "{text}"
    );
    let bundle = json!({"session_id": "s", "agent_id": "ann", "channel": "private", "intent": "mend the door"});
    let bundle = acme.call::<context::Build>(bundle).await.ok();
    let tasks = &bundle["sections"][1];
    assert_eq!(
        (
            &tasks["name"],
            &tasks["items"][0]["text"],
            &tasks["items"][1]["text"]
        ),
        (
            &json!("task_state"),
            &json!("claimed: Mop the floor."),
            &json!("open: Oil the hinges.")
        )
    );
    let actions = async |agent: &str| {
        let actions = acme
            .call::<next::Actions>(json!({"agent_id": agent}))
            .await
            .ok();
        let actions = actions["actions"].as_array().unwrap().clone();
        actions
            .iter()
            .map(|action| (action["action"].clone(), action["id"].clone()))
            .collect::<Vec<_>>()
    };
    let respond = (json!("respond"), bug["feedback_id"].clone());
    assert_eq!(
        actions("ann").await,
        [
            (json!("continue"), json!(mop)),
            respond.clone(),
            (json!("claim"), json!(oil))
        ]
    );
    let mended = json!({"id": bug["feedback_id"], "status": "resolved"});
    acme.call::<feedback::Update>(mended).await.ok();
    let list = acme
        .get("/api/v1/feedback?type=bug&status=resolved")
        .await
        .ok();
    assert_eq!(list["feedback"][0]["description"], "It squeaks.");
    claimed(&acme, json!({"id": oil, "agent_id": "ben"})).await;
    let done = json!({"id": oil, "agent_id": "ben"});
    acme.call::<task::Complete>(done).await.ok();
    assert_eq!(actions("ben").await, [(json!("claim"), json!(hang))]);
}

#[tokio::test]
async fn a_secret_in_a_task_or_finding_is_sealed() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let key = "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX-AAAAAAAA";
    let made = json!({"title": format!("Replace the key {key}")});
    let made = acme.call::<task::Create>(made).await.ok();
    assert_eq!(made["encrypted"], true, "{made}");
    let found = json!({"agent_id": "ann", "content": format!("It was {key}")});
    let found = acme.call::<finding::Post>(found).await.ok();
    assert_eq!(found["encrypted"], true, "{found}");
    for text in [
        acme.get("/api/v1/tasks").await.text,
        acme.get("/api/v1/findings").await.text,
        acme.get("/api/v1/wake-up?with_whom=Ada").await.text,
        acme.get("/api/v1/recall?query=key").await.text,
        acme.get("/api/v1/export/all").await.text,
    ] {
        assert!(!text.contains(key), "{text}");
    }
}
