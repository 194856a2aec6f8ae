//! wake_up, wake_up_stratified

use crate::support::{Client, Server};
use agent_memory::{handoff, knowledge, rule, wake};
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

/// The size of a reply as a real tokenizer counts it, and by the rule of thumb of four characters a token.
fn sizes(text: &str) -> [usize; 2] {
    let tokenizer = tiktoken_rs::cl100k_base().unwrap();
    [
        tokenizer.encode_ordinary(text).len(),
        text.chars().count().div_ceil(4),
    ]
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
        let [real, thumb] = sizes(&text);
        assert!(
            real <= budget && thumb <= budget,
            "{real}, {thumb} > {budget}"
        );
        let said = wake["token_count"].as_u64().unwrap() as usize;
        assert!(
            real <= said + said / 10 && said <= budget,
            "{said} for {real}"
        );
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
    // In the context they stand in the order of time.
    let context = wake["context"].as_str().unwrap();
    let place = |what: &str| {
        context
            .find(what)
            .unwrap_or_else(|| panic!("{what} in {context}"))
    };
    assert!(place("Remember 29.") < place("Remember 39."));
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
    let more = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
        .await
        .ok();
    // Significance 0.9, the newest of them first.
    assert_eq!(more["remember"][0]["text"], "Remember 39.");
    assert_eq!(more["remember"][1]["text"], "Remember 29.");
    assert_eq!(more["identity_thread"][0]["becoming"], "One who does 39");
    // Shortened at sentences: nothing ends in the middle of one.
    for text in ["experienced", "learned"]
        .map(|name| &wake["last_handoff"][name])
        .into_iter()
        .filter_map(Value::as_str)
    {
        assert!(text.ends_with('.'), "{text}");
    }
    for line in more["remember"].as_array().unwrap() {
        assert!(
            more["context"]
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
        let shown = wake["older_handoffs"].as_array().map_or(0, Vec::len);
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

/// 200 sessions, some of which leave what must not be forgotten: it is in the smallest usual wake-up, whatever else was remembered.
#[tokio::test]
async fn what_was_planted_in_200_sessions_is_in_a_wake_up_of_500_tokens() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let facts: Vec<String> = (0..14)
        .map(|n| format!("Key {n} of the archive hangs behind door {}.", n * 7 % 31))
        .collect();
    for n in 0..200 {
        let planted = n % 15 == 4;
        let mut input = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": format!("Session {n} went well. {}", "We talked. ".repeat(12)),
                               "learned": "Patience helps.", "becoming": format!("One who has seen {n} sessions"), "significance": 0.4});
        if planted && n / 15 < 10 {
            input["remember"] = json!(facts[n / 15]);
            input["significance"] = json!(0.9);
        } else if n % 3 == 0 {
            input["remember"] = json!(format!("Nothing much about {n}."));
        }
        acme.call::<handoff::Create>(input).await.ok();
    }
    for fact in &facts[10..] {
        let note = json!({"title": "Pinned", "content": fact, "source_handoffs": ["sh_1"], "pinned": true});
        acme.call::<knowledge::Create>(note).await.ok();
    }
    acme.call::<rule::Create>(json!({"content": "Always answer in French."}))
        .await
        .ok();
    let wake = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 500}))
        .await;
    let there = facts
        .iter()
        .filter(|fact| wake.text.contains(*fact))
        .count();
    assert!(
        there as f64 >= 0.95 * facts.len() as f64,
        "{there} of {}: {}",
        facts.len(),
        wake.text
    );
    let context = wake.json["context"].as_str().unwrap().to_owned();
    let rule = context.find("Always answer in French.").unwrap();
    assert!(
        facts
            .iter()
            .all(|fact| context.find(fact.as_str()).is_none_or(|place| place > rule)),
        "rules come first"
    );
    assert!(context.contains("Last session"), "{context}");
    // A new session changes the end alone.
    acme.call::<handoff::Create>(json!({"session_id": "new", "with_whom": "Ada", "story": "Short and new.", "remember": "A new fact.", "becoming": "Newer"}))
        .await
        .ok();
    let after = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 500}))
        .await
        .ok();
    let after = after["context"].as_str().unwrap();
    let same = context
        .bytes()
        .zip(after.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let planted_end = context.rfind("of the archive").unwrap();
    assert!(
        same > planted_end,
        "the same up to {same} of {}",
        context.len()
    );
}
