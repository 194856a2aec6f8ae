//! Writes what an import reads, in batches.

use super::columns::{decisions, events, notes};
use super::event::ExportedEvent;
use super::parse::Item;
use crate::db::{Columns, Sql, Tx};
use crate::decision::Decision;
use crate::error::{Error, Result};
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::operation::Context;
use crate::recall::{self, Item as Indexed};
use crate::seal::{Change, Sealable};
use crate::sql;
use crate::text::tokens;
use base64::Engine;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::Arc;

/// A batch is written when it holds this many bytes of JSON, or this many items.
const BYTES: usize = 1024 * 1024;
const ITEMS: usize = 500;

/// How many of each kind of memory.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportCounts")]
pub struct Counts {
    /// Capsules.
    pub capsules: i64,
    /// Decisions.
    pub decisions: i64,
    /// Links.
    pub edges: i64,
    /// Events.
    pub events: i64,
    /// Feedback.
    pub feedback: i64,
    /// Findings.
    pub findings: i64,
    /// Handoffs.
    pub handoffs: i64,
    /// Notes.
    pub knowledge: i64,
    /// Rules.
    pub rules: i64,
    /// Tasks.
    pub tasks: i64,
}

impl Counts {
    /// All together.
    pub fn all(&self) -> i64 {
        let many = self.decisions + self.events + self.handoffs + self.knowledge;
        let few = self.capsules + self.rules + self.tasks + self.findings;
        many + few + self.edges + self.feedback
    }

    fn of(&mut self, kind: Item) -> Option<&mut i64> {
        match kind {
            Item::Decision => Some(&mut self.decisions),
            Item::Event => Some(&mut self.events),
            Item::Handoff => Some(&mut self.handoffs),
            Item::Knowledge => Some(&mut self.knowledge),
            Item::Rule => Some(&mut self.rules),
            Item::Capsule => Some(&mut self.capsules),
            Item::Edge => Some(&mut self.edges),
            Item::Feedback => Some(&mut self.feedback),
            Item::Finding => Some(&mut self.findings),
            Item::Task => Some(&mut self.tasks),
            Item::End | Item::Key => None,
        }
    }
}

/// Gathers items of one kind and writes them together.
pub struct Inserter {
    pub(super) ctx: Arc<Context>,
    pub(super) tenant: String,
    kind: Item,
    waiting: Vec<Box<RawValue>>,
    bytes: usize,
    place: usize,
    /// How sealed texts come under the tenant's own key.
    pub change: Option<Change>,
    /// What recall was told of.
    pub indexed: recall::Counts,
    /// Items that were written.
    pub imported: Counts,
    /// Items that were there.
    pub skipped: Counts,
}

impl Inserter {
    /// For the tenant of a call.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self {
            tenant: ctx.tenant.clone(),
            ctx,
            kind: Item::End,
            waiting: Vec::new(),
            bytes: 0,
            place: 0,
            change: None,
            indexed: recall::Counts::default(),
            imported: Counts::default(),
            skipped: Counts::default(),
        }
    }

    /// Takes one more item.
    pub async fn add(&mut self, tx: &Tx, kind: Item, item: &RawValue) -> Result<()> {
        if kind != self.kind || self.waiting.len() >= ITEMS || self.bytes >= BYTES {
            self.flush(tx).await?;
            self.kind = kind;
        }
        self.bytes += item.get().len();
        self.waiting.push(item.to_owned());
        Ok(())
    }

    /// Writes what waits.
    pub async fn flush(&mut self, tx: &Tx) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let total = waiting.len() as i64;
        let number = self.ctx.place.record.number;
        let inserted = match self.kind {
            Item::Handoff => {
                let mut items: Vec<Handoff> =
                    self.decode(&waiting, "sh_", |item: &Handoff| &item.handoff_id)?;
                for item in &mut items {
                    item.tenant_id.clone_from(&self.tenant);
                    self.seal(item).await?;
                }
                let rows: Vec<&Handoff> = items.iter().collect();
                let compressed = rows.iter().map(|handoff| handoff.compressed.as_deref());
                let columns = Handoff::columns(&rows).maybe_texts(compressed);
                let new = insert(tx, sql!("export/import_handoffs"), &columns).await?;
                let items = items.iter().filter(|item| new.contains(&item.handoff_id));
                self.index(tx, items.filter_map(|item| item.item(number)).collect())
                    .await?;
                new.len() as i64
            }
            Item::Knowledge => {
                let mut items: Vec<Note> =
                    self.decode(&waiting, "kn_", |item: &Note| &item.note_id)?;
                for item in &mut items {
                    item.tenant_id.clone_from(&self.tenant);
                    self.seal(item).await?;
                }
                let columns = notes(&self.tenant, &items);
                let new = insert(tx, sql!("export/import_knowledge"), &columns).await?;
                drop(columns);
                let items = items.iter().filter(|item| new.contains(&item.note_id));
                self.index(
                    tx,
                    items
                        .filter_map(|item| item.item(number, item.created_at))
                        .collect(),
                )
                .await?;
                new.len() as i64
            }
            Item::Decision => {
                let mut items: Vec<Decision> =
                    self.decode(&waiting, "dec_", |item: &Decision| &item.decision_id)?;
                for item in &mut items {
                    item.tenant_id.clone_from(&self.tenant);
                    self.seal(item).await?;
                }
                let columns = decisions(&self.tenant, &items);
                let new = insert(tx, sql!("export/import_decisions"), &columns).await?;
                drop(columns);
                let items = items.iter().filter(|item| new.contains(&item.decision_id));
                self.index(tx, items.filter_map(|item| item.item(number)).collect())
                    .await?;
                new.len() as i64
            }
            Item::Event => {
                let mut items: Vec<ExportedEvent> =
                    self.decode(&waiting, "evt_", |item: &ExportedEvent| &item.event_id)?;
                for item in &mut items {
                    match item.is_open() {
                        true => item.seal(&*self.ctx.data_key().await?)?,
                        false => item.reseal(self.change.as_ref())?,
                    }
                }
                self.events(tx, &items).await?
            }
            Item::End | Item::Key => total,
            _ => self.few(tx, self.kind, &waiting).await?,
        };
        self.place += waiting.len();
        if let Some(count) = self.imported.of(self.kind) {
            *count += inserted;
        }
        if let Some(count) = self.skipped.of(self.kind) {
            *count += total - inserted;
        }
        Ok(())
    }

    /// The items, each with an id of its kind's form: an id of another form could be stored and never asked for.
    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        waiting: &[Box<RawValue>],
        prefix: &str,
        id: fn(&T) -> &str,
    ) -> Result<Vec<T>> {
        let decode = |(index, raw): (usize, &RawValue)| {
            let refuse = |why: String| {
                let place = self.place + index + 1;
                Error::invalid(format!("item {place} of the import cannot be read: {why}"))
                    .field(format!("items[{place}]"))
            };
            let item: T =
                serde_json::from_str(raw.get()).map_err(|error| refuse(error.to_string()))?;
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            match id(&item)
                .strip_prefix(prefix)
                .is_some_and(|rest| plain(rest) && (1..=64).contains(&rest.len()))
            {
                true => Ok(item),
                false => Err(refuse(format!("its id has not the form {prefix}…"))),
            }
        };
        waiting
            .iter()
            .map(|raw| &**raw)
            .enumerate()
            .map(decode)
            .collect()
    }

    /// What is sealed comes under the tenant's own key; what should be is judged and sealed like any other memory.
    pub(super) async fn seal<T: Sealable>(&self, item: &mut T) -> Result<()> {
        match item.sealed() {
            Some(_) => item.reseal(self.change.as_ref()),
            None => self.ctx.protect(item).await,
        }
    }

    /// Tells recall of what is new.
    pub(super) async fn index(&mut self, tx: &Tx, items: Vec<Indexed>) -> Result<()> {
        if !items.is_empty() {
            tx.query(
                sql!("recall/index"),
                &Indexed::columns(&items.iter()).params(),
            )
            .await?;
            items
                .iter()
                .for_each(|item| self.indexed.add(self.ctx.place.record.number, item));
        }
        Ok(())
    }

    /// What has to be said once, after all of it.
    pub async fn settle(&mut self, tx: &Tx) -> Result<()> {
        for statement in [
            sql!("knowledge/settle"),
            sql!("recall/settle"),
            sql!("knowledge/claim"),
            sql!("decision/claim"),
        ] {
            tx.query(statement, &[&self.tenant]).await?;
        }
        Ok(())
    }

    async fn events(&mut self, tx: &Tx, items: &[ExportedEvent]) -> Result<i64> {
        let tenant = &*self.tenant.clone();
        let new = insert(tx, sql!("export/import_events"), &events(tenant, items)).await?;
        // An event that was there has its chunks and its artifact.
        let items: Vec<&ExportedEvent> = items
            .iter()
            .filter(|event| new.contains(&event.event_id))
            .collect();
        let chunks = || {
            items.iter().flat_map(|e| {
                e.chunks
                    .iter()
                    .enumerate()
                    .map(move |(seq, chunk)| (e, seq, chunk))
            })
        };
        let columns = Columns::default()
            .texts(chunks().map(|_| tenant))
            .texts(chunks().map(|(_, _, chunk)| chunk.chunk_id.as_str()))
            .texts(chunks().map(|(event, ..)| event.event_id.as_str()))
            .integers(chunks().map(|(_, seq, _)| seq as i32))
            .texts(chunks().map(|(_, _, chunk)| chunk.text.as_str()))
            .integers(chunks().map(|(_, _, chunk)| tokens(&chunk.text) as i32))
            .maybe_bytes(
                chunks()
                    .map(|(_, _, chunk)| chunk.sealed.as_ref().map(|sealed| sealed.0.as_slice())),
            );
        insert(tx, sql!("export/import_chunks"), &columns).await?;
        let mut bodies = Vec::new();
        for (event, artifact) in items
            .iter()
            .filter_map(|event| Some((event, event.artifact.as_ref()?)))
        {
            let body = base64::engine::general_purpose::STANDARD.decode(&artifact.data);
            let bad = |_| {
                Error::invalid(format!("the artifact of {} is not base64", event.event_id))
                    .field("artifact.data")
            };
            bodies.push((event, artifact, body.map_err(bad)?));
        }
        let columns = Columns::default()
            .texts(bodies.iter().map(|_| tenant))
            .texts(
                bodies
                    .iter()
                    .map(|(_, artifact, _)| artifact.artifact_id.as_str()),
            )
            .texts(bodies.iter().map(|(event, ..)| event.event_id.as_str()))
            .maybe_texts(
                bodies
                    .iter()
                    .map(|(_, artifact, _)| artifact.name.as_deref()),
            )
            .texts(
                bodies
                    .iter()
                    .map(|(_, artifact, _)| artifact.media_type.as_str()),
            )
            .bytes(bodies.iter().map(|(.., body)| body.as_slice()))
            .truths(bodies.iter().map(|(event, ..)| event.sealed.is_some()));
        insert(tx, sql!("export/import_artifacts"), &columns).await?;
        drop(columns);
        let number = self.ctx.place.record.number;
        let chunks = items
            .iter()
            .flat_map(|event| event.items(tenant, number))
            .collect();
        self.index(tx, chunks).await?;
        Ok(new.len() as i64)
    }
}

/// The ids of what was not there yet.
async fn insert(tx: &Tx, sql: &'static Sql, columns: &Columns<'_>) -> Result<HashSet<String>> {
    let rows = tx.query(sql, &columns.params()).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
