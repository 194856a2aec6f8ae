//! wake_up, wake_up_stratified

use crate::support::{Client, Server};
use agent_memory::{handoff, wake};
use serde_json::{Value, json};

async fn live_through(acme: &Client, sessions: usize) {
    for n in 0..sessions {
        let input = json!({
            "session_id": format!("s{n}"), "with_whom": if n % 3 == 0 { "Bob" } else { "Ada" },
            "experienced": format!("Session {n} was long. {}", "We tried several things. ".repeat(20)),
            "learned": format!("Lesson {n}. {}", "It has a reason. ".repeat(10)), "story": format!("Story {n}. It ended well."),
            "becoming": format!("One who does {n}"), "remember": format!("Remember {n}."),
            "significance": f64::from(n as u32 % 10) / 10.0,
        });
        acme.call::<handoff::Create>(input).await.ok();
    }
}

/// The size of a reply, by the documented rule, for texts in ASCII.
fn size(text: &str) -> usize {
    assert!(text.is_ascii());
    text.len().div_ceil(4)
}

#[tokio::test]
async fn the_whole_reply_fits_its_budget_and_says_its_size() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    live_through(&acme, 40).await;
    for budget in [100, 150, 300, 500, 1000, 4000, 65_000] {
        let reply = acme
            .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": budget}))
            .await;
        let (text, wake) = (reply.text.clone(), reply.ok());
        assert!(size(&text) <= budget, "{} > {budget}", size(&text));
        assert_eq!(wake["token_count"], size(&text));
        let again = acme
            .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": budget}))
            .await;
        assert_eq!(again.text, text, "the same state gives the same bytes");
    }
    acme.call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 99}))
        .await
        .refused(400);
}

#[tokio::test]
async fn what_matters_most_comes_first_and_what_is_cut_is_named() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    live_through(&acme, 40).await;
    let wake = acme
        .call::<wake::Up>(json!({"with_whom": "Ada"}))
        .await
        .ok();
    assert_eq!(wake["first_session"], false);
    // Significance 0.9, the newest of them first.
    assert_eq!(wake["remember"][0]["text"], "Remember 39.");
    assert_eq!(wake["remember"][1]["text"], "Remember 29.");
    assert_eq!(wake["identity_thread"][0]["becoming"], "One who does 39");
    // 39 was with Bob.
    assert_eq!(wake["last_handoff"]["session_id"], "s38");
    assert_eq!(wake["last_handoff"]["story"], "Story 38. It ended well.");
    let truncated: Vec<&str> = wake["truncated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(
        truncated.contains(&"last_handoff") && truncated.contains(&"remember"),
        "{truncated:?}"
    );
    // Shortened at sentences: nothing ends in the middle of one.
    for text in ["experienced", "learned"]
        .map(|name| &wake["last_handoff"][name])
        .into_iter()
        .filter_map(Value::as_str)
    {
        assert!(text.ends_with('.'), "{text}");
    }
    for line in wake["remember"].as_array().unwrap() {
        assert!(
            wake["context"]
                .as_str()
                .unwrap()
                .contains(line["text"].as_str().unwrap())
        );
    }
    let roomy = acme
        .call::<wake::Up>(json!({"with_whom": "Bob", "max_tokens": 60000}))
        .await
        .ok();
    assert_eq!(roomy["last_handoff"]["session_id"], "s39");
    assert!(
        roomy["truncated"].as_array().unwrap().is_empty(),
        "{}",
        roomy["truncated"]
    );
    assert_eq!(roomy["remember"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn a_project_and_secrets_are_respected() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let write = async |story: &str, more: Value| {
        let mut input = json!({"session_id": story, "with_whom": "Ada", "story": story});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        acme.call::<handoff::Create>(input).await.ok();
    };
    write("in the project", json!({"project_path": "/p"})).await;
    write("elsewhere", json!({})).await;
    write(
        "hidden",
        json!({"sensitivity": "secret", "remember": "the secret", "becoming": "secretive"}),
    )
    .await;
    let wake = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "project_path": "/p"}))
        .await;
    assert_eq!(wake.json["last_handoff"]["story"], "in the project");
    for said in ["hidden", "the secret", "secretive"] {
        assert!(
            !wake
                .text
                .replace("\"session_id\":\"hidden\"", "")
                .contains(said),
            "{}",
            wake.text
        );
    }
    // That there is something is no secret.
    assert_eq!(wake.json["remember"][0]["text"], "(secret)");
    let wake = acme
        .call::<wake::Up>(json!({"with_whom": "Ada"}))
        .await
        .ok();
    assert_eq!(wake["last_handoff"]["story"], "(secret)");
    assert_eq!(wake["older_handoffs"][0]["summary"], "elsewhere");
}

#[tokio::test]
async fn stratified_loads_the_layers_that_were_asked_for() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    live_through(&acme, 12).await;
    let usual = acme.call::<wake::Stratified>(json!({})).await.ok();
    assert_eq!(
        usual["layers_loaded"],
        json!(["metadata", "reflection", "recent"])
    );
    assert_eq!(
        (
            &usual["metadata"]["total_handoffs"],
            usual["recent"].as_array().unwrap().len()
        ),
        (&json!(12), 3)
    );
    assert_eq!(usual["metadata"]["key_people"][0], "Ada");
    assert!(usual["progressive"].is_null() && usual["estimated_tokens"].as_u64().unwrap() > 100);
    let about = acme
        .call::<wake::Stratified>(json!({"layers": ["progressive"], "topic": "lesson 7"}))
        .await
        .ok();
    assert!(about["recent"].is_null() && about["metadata"].is_null());
    assert!(
        about["progressive"]["items"]
            .to_string()
            .contains("Lesson 7"),
        "{about}"
    );
    acme.call::<wake::Stratified>(json!({"layers": ["dreams"]}))
        .await
        .refused(400);
}

#[tokio::test]
async fn a_very_long_name_can_still_be_woken_up_with() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let name = "漢".repeat(255);
    acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": name, "story": "x"}))
        .await
        .ok();
    let wake = acme.call::<wake::Up>(json!({"with_whom": name})).await.ok();
    assert_eq!(wake["with_whom"], name);
    assert!(wake["token_count"].as_u64().unwrap() <= 500);
    let problem = acme
        .call::<wake::Up>(json!({"with_whom": name, "max_tokens": 150}))
        .await
        .refused(400);
    assert_eq!(problem["field"], "max_tokens");
}

#[tokio::test]
async fn what_is_beyond_the_lists_is_named_too() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..12 {
        let input = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": "Ok."});
        acme.call::<handoff::Create>(input).await.ok();
        let wake = acme
            .call::<wake::Up>(json!({"with_whom": "Ada"}))
            .await
            .ok();
        let shown = wake["older_handoffs"].as_array().unwrap().len();
        let named = wake["truncated"]
            .as_array()
            .unwrap()
            .contains(&json!("older_handoffs"));
        assert_eq!(
            named,
            shown < n,
            "{n} older handoffs, {shown} shown: {wake}"
        );
    }
}
