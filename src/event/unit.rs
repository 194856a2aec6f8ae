//! Events on their way to the disk, with their chunks and artifacts.

use super::content::Artifact;
use super::record::{ActorType, Channel, Input, Kind};
use crate::db::Claim;
use crate::db::{Columns, Sql, Statement, Stored, Unit};
use crate::edit::quarantine_passages;
use crate::error::Result;
use crate::event::judge;
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::Item;
use crate::seal::{DataKey, what_for};
use crate::tenant::Adds;
use crate::text::{passages, tokens};
use crate::trust::judge as suspect;
use crate::types::Sensitivity;
use crate::types::{Instant, Name, strings};
use crate::write::{Begun, gone};
use crate::{id, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The most characters of a chunk.
pub const CHUNK: usize = 4000;

/// What became of an event.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Recorded {
    /// Its id.
    event_id: String,
    /// The passages of its text.
    chunk_ids: Vec<String>,
    /// The bytes it produced.
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_id: Option<String>,
    /// Passages that look like an attack on a model, by the rules of their edits (edit_list): kept back until edit_reject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quarantined: Vec<String>,
}

impl Recorded {
    /// The event's id alone.
    pub(super) fn into_id(self) -> String {
        self.event_id
    }
}

/// An event with everything that is derived from it.
pub(super) struct Draft {
    sealed: Option<Vec<u8>>,
    event_id: String,
    created_at: DateTime<Utc>,
    at: DateTime<Utc>,
    content: String,
    tags: Vec<String>,
    refs: Vec<String>,
    chunks: Vec<Chunk>,
    artifact: Option<(String, Artifact)>,
    input: Rest,
}

/// What goes into columns as it came.
struct Rest {
    session_id: Name,
    channel: &'static str,
    actor_type: &'static str,
    actor_id: Name,
    kind: &'static str,
    sensitivity: Sensitivity,
    scope: Option<Name>,
    subject_type: Option<Name>,
    subject_id: Option<Name>,
    project_id: Option<Name>,
}

struct Chunk {
    chunk_id: String,
    /// The rule by which it looks like an attack.
    attack: Option<&'static str>,
    text: String,
    sealed: Option<Vec<u8>>,
    tokens: usize,
}

impl Draft {
    /// Gives an event its ids and cuts its text into chunks.
    pub(super) fn new(input: Input) -> Self {
        let (event_id, created_at) = id::new("evt");
        let chunk = |text: &str| Chunk {
            chunk_id: id::new("chk").0,
            attack: suspect(text).attack(),
            text: text.to_owned(),
            sealed: None,
            tokens: tokens(text),
        };
        let artifact =
            (input.kind == Kind::Artifact).then(|| (id::new("art").0, input.content.artifact()));
        Self {
            sealed: None,
            event_id,
            created_at,
            at: input.at.map_or(created_at, Instant::get),
            chunks: passages(&input.content.readable(), CHUNK)
                .into_iter()
                .map(chunk)
                .collect(),
            content: input.content.text().to_owned(),
            tags: strings(input.tags.into_inner()),
            refs: strings(input.refs.into_inner()),
            artifact,
            input: Rest {
                session_id: input.session_id,
                channel: match input.channel {
                    Channel::Private => "private",
                    Channel::Public => "public",
                    Channel::Team => "team",
                    Channel::Agent => "agent",
                },
                actor_type: match input.actor.0.actor_type {
                    ActorType::Human => "human",
                    ActorType::Agent => "agent",
                    ActorType::Tool => "tool",
                },
                actor_id: input.actor.0.id,
                kind: match input.kind {
                    Kind::Message => "message",
                    Kind::ToolCall => "tool_call",
                    Kind::ToolResult => "tool_result",
                    Kind::Decision => "decision",
                    Kind::TaskUpdate => "task_update",
                    Kind::Artifact => "artifact",
                },
                sensitivity: input.sensitivity.max(judge(input.content.text())),
                scope: input.scope,
                subject_type: input.subject_type,
                subject_id: input.subject_id,
                project_id: input.project_id,
            },
        }
    }

    /// Seals what it says, each part for its own id.
    fn seal(&mut self, key: &DataKey) -> Result<()> {
        let level = self.input.sensitivity.as_str();
        let content = std::mem::replace(&mut self.content, "{}".to_owned());
        self.sealed = Some(key.seal(&what_for(&self.event_id, level), content.as_bytes())?);
        for chunk in &mut self.chunks {
            let text = std::mem::take(&mut chunk.text);
            chunk.sealed = Some(key.seal(&what_for(&chunk.chunk_id, level), text.as_bytes())?);
        }
        if let Some((id, artifact)) = &mut self.artifact {
            artifact.body = key.seal(&what_for(id, level), &artifact.body)?;
        }
        Ok(())
    }

    /// Its chunks as recall knows them; none of a sealed one.
    fn items(&self, tenant: &str, number: i32) -> Vec<Item> {
        if self.sealed.is_some() {
            return Vec::new();
        }
        let event = Item {
            tenant_id: tenant.to_owned(),
            session_id: Some(self.input.session_id.to_string()),
            actor: Some(self.input.actor_id.to_string()),
            role: Some(self.input.actor_type.to_owned()),
            project: self.input.project_id.as_deref().map(str::to_owned),
            channel: Some(self.input.channel.to_owned()),
            sensitivity: self.input.sensitivity.as_str().to_owned(),
            tags: self.tags.clone(),
            at: self.at,
            valid_from: self.at,
            ..Item::default()
        };
        let item = |chunk: &Chunk| event.chunk(number, &chunk.chunk_id, &chunk.text);
        self.chunks.iter().map(item).collect()
    }

    fn recorded(&self) -> Recorded {
        Recorded {
            event_id: self.event_id.clone(),
            chunk_ids: self
                .chunks
                .iter()
                .map(|chunk| chunk.chunk_id.clone())
                .collect(),
            artifact_id: self.artifact.as_ref().map(|(id, _)| id.clone()),
            quarantined: self.attacks().map(|(id, _)| id.to_owned()).collect(),
        }
    }

    /// The passages that look like attacks, and by which rules.
    fn attacks(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let chunks = self.chunks.iter();
        chunks.filter_map(|chunk| Some((chunk.chunk_id.as_str(), chunk.attack?)))
    }
}

/// The events of one request: all or none.
pub struct NewEvents {
    tenant: String,
    origin: Origin,
    events: Vec<Draft>,
    items: Vec<Item>,
    claim: Option<Claim>,
}

/// Writes events once and says what became of each.
pub(super) async fn store(ctx: &Context, mut events: Vec<Draft>) -> Result<Vec<Recorded>> {
    let sensitive = |event: &&mut Draft| event.input.sensitivity >= Sensitivity::High;
    for event in events.iter_mut().filter(sensitive) {
        event.seal(&*ctx.data_key().await?)?;
    }
    let count = events.len() as i64;
    // One row was promised room with the call itself.
    let adds = Adds {
        rows: count - 1,
        events: count,
        bytes: 0,
    };
    let _room = ctx.room_for(adds).await?;
    let number = ctx.place.record.number;
    let unit = NewEvents {
        items: events
            .iter()
            .flat_map(|event| event.items(&ctx.tenant, number))
            .collect(),
        tenant: ctx.tenant.clone(),
        origin: ctx.origin.clone(),
        events,
        claim: ctx.claim.clone(),
    };
    let kept_back = unit
        .events
        .iter()
        .any(|event| event.attacks().next().is_some());
    let (unit, stored) = match kept_back {
        true => alone(ctx, unit).await?,
        false => ctx.place.events.write(unit).await?,
    };
    if stored == Stored::New {
        ctx.place.index.wrote(&ctx.tenant, number, &unit.items);
        return Ok(unit.events.iter().map(Draft::recorded).collect());
    }
    let ids = ctx.replayed().await?;
    let rows = ctx.read(sql!("event/recorded"), &[&ids]).await?;
    if rows.len() < ids.len() {
        return Err(gone());
    }
    Ok(rows
        .iter()
        .map(|row| Recorded {
            event_id: row.get(0),
            chunk_ids: row.get(1),
            artifact_id: row.get(2),
            quarantined: row.get(3),
        })
        .collect())
}

/// Writes events in a transaction of their own, with the edits that keep some of their passages back.
async fn alone(ctx: &Context, unit: NewEvents) -> Result<(NewEvents, Stored)> {
    let Begun::Fresh(mut write) = ctx.begin().await? else {
        return Ok((unit, Stored::Replay));
    };
    for statement in NewEvents::statements(&[&unit]) {
        let columns = statement.columns.params();
        write.system(statement.sql, &columns).await?;
    }
    for event in &unit.events {
        let found: Vec<(&str, &str)> = event.attacks().collect();
        quarantine_passages(ctx, &mut write, &found).await?;
    }
    write.commit(&unit.ids()).await?;
    Ok((unit, Stored::New))
}

impl Unit for NewEvents {
    const FIND: &'static Sql = sql!("event/find");

    fn tenant(&self) -> &str {
        &self.tenant
    }
    fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }
    fn ids(&self) -> Vec<String> {
        self.events
            .iter()
            .map(|event| event.event_id.clone())
            .collect()
    }
    fn statements<'a>(units: &'a [&'a Self]) -> Vec<Statement<'a>> {
        let mut statements = vec![Statement {
            sql: sql!("event/record"),
            columns: event_columns(units),
        }];
        if events(units).any(|(_, event)| !event.chunks.is_empty()) {
            statements.push(Statement {
                sql: sql!("event/record_chunks"),
                columns: chunk_columns(units),
            });
        }
        let items = units.iter().flat_map(|unit| &unit.items);
        if items.clone().next().is_some() {
            statements.push(Item::insert(&items));
        }
        if events(units).any(|(_, event)| event.artifact.is_some()) {
            statements.push(Statement {
                sql: sql!("event/record_artifacts"),
                columns: artifact_columns(units),
            });
        }
        statements
    }
}

/// Every event of a batch with its tenant.
fn events<'a>(units: &'a [&'a NewEvents]) -> impl Iterator<Item = (&'a str, &'a Draft)> {
    units.iter().flat_map(|unit| {
        unit.events
            .iter()
            .map(|event| (unit.tenant.as_str(), event))
    })
}

fn event_columns<'a>(units: &'a [&'a NewEvents]) -> Columns<'a> {
    let rows = || events(units).map(|(_, event)| event);
    Columns::default()
        .texts(events(units).map(|(tenant, _)| tenant))
        .texts(rows().map(|e| e.event_id.as_str()))
        .texts(rows().map(|e| &*e.input.session_id))
        .texts(rows().map(|e| e.input.channel))
        .texts(rows().map(|e| e.input.actor_type))
        .texts(rows().map(|e| &*e.input.actor_id))
        .texts(rows().map(|e| e.input.kind))
        .texts(rows().map(|e| e.content.as_str()))
        .texts(rows().map(|e| e.input.sensitivity.as_str()))
        .text_arrays(rows().map(|e| e.tags.as_slice()))
        .text_arrays(rows().map(|e| e.refs.as_slice()))
        .maybe_texts(rows().map(|e| e.input.scope.as_deref()))
        .maybe_texts(rows().map(|e| e.input.subject_type.as_deref()))
        .maybe_texts(rows().map(|e| e.input.subject_id.as_deref()))
        .maybe_texts(rows().map(|e| e.input.project_id.as_deref()))
        .instants(rows().map(|e| e.at))
        .instants(rows().map(|e| e.created_at))
        .maybe_bytes(rows().map(|e| e.sealed.as_deref()))
        .maybe_texts(origins(units).map(|origin| origin.by.as_deref()))
        .texts(origins(units).map(|origin| &*origin.how))
}

/// The origin of every event of a batch.
fn origins<'a>(units: &'a [&'a NewEvents]) -> impl Iterator<Item = &'a Origin> {
    let all = |unit: &&'a NewEvents| std::iter::repeat_n(&unit.origin, unit.events.len());
    units.iter().flat_map(all)
}

fn chunk_columns<'a>(units: &'a [&'a NewEvents]) -> Columns<'a> {
    let rows = || {
        events(units).flat_map(|(tenant, event)| {
            event
                .chunks
                .iter()
                .enumerate()
                .map(move |(seq, chunk)| (tenant, event.event_id.as_str(), seq, chunk))
        })
    };
    Columns::default()
        .texts(rows().map(|(tenant, ..)| tenant))
        .texts(rows().map(|(_, _, _, chunk)| chunk.chunk_id.as_str()))
        .texts(rows().map(|(_, event_id, ..)| event_id))
        .integers(rows().map(|(_, _, seq, _)| seq as i32))
        .texts(rows().map(|(_, _, _, chunk)| chunk.text.as_str()))
        .integers(rows().map(|(_, _, _, chunk)| chunk.tokens as i32))
        .maybe_bytes(rows().map(|(_, _, _, chunk)| chunk.sealed.as_deref()))
}

fn artifact_columns<'a>(units: &'a [&'a NewEvents]) -> Columns<'a> {
    let rows = || {
        events(units).filter_map(|(tenant, event)| Some((tenant, event, event.artifact.as_ref()?)))
    };
    Columns::default()
        .texts(rows().map(|(tenant, ..)| tenant))
        .texts(rows().map(|(_, _, (id, _))| id.as_str()))
        .texts(rows().map(|(_, event, _)| event.event_id.as_str()))
        .maybe_texts(rows().map(|(_, _, (_, artifact))| artifact.name.as_deref()))
        .texts(rows().map(|(_, _, (_, artifact))| artifact.media_type.as_str()))
        .bytes(rows().map(|(_, _, (_, artifact))| artifact.body.as_slice()))
        .truths(rows().map(|(_, event, _)| event.sealed.is_some()))
}
