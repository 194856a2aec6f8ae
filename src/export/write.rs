//! Writes an export piece by piece: one snapshot, kind after kind, each sorted by time and id.

use super::event::ExportedEvent;
use super::take::SealedWith;
use super::{FORMAT, Form, markdown};
use crate::app::App;
use crate::capsule::Capsule;
use crate::db::{Row, Sql, Tx};
use crate::decision::Decision;
use crate::edge::Edge;
use crate::error::{Error, Result};
use crate::feedback::Feedback;
use crate::finding::Finding;
use crate::handoff::Handoff;
use crate::knowledge::Note;
use crate::operation::{Context, Pieces};
use crate::rule::Rule;
use crate::seal::{DataKey, Sealable, Show};
use crate::sql;
use crate::task::Task;
use crate::tenant::Place;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{TryStreamExt, stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Pieces are gathered to this size.
const PIECE: usize = 64 * 1024;
/// A client that reads nothing for this long loses its export: others wait for its place.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kind of memory in an export.
pub struct Section {
    /// Its member in a document.
    pub name: &'static str,
    /// Its `kind` on a line.
    pub kind: &'static str,
    count: &'static Sql,
    rows: &'static Sql,
    json: fn(&Row) -> serde_json::Result<Vec<u8>>,
    markdown: fn(&Row) -> String,
}

/// What is sealed stands as a placeholder where people read.
fn hidden<T: Sealable>(mut item: T) -> T {
    item.reveal(None, Show::Own);
    item
}

/// Every kind, in the order of an export.
pub fn sections() -> [Section; 10] {
    [
        Section {
            name: "capsules",
            kind: "capsule",
            count: sql!("export/count_capsules"),
            rows: sql!("export/capsules"),
            json: |row| serde_json::to_vec(&Capsule::from_row(row)),
            markdown: |row| markdown::capsule(&hidden(Capsule::from_row(row))),
        },
        Section {
            name: "decisions",
            kind: "decision",
            count: sql!("export/count_decisions"),
            rows: sql!("export/decisions"),
            json: |row| serde_json::to_vec(&Decision::from_row(row)),
            markdown: |row| markdown::decision(&hidden(Decision::from_row(row))),
        },
        Section {
            name: "edges",
            kind: "edge",
            count: sql!("export/count_edges"),
            rows: sql!("export/edges"),
            json: |row| serde_json::to_vec(&Edge::from_row(row)),
            markdown: |row| markdown::edge(&Edge::from_row(row)),
        },
        Section {
            name: "events",
            kind: "event",
            count: sql!("export/count_events"),
            rows: sql!("export/events"),
            json: |row| serde_json::to_vec(&ExportedEvent::from_row(row)),
            markdown: |row| markdown::event(&ExportedEvent::from_row(row)),
        },
        Section {
            name: "feedback",
            kind: "feedback",
            count: sql!("export/count_feedback"),
            rows: sql!("export/feedback"),
            json: |row| serde_json::to_vec(&Feedback::from_row(row)),
            markdown: |row| markdown::feedback(&hidden(Feedback::from_row(row))),
        },
        Section {
            name: "findings",
            kind: "finding",
            count: sql!("export/count_findings"),
            rows: sql!("export/findings"),
            json: |row| serde_json::to_vec(&Finding::from_row(row)),
            markdown: |row| markdown::finding(&hidden(Finding::from_row(row))),
        },
        Section {
            name: "handoffs",
            kind: "handoff",
            count: sql!("export/count_handoffs"),
            rows: sql!("export/handoffs"),
            json: |row| serde_json::to_vec(&Handoff::from_row(row)),
            markdown: |row| markdown::handoff(&hidden(Handoff::from_row(row))),
        },
        Section {
            name: "knowledge",
            kind: "knowledge",
            count: sql!("export/count_knowledge"),
            rows: sql!("export/knowledge"),
            json: |row| serde_json::to_vec(&Note::from_row(row)),
            markdown: |row| markdown::note(&hidden(Note::from_row(row))),
        },
        Section {
            name: "rules",
            kind: "rule",
            count: sql!("export/count_rules"),
            rows: sql!("export/rules"),
            json: |row| serde_json::to_vec(&Rule::from_row(row)),
            markdown: |row| markdown::rule(&hidden(Rule::from_row(row))),
        },
        Section {
            name: "tasks",
            kind: "task",
            count: sql!("export/count_tasks"),
            rows: sql!("export/tasks"),
            json: |row| serde_json::to_vec(&Task::from_row(row)),
            markdown: |row| markdown::task(&hidden(Task::from_row(row))),
        },
    ]
}

/// Whose memory is exported, and from where.
pub struct Source {
    /// The server.
    pub app: Arc<App>,
    /// Where the tenant's rows are.
    pub place: Arc<Place>,
    /// The tenant.
    pub tenant: String,
    /// The export's date.
    pub at: DateTime<Utc>,
}

/// Opens the stream of an export of the kinds that `wanted` lets through.
pub async fn stream_of(
    ctx: Arc<Context>,
    form: Form,
    wanted: fn(&Section, bool) -> bool,
    events: bool,
) -> Result<Pieces> {
    let permit = ctx.app.streams.enter()?;
    let source = Source {
        app: ctx.app.clone(),
        place: ctx.place.clone(),
        tenant: ctx.tenant.clone(),
        at: ctx.at,
    };
    let kinds = sections()
        .into_iter()
        .filter(|section| wanted(section, events));
    let begin = "begin isolation level repeatable read read only";
    open(source, begin, form, kinds.collect(), Some(permit)).await
}

/// Opens the stream of an export in a transaction that begins with `begin`.
pub async fn open(
    source: Source,
    begin: &str,
    form: Form,
    kinds: Vec<Section>,
    permit: Option<OwnedSemaphorePermit>,
) -> Result<Pieces> {
    let tx = source.place.db.begin_long(&source.tenant, begin).await?;
    let mut parts = Vec::new();
    for section in kinds {
        let total: i64 = tx.one(section.count, &[&source.tenant]).await?.get(0);
        parts.push((section, total));
    }
    // Two pieces on the way at most: whoever reads slowly makes the database wait, not our memory grow.
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let _permit = permit;
        let mut sink = Sink {
            sender,
            buffer: Vec::with_capacity(PIECE + 4096),
        };
        if let Err(error) = write(&source, &tx, form, &parts, &mut sink).await {
            log::warn!("an export ended early: {}", error.causes());
            let _ = sink.sender.send(Err(error)).await;
        }
    });
    Ok(Box::pin(stream::unfold(
        receiver,
        |mut receiver| async move { Some((receiver.recv().await?, receiver)) },
    )))
}

struct Sink {
    sender: mpsc::Sender<Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Sink {
    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush().await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self) -> Result<()> {
        let piece = Bytes::copy_from_slice(&self.buffer);
        self.buffer.clear();
        match tokio::time::timeout(PATIENCE, self.sender.send(Ok(piece))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Error::unavailable("client_gone", "the client went away")),
            Err(_) => Err(Error::unavailable(
                "client_stalled",
                "the client reads nothing any more",
            )),
        }
    }
}

/// Which key the export's sealed texts are sealed under; none where the tenant has none.
fn sealed_with(source: &Source, row: &Row) -> Option<SealedWith> {
    let wrapped: Vec<u8> = row.get::<_, Option<_>>("data_key")?;
    let key_id: String = row.get("wrapped_by");
    let opened = source
        .app
        .vault
        .master_of(&key_id)
        .and_then(|master| master.unwrap(&source.tenant, &wrapped))
        .and_then(|bytes| DataKey::new(&bytes));
    // An export is worth having without the key at hand, too; what is sealed in it is then only read where it came from.
    let data_key_id = opened.map_or_else(
        |error| {
            log::error!(
                "an export cannot say which key it is sealed under: {}",
                error.causes()
            );
            String::new()
        },
        |key| key.id,
    );
    Some(SealedWith {
        tenant_id: source.tenant.clone(),
        key_id,
        data_key_id,
    })
}

async fn write(
    source: &Source,
    tx: &Tx,
    form: Form,
    parts: &[(Section, i64)],
    sink: &mut Sink,
) -> Result<()> {
    let counts: serde_json::Map<String, serde_json::Value> = parts
        .iter()
        .map(|(section, total)| (section.name.to_owned(), (*total).into()))
        .collect();
    let mut head = serde_json::json!({"format": FORMAT, "tenant_id": source.tenant, "export_date": source.at, "counts": counts});
    // In the same snapshot as the rows: whatever of them is sealed is sealed under this key.
    let record = tx.first(sql!("tenant/find"), &[&source.tenant]).await?;
    if let Some(with) = record.and_then(|row| sealed_with(source, &row)) {
        head["sealed_with"] = serde_json::to_value(with).map_err(Error::internal)?;
    }
    let head = head.to_string();
    match form {
        Form::Json => sink.put(&head.as_bytes()[..head.len() - 1]).await?,
        Form::Ndjson => sink.put(format!("{head}\n").as_bytes()).await?,
        Form::Markdown => {
            sink.put(markdown::head(&source.tenant, source.at).as_bytes())
                .await?
        }
    }
    for (section, total) in parts {
        match form {
            Form::Json => {
                sink.put(
                    format!(",\n\"{}\":{{\"total\":{total},\"items\":[", section.name).as_bytes(),
                )
                .await?
            }
            Form::Ndjson => {}
            Form::Markdown => {
                sink.put(markdown::section(section.name, *total).as_bytes())
                    .await?
            }
        }
        let mut rows = std::pin::pin!(tx.stream(section.rows, &[&source.tenant]).await?);
        let mut first = true;
        while let Some(row) = rows.try_next().await? {
            let json = || (section.json)(&row).map_err(Error::internal);
            match form {
                Form::Json => {
                    sink.put(if first { b"\n" } else { b",\n" }).await?;
                    sink.put(&json()?).await?;
                }
                Form::Ndjson => {
                    sink.put(format!("{{\"kind\":\"{}\",\"item\":", section.kind).as_bytes())
                        .await?;
                    sink.put(&json()?).await?;
                    sink.put(b"}\n").await?;
                }
                Form::Markdown => sink.put((section.markdown)(&row).as_bytes()).await?,
            }
            first = false;
        }
        if form == Form::Json {
            sink.put(b"]}").await?;
        }
    }
    match form {
        Form::Json => sink.put(b"}\n").await?,
        // The last line says that nothing is missing.
        Form::Ndjson => {
            sink.put(
                format!("{}\n", serde_json::json!({"kind": "end", "counts": counts})).as_bytes(),
            )
            .await?
        }
        Form::Markdown => {}
    }
    sink.flush().await
}
