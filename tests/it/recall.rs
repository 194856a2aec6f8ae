//! recall

use crate::support::{Client, Server};
use agent_memory::recall::Recall;
use agent_memory::{decision, event, handoff, knowledge};
use serde_json::{Value, json};

async fn fill(acme: &Client) {
    let said = |session: &str, who: &str, text: &str, at: &str| {
        json!({"session_id": session, "channel": "private", "actor": {"type": "human", "id": who}, "kind": "message",
               "content": {"text": text}, "at": at, "tags": [format!("from:{who}")]})
    };
    let events = json!({"events": [
        said("one", "Ada", "The pottery class starts on Monday.", "2026-01-05T10:00:00Z"),
        said("one", "Bob", "I sold my bicycle yesterday.", "2026-01-05T10:00:01Z"),
        said("two", "Ada", "My bicycle needs a new chain.", "2026-02-01T09:00:00Z"),
    ]});
    acme.call::<event::Batch>(events).await.ok();
    acme.call::<handoff::Create>(json!({"session_id": "two", "with_whom": "Ada", "learned": "Chains wear out.", "story": "We oiled a bicycle."})).await.ok();
    acme.call::<knowledge::Create>(
        json!({"title": "Bicycle", "content": "Two wheels.", "source_handoffs": ["sh_1"]}),
    )
    .await
    .ok();
    acme.call::<decision::Create>(json!({"decision": "Buy a bicycle chain"}))
        .await
        .ok();
}

fn texts(reply: &Value) -> Vec<&str> {
    reply["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn any_word_of_the_query_finds_every_kind() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let all = acme
        .call::<Recall>(json!({"query": "what happened to the bicycles?"}))
        .await
        .ok();
    let mut kinds: Vec<&str> = all["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["decision", "event", "handoff", "knowledge"]);
    let chain = acme
        .call::<Recall>(json!({"query": "bicycle chain", "limit": 1, "kinds": ["event"]}))
        .await
        .ok();
    assert_eq!(texts(&chain), ["My bicycle needs a new chain."]);
    assert_eq!(chain["below_confidence"], false);
    assert_eq!(chain["results"][0]["tags"], json!(["from:Ada"]));
    let nothing = acme
        .call::<Recall>(json!({"query": "quantum chromodynamics"}))
        .await
        .ok();
    assert_eq!(
        (&nothing["below_confidence"], texts(&nothing).len()),
        (&json!(true), 0)
    );
    assert!(
        texts(
            &acme
                .call::<Recall>(json!({"query": "!!! ??? '|&"}))
                .await
                .ok()
        )
        .is_empty()
    );
}

#[tokio::test]
async fn filters_and_budgets_hold() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let ask = async |more: Value| {
        let mut input = json!({"query": "bicycle"});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        acme.call::<Recall>(input).await.ok()
    };
    // What was said before it comes after it: it may be what is meant.
    assert_eq!(
        texts(&ask(json!({"session_id": "one"})).await),
        [
            "I sold my bicycle yesterday.",
            "The pottery class starts on Monday."
        ]
    );
    assert_eq!(
        texts(&ask(json!({"with_whom": "Bob"})).await),
        ["I sold my bicycle yesterday."]
    );
    assert_eq!(
        texts(&ask(json!({"tags": ["from:Ada"]})).await),
        ["My bicycle needs a new chain."]
    );
    assert_eq!(
        texts(&ask(json!({"until": "2026-01-31T00:00:00Z"})).await)[0],
        "I sold my bicycle yesterday."
    );
    assert_eq!(
        texts(&ask(json!({"as_of": "2026-01-31T00:00:00Z"})).await)[0],
        "I sold my bicycle yesterday."
    );
    let small = ask(json!({"max_tokens": 8})).await;
    assert!(
        small["token_count"].as_u64().unwrap() <= 8 && !texts(&small).is_empty(),
        "{small}"
    );
    assert!(ask(json!({"explain": true})).await["results"][0]["explanation"]["words"].is_number());
    let by_query = acme
        .get("/api/v1/recall?query=bicycle&kinds=event&limit=1")
        .await
        .ok();
    assert_eq!(texts(&by_query).len(), 1);
}

/// Words of languages that are not English, as they are written and as they are asked for.
#[tokio::test]
async fn words_of_other_languages_are_found() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let table = [
        (
            "Korean",
            "지난주에 우리는 배포 스크립트를 고쳤다.",
            "배포 스크립트",
        ),
        (
            "Korean",
            "민수는 매운 김치찌개를 좋아한다.",
            "김치찌개 좋아하는 사람",
        ),
        (
            "Japanese",
            "来週の火曜日に京都で会議があります。",
            "京都の会議はいつ",
        ),
        (
            "Japanese",
            "データベースのバックアップは毎晩実行される。",
            "バックアップ",
        ),
        ("Chinese", "我妹妹在上海学习钢琴。", "谁在学习钢琴"),
        ("Chinese", "他每天早上喝茶。", "茶"),
        (
            "German",
            "Die Entscheidung über die Straße nach München fiel gestern.",
            "Strasse nach Muenchen Entscheidung",
        ),
        (
            "German",
            "Für das Frühstück kaufen wir Brötchen.",
            "Brötchen zum Frühstück",
        ),
        (
            "Russian",
            "Вчера мы обсуждали резервные копии базы данных.",
            "резервная копия базы",
        ),
        (
            "Russian",
            "Моя сестра выращивает помидоры.",
            "помидорами сестры",
        ),
        (
            "French",
            "L'été dernier, nous avons loué un café à Nîmes.",
            "cafe a Nimes",
        ),
        ("Thai", "ฉันชอบดื่มกาแฟตอนเช้า", "กาแฟ"),
    ];
    let events: Vec<Value> = table
        .iter()
        .enumerate()
        .map(|(n, (_, said, _))| {
            json!({"session_id": format!("s{n}"), "channel": "private", "actor": {"type": "human", "id": "u"}, "kind": "message", "content": {"text": said}})
        })
        .collect();
    acme.call::<event::Batch>(json!({"events": events}))
        .await
        .ok();
    for (language, said, asked) in table {
        let reply = acme.call::<Recall>(json!({"query": asked})).await.ok();
        assert_eq!(texts(&reply).first(), Some(&said), "{language}: {asked}");
    }
}

/// What is acknowledged is found at once, however much waits to be worked into the index; and a score explains itself.
#[tokio::test]
async fn what_was_just_written_is_found() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..30 {
        let word = format!("zebra{n}crossing");
        let events: Vec<Value> = (0..50)
            .map(|k| json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "u"}, "kind": "message", "content": {"text": format!("{word} number {k}")}}))
            .collect();
        acme.call::<event::Batch>(json!({"events": events}))
            .await
            .ok();
        let reply = acme
            .call::<Recall>(json!({"query": word, "explain": true}))
            .await
            .ok();
        assert!(texts(&reply)[0].starts_with(&word), "{reply}");
        let parts = reply["results"][0]["explanation"]
            .as_object()
            .unwrap()
            .clone();
        let sum: f64 = parts
            .iter()
            .filter(|(name, _)| !["coverage", "weight"].contains(&name.as_str()))
            .map(|(_, part)| part.as_f64().unwrap())
            .sum();
        let score = reply["results"][0]["score"].as_f64().unwrap();
        assert!(
            (sum * parts["weight"].as_f64().unwrap() - score).abs() < 1e-9,
            "{parts:?} is not {score}"
        );
    }
}

/// A memory from before there was an index is indexed while the server serves.
#[tokio::test]
async fn what_was_there_before_is_indexed() {
    // What changes behind the server's back is seen within a second; here it is asked for at once.
    let server = Server::configured(false, |config| config.cache.mib = 0).await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let ask = async || acme.call::<Recall>(json!({"query": "bicycle"})).await.ok();
    let before = texts(&ask().await).len();
    let forget = "do $$ declare t regclass; begin for t in select oid::regclass from pg_class where relname in ('items', 'term_counts', 'item_counts') and relkind = 'r' loop execute format('truncate %s', t); end loop; end $$";
    server.superuser().await.batch(forget).await.unwrap();
    assert!(texts(&ask().await).is_empty());
    // Once more than once: what is indexed is not indexed again.
    for _ in 0..2 {
        let due = "insert into job_runs (tenant_id, job, scheduled_at) select tenant_id, 'recall_index', now() from tenants";
        server.superuser().await.batch(due).await.unwrap();
        server.jobs_done().await;
        assert_eq!(texts(&ask().await).len(), before);
    }
}
