//! What holds of every recall, whatever was stored, changed and asked: tried with random ones.

use crate::support::{Client, Server};
use agent_memory::recall::Recall;
use agent_memory::{decision, edit, event, handoff, knowledge};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

const WORDS: [&str; 16] = [
    "harbour", "lantern", "violin", "meadow", "copper", "saddle", "orchard", "thimble", "glacier",
    "pepper", "anchor", "candle", "ribbon", "walnut", "compass", "feather",
];

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
    fn words(&mut self, most: usize) -> String {
        let many = 1 + self.roll(most);
        (0..many)
            .map(|_| WORDS[self.roll(WORDS.len())])
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What became of a memory.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    Live,
    Gone,
    Replaced(DateTime<Utc>),
}

struct Life {
    acme: Client,
    dice: Dice,
    fates: HashMap<String, Fate>,
    at: HashMap<String, DateTime<Utc>>,
}

impl Life {
    /// Stores something of a random kind; its id as recall shows it, and as edits name it.
    async fn store(&mut self) -> (String, &'static str, String) {
        let text = self.dice.words(12);
        let at = Utc::now() - Duration::days(self.dice.roll(400) as i64);
        let (id, kind, target) = match self.dice.roll(4) {
            0 => {
                let who = ["Ada", "Bob"][self.dice.roll(2)];
                let input = json!({"session_id": format!("s{}", self.dice.roll(5)), "channel": "private", "actor": {"type": "human", "id": who}, "kind": "message",
                                   "content": {"text": text}, "at": at});
                let made = self.acme.call::<event::Record>(input).await.ok();
                (
                    made["event_id"].clone(),
                    "chunk",
                    made["chunk_ids"][0].clone(),
                )
            }
            1 => {
                let input = json!({"session_id": "s", "with_whom": "Ada", "story": text, "learned": self.dice.words(5)});
                let id = self.acme.call::<handoff::Create>(input).await.ok()["handoff_id"].clone();
                (id.clone(), "handoff", id)
            }
            2 => {
                let input = json!({"title": text, "content": self.dice.words(5), "source_handoffs": ["sh_1"]});
                let id = self.acme.call::<knowledge::Create>(input).await.ok()["note_id"].clone();
                (id.clone(), "knowledge", id)
            }
            _ => {
                let id = self
                    .acme
                    .call::<decision::Create>(json!({"decision": text}))
                    .await
                    .ok()["decision_id"]
                    .clone();
                (id.clone(), "decision", id)
            }
        };
        let id = id.as_str().unwrap().to_owned();
        self.fates.entry(id.clone()).or_insert(Fate::Live);
        self.at
            .insert(id.clone(), if kind == "chunk" { at } else { Utc::now() });
        (id, kind, target.as_str().unwrap().to_owned())
    }

    /// Lets something happen to a memory.
    async fn befall(&mut self, (id, kind, target): &(String, &'static str, String)) {
        if self.fates[id] != Fate::Live {
            return;
        }
        let fate = match (self.dice.roll(6), *kind) {
            (0, "handoff") => {
                self.acme
                    .call::<handoff::Delete>(json!({"id": id}))
                    .await
                    .ok();
                Fate::Gone
            }
            (0, "knowledge") => {
                self.acme
                    .call::<knowledge::Delete>(json!({"id": id}))
                    .await
                    .ok();
                Fate::Gone
            }
            (1, "handoff") => {
                let input = json!({"session_id": "s", "with_whom": "Ada", "story": self.dice.words(12), "supersedes": id});
                let made = self.acme.call::<handoff::Create>(input).await.ok();
                self.replacing(&made["handoff_id"])
            }
            (1, "knowledge") => {
                let input = json!({"title": self.dice.words(12), "content": "new", "source_handoffs": ["sh_1"], "supersedes": id});
                let made = self.acme.call::<knowledge::Create>(input).await.ok();
                self.replacing(&made["note_id"])
            }
            (1, "decision") => {
                let made = self
                    .acme
                    .call::<decision::Create>(
                        json!({"decision": self.dice.words(12), "supersedes": id}),
                    )
                    .await
                    .ok();
                self.replacing(&made["decision_id"])
            }
            (2..=3, _) => {
                let op = ["retract", "quarantine", "block"][self.dice.roll(3)];
                let input = json!({"target_type": kind, "target_id": target, "op": op, "reason": "x", "proposed_by": "x"});
                let edit = self.acme.call::<edit::Propose>(input).await.ok();
                self.acme
                    .call::<edit::Approve>(json!({"id": edit["edit_id"]}))
                    .await
                    .ok();
                Fate::Gone
            }
            _ => Fate::Live,
        };
        self.fates.insert(id.clone(), fate);
    }

    fn replacing(&mut self, new: &Value) -> Fate {
        let (id, now) = (new.as_str().unwrap().to_owned(), Utc::now());
        self.fates.insert(id.clone(), Fate::Live);
        self.at.insert(id, now);
        Fate::Replaced(now)
    }
}

#[tokio::test]
async fn no_recall_ever_breaks_these() {
    let server = Server::start().await;
    let (acme, rival) = (server.tenant("acme").await, server.tenant("rival").await);
    for round in 0..4 {
        let seed = 0x5eed + round * 7919;
        let mut life = Life {
            acme: acme.clone(),
            dice: Dice(seed),
            fates: HashMap::new(),
            at: HashMap::new(),
        };
        let mut theirs = Life {
            acme: rival.clone(),
            dice: Dice(seed),
            fates: HashMap::new(),
            at: HashMap::new(),
        };
        let mut stored = Vec::new();
        for _ in 0..40 {
            stored.push(life.store().await);
            theirs.store().await;
        }
        let mut dice = Dice(seed + 1);
        for _ in 0..30 {
            let one = stored[dice.roll(stored.len())].clone();
            life.befall(&one).await;
        }
        for _ in 0..40 {
            let budget = 1 + dice.roll(120);
            let mut input =
                json!({"query": dice.words(4), "limit": 1 + dice.roll(30), "max_tokens": budget});
            let as_of =
                (dice.roll(3) == 0).then(|| Utc::now() - Duration::days(dice.roll(100) as i64));
            if let Some(as_of) = as_of {
                input["as_of"] = json!(as_of);
            }
            let reply = acme.call::<Recall>(input.clone()).await;
            assert_eq!(
                acme.call::<Recall>(input.clone()).await.text,
                reply.text,
                "the same question, the same answer"
            );
            let results = reply.json["results"].as_array().unwrap().clone();
            assert!(
                reply.json["token_count"].as_u64().unwrap() <= budget as u64,
                "{input}: {}",
                reply.text
            );
            assert!(results.len() as u64 <= input["limit"].as_u64().unwrap());
            let ids: Vec<&str> = results
                .iter()
                .map(|result| result["id"].as_str().unwrap())
                .collect();
            assert_eq!(
                ids.iter().collect::<HashSet<_>>().len(),
                ids.len(),
                "nothing twice"
            );
            let key = |result: &Value| {
                (
                    result["score"].as_f64().unwrap(),
                    result["at"].as_str().unwrap().to_owned(),
                )
            };
            for two in results.windows(2) {
                let ((a, at), (b, bt)) = (key(&two[0]), key(&two[1]));
                assert!(
                    a > b || (a == b && at >= bt),
                    "best first, then newest: {a} {at}, {b} {bt}"
                );
            }
            for id in ids {
                assert!(
                    !theirs.fates.contains_key(id),
                    "{id} belongs to someone else"
                );
                let then = as_of.unwrap_or_else(Utc::now);
                let Some(fate) = life.fates.get(id) else {
                    continue;
                };
                let allowed = match fate {
                    Fate::Live => true,
                    Fate::Gone => false,
                    Fate::Replaced(at) => as_of.is_some_and(|as_of| as_of < *at),
                };
                assert!(
                    allowed && life.at[id] <= then + Duration::seconds(1),
                    "{id} is {fate:?}, asked as of {as_of:?}"
                );
            }
        }
    }
}
