//! session_end

use super::extract::{Said, Texts, extractive, own_words};
use crate::db::Row;
use crate::error::Result;
use crate::event::Content;
use crate::handoff::{Handoff, put};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::types::Name;
use crate::write::Begun;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Ends a session. Where the agent has left no handoff for it, one is made: of the agent's own words where it said what it experienced,
/// noticed, learned or remembers, else of the most telling sentences; labelled own-words or extractive. Asked again, it changes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The session.
    session_id: Name,
}

/// What the session leaves.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionEnded")]
pub struct Output {
    /// Always session_ended.
    status: &'static str,
    /// The session.
    session_id: String,
    /// Its handoff; null when nothing was said in it.
    handoff_id: Option<String>,
}

/// How many of the newest messages a handoff is made of.
const MESSAGES: i64 = 1000;

/// Ends a session.
pub struct End;

impl Operation for End {
    const NAME: &'static str = "session_end";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/session/end";
    const ACCESS: Access = Access::Write;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let session: &str = &input.session_id;
        // Before the transaction: sealing may need a connection of its own.
        let there = ctx.first(sql!("session/left"), &[&session]).await?;
        let made = match is_due(there.as_ref()) {
            true => draft(ctx, session).await?,
            false => None,
        };
        let handoff_id = match ctx.begin().await? {
            Begun::Replay(mut ids) => ids.pop(),
            Begun::Fresh(mut write) => {
                write.query(sql!("session/lock"), &[&session]).await?;
                let left = write.first(sql!("session/left"), &[&session]).await?;
                let there: Option<String> = left.as_ref().map(|row| row.get("handoff_id"));
                let handoff_id = match made.filter(|_| is_due(left.as_ref())) {
                    Some(mut handoff) => {
                        handoff.supersedes = there;
                        put(ctx, &mut write, &handoff).await?;
                        Some(handoff.handoff_id)
                    }
                    None => there,
                };
                write
                    .query(sql!("session/close"), &[&session, &ctx.at])
                    .await?;
                let ids: Vec<String> = handoff_id.iter().cloned().collect();
                write.commit(&ids).await?;
                handoff_id
            }
        };
        Ok(Output {
            status: "session_ended",
            session_id: input.session_id.into(),
            handoff_id,
        })
    }
}

/// Whether a session needs a handoff made: it has none, or one that was made before it went on.
fn is_due(left: Option<&Row>) -> bool {
    left.is_none_or(|row| row.get("made") && row.get("outdated"))
}

/// A handoff made of what was said; none where nothing was.
async fn draft(ctx: &Context, session: &str) -> Result<Option<Handoff>> {
    let known = ctx.first(sql!("session/find"), &[&session]).await?;
    let rows = ctx
        .read(sql!("session/said"), &[&session, &MESSAGES])
        .await?;
    let mut said = Vec::new();
    let (mut person, mut project) = (None, None);
    for row in rows.iter().rev() {
        let human = row.get::<_, &str>("actor_type") == "human";
        if human {
            person = Some(row.get::<_, String>("actor_id"));
        }
        project = row.get::<_, Option<String>>("project_id").or(project);
        if let Ok(content) = RawValue::from_string(row.get("content")) {
            let text = Content::verbatim(content).readable();
            said.push(Said { human, text });
        }
    }
    let (texts, label) = match own_words(&said) {
        Some(texts) => (Some(texts), "own-words"),
        None => (extractive(&said), "extractive"),
    };
    let Some(texts) = texts else { return Ok(None) };
    let known = known.as_ref();
    let whom = known.map(|row| row.get("with_whom")).or(person);
    let project = known
        .and_then(|row| row.get::<_, Option<String>>("project_path"))
        .or(project);
    let whom = whom.unwrap_or_else(|| "unknown".to_owned());
    let mut handoff = handoff(ctx, session, &whom, project, texts, label);
    ctx.protect(&mut handoff).await?;
    Ok(Some(handoff))
}

fn handoff(
    ctx: &Context,
    session: &str,
    whom: &str,
    project: Option<String>,
    texts: Texts,
    label: &str,
) -> Handoff {
    Handoff {
        experienced: texts.experienced,
        noticed: texts.noticed,
        learned: texts.learned,
        story: texts.story,
        becoming: texts.becoming,
        remember: texts.remember,
        tags: vec![label.to_owned()],
        project_path: project,
        ..Handoff::new(ctx, session, whom)
    }
}
