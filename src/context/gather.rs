//! What there is for each section of a context, the most important first.

use super::build::{Channel, Input};
use super::pack::{Found, Item};
use crate::capsule::Capsule;
use crate::db::Row;
use crate::decision::Decision;
use crate::error::Result;
use crate::operation::Context;
use crate::recall::{self, Query};
use crate::rule::Rule;
use crate::sql;
use crate::task::Task;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// How many memories are looked at for a section.
const MOST: usize = 200;

/// What was found for all sections.
pub struct Gathering {
    /// Section by section, in the order of a bundle.
    pub found: Vec<Found>,
    /// How many memories were found as evidence.
    pub evidence_found: usize,
    /// Whether none of them is likely to answer.
    pub below_confidence: bool,
}

/// Looks for everything that may be in a context.
pub async fn gather(ctx: &Context, input: &Input, query: &str) -> Result<Gathering> {
    let rules = rules(ctx, input.channel).await?;
    let recent = recent(ctx, input).await?;
    let said: HashSet<String> = recent
        .items
        .iter()
        .flat_map(|item| item.refs.clone())
        .collect();
    let search = Query {
        levels: input
            .channel
            .levels()
            .iter()
            .map(|level| (*level).to_owned())
            .collect(),
        quarantined: input.include_quarantined,
        ..Query::words(query, ctx.at, MOST)
    };
    let answer = recall::search(ctx, &search).await?;
    let evidence_found = answer.found.len();
    let decided: Vec<String> = answer
        .found
        .iter()
        .filter(|found| found.kind == "decision")
        .map(|found| found.id.clone())
        .collect();
    let evidence = answer
        .found
        .into_iter()
        .filter(|found| found.kind != "decision" && !said.contains(&found.id));
    let evidence = Found {
        name: "evidence",
        items: evidence
            .map(|found| Item {
                kind: found.kind,
                text: found.text,
                refs: vec![found.id],
                at: Some(found.at),
                actor: found.actor,
                score: Some(found.score),
            })
            .collect(),
        hidden: Vec::new(),
        more: evidence_found == MOST,
        by_time: false,
    };
    let found = vec![
        rules,
        tasks(ctx, input).await?,
        recent,
        evidence,
        decisions(ctx, input, &decided).await?,
        capsules(ctx, input).await?,
    ];
    Ok(Gathering {
        found,
        evidence_found,
        below_confidence: answer.below_confidence,
    })
}

/// Sorts what a channel shows from what it does not.
struct Sieve {
    channel: Channel,
    items: Vec<Item>,
    hidden: Vec<Vec<String>>,
}

impl Sieve {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            items: Vec::new(),
            hidden: Vec::new(),
        }
    }

    fn put(&mut self, sensitivity: &str, item: Item) {
        match self.channel.levels().contains(&sensitivity) {
            true => self.items.push(item),
            false => self.hidden.push(item.refs),
        }
    }

    fn found(mut self, name: &'static str) -> Found {
        let more = self.items.len() + self.hidden.len() > MOST;
        self.items.truncate(MOST);
        Found {
            name,
            items: self.items,
            hidden: self.hidden,
            more,
            by_time: false,
        }
    }
}

fn item(kind: &str, id: &str, text: String, at: DateTime<Utc>) -> Item {
    Item {
        kind: kind.to_owned(),
        text,
        refs: vec![id.to_owned()],
        at: Some(at),
        actor: None,
        score: None,
    }
}

async fn rules(ctx: &Context, channel: Channel) -> Result<Found> {
    let rows = ctx
        .read(
            sql!("context/rules"),
            &[&channel.as_str(), &(MOST as i64 + 1)],
        )
        .await?;
    let mut sieve = Sieve::new(channel);
    for rule in Rule::shown(ctx, &rows) {
        sieve.put(
            &rule.sensitivity,
            item("rule", &rule.rule_id, rule.content, rule.created_at),
        );
    }
    Ok(sieve.found("rules"))
}

/// What the agent is at, what it can take on, and what others are at.
async fn tasks(ctx: &Context, input: &Input) -> Result<Found> {
    let (agent, project) = (&*input.agent_id, input.project_id.as_deref());
    let rows = ctx
        .read(
            sql!("context/tasks"),
            &[&agent, &project, &(MOST as i64 + 1)],
        )
        .await?;
    let mut sieve = Sieve::new(input.channel);
    for task in Task::shown(ctx, &rows) {
        let mut text = format!("{}: {}", task.status, task.title);
        if let Some(description) = &task.description {
            text = format!("{text}\n{description}");
        }
        let mut item = item("task", &task.task_id, text, task.created_at);
        item.actor = task.claimed_by;
        sieve.put(&task.sensitivity, item);
    }
    Ok(sieve.found("task_state"))
}

/// What was said in this session, the newest first; shown in its order.
async fn recent(ctx: &Context, input: &Input) -> Result<Found> {
    let session: &str = &input.session_id;
    let rows = ctx
        .read(sql!("context/recent"), &[&session, &(MOST as i64 + 1)])
        .await?;
    let mut sieve = Sieve::new(input.channel);
    for row in &rows {
        let (event_id, chunk_id): (String, String) = (row.get("event_id"), row.get("chunk_id"));
        let sensitivity: &str = row.get("sensitivity");
        let text = opened(ctx, row, &chunk_id);
        let mut item = item("event", &event_id, text, row.get("at"));
        item.refs.push(chunk_id);
        item.actor = row.get("actor_id");
        sieve.put(sensitivity, item);
    }
    Ok(Found {
        by_time: true,
        ..sieve.found("recent_window")
    })
}

/// A row's `text`, opened where it is sealed, or the placeholder.
fn opened(ctx: &Context, row: &Row, id: &str) -> String {
    match ctx.bytes(id, row.get("sensitivity"), row.get("sealed")) {
        Ok(None) => row.get("text"),
        Ok(Some(plain)) => String::from_utf8_lossy(&plain).into_owned(),
        Err(hidden) => hidden.to_owned(),
    }
}

/// Pinned ones, then those that fit the question, then the newest.
async fn decisions(ctx: &Context, input: &Input, fitting: &[String]) -> Result<Found> {
    let project = input.project_id.as_deref();
    let rows = ctx
        .read(
            sql!("context/decisions"),
            &[&project, &fitting.to_vec(), &(MOST as i64 + 1)],
        )
        .await?;
    let mut sieve = Sieve::new(input.channel);
    for decision in Decision::shown(ctx, &rows) {
        let text = decision.text();
        sieve.put(
            &decision.sensitivity,
            item("decision", &decision.decision_id, text, decision.created_at),
        );
    }
    Ok(sieve.found("decisions"))
}

/// What other agents handed to this one.
async fn capsules(ctx: &Context, input: &Input) -> Result<Found> {
    let mut sieve = Sieve::new(input.channel);
    if !input.include_capsules {
        return Ok(sieve.found("capsules"));
    }
    let (agent, kind, subject) = (
        &*input.agent_id,
        input.subject_type.as_deref(),
        input.subject_id.as_deref(),
    );
    let rows = ctx
        .read(
            sql!("context/capsules"),
            &[&agent, &ctx.at, &kind, &subject, &(MOST as i64 + 1)],
        )
        .await?;
    let capsules = Capsule::shown(ctx, &rows);
    let all = |pick: fn(&Capsule) -> &Vec<String>| {
        capsules
            .iter()
            .flat_map(|capsule| pick(capsule).clone())
            .collect::<Vec<String>>()
    };
    let (chunks, decisions) = (
        all(|capsule| &capsule.items.chunks),
        all(|capsule| &capsule.items.decisions),
    );
    let mut texts: HashMap<String, String> = HashMap::new();
    for row in ctx
        .read(sql!("context/capsule_texts"), &[&chunks, &decisions])
        .await?
    {
        let (id, sensitivity): (String, &str) = (row.get("id"), row.get("sensitivity"));
        if input.channel.levels().contains(&sensitivity)
            && row.get::<_, Option<&[u8]>>("sealed").is_none()
        {
            texts.insert(id, row.get("text"));
        }
    }
    for capsule in capsules {
        let mut lines = vec![format!(
            "From {} about {} {}:",
            capsule.author_agent_id, capsule.subject_type, capsule.subject_id
        )];
        let held = capsule.items.chunks.iter().chain(&capsule.items.decisions);
        lines.extend(held.filter_map(|id| texts.get(id).map(|text| format!("- {text}"))));
        lines.extend(capsule.risks.iter().map(|risk| format!("Mind: {risk}")));
        let mut item = item(
            "capsule",
            &capsule.capsule_id,
            lines.join("\n"),
            capsule.created_at,
        );
        item.actor = Some(capsule.author_agent_id);
        sieve.put(&capsule.sensitivity, item);
    }
    Ok(sieve.found("capsules"))
}
