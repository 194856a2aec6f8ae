//! import

use super::insert::{Counts, Inserter};
use crate::db::{Tx, outcome_unknown};
use crate::error::{Error, Kind, Result};
use crate::operation::{Bodies, Context, Upload};
use crate::seal::{Change, DataKey};
use crate::sql;
use crate::tenant::Adds;
use bytes::Bytes;
use futures_util::TryStreamExt;
use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Takes what export wrote, json or ndjson, all or nothing. What is there already by its id stays as it is and is counted as skipped.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// What was taken.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Output")]
pub struct Taken {
    /// Always true.
    success: bool,
    tenant_id: String,
    /// Those that were not there.
    pub imported: Counts,
    /// Those that were there already.
    pub skipped: Counts,
}

/// Imports.
pub struct Take;

impl Upload for Take {
    const NAME: &'static str = "import";
    const PATH: &'static str = "/api/v1/import";
    type Input = Input;
    type Output = Taken;

    async fn take(ctx: Arc<Context>, _: Input, body: Bodies) -> Result<Taken> {
        let _place = ctx.app.streams.enter()?;
        take(ctx, body, None, How::default()).await
    }
}

/// How an import from a backup is another than a client's.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// What the tenant has goes, in the same transaction.
    pub instead: bool,
    /// Nothing stays: what would be taken is counted.
    pub for_trial: bool,
}

/// Takes an export, all of it or nothing. `known`: a key that its sealed texts may be under, where the installation does not have it
/// any more.
pub async fn take(
    ctx: Arc<Context>,
    body: Bodies,
    known: Option<Arc<DataKey>>,
    how: How,
) -> Result<Taken> {
    let tx = begin(&ctx).await?;
    if how.instead {
        tx.query(sql!("backup/clear"), &[&ctx.tenant]).await?;
    }
    let (pieces, reader) = mpsc::channel(2);
    let (sender, parsed) = mpsc::channel(4);
    let since_item = Arc::new(AtomicUsize::new(0));
    let items = Items {
        sender,
        since_item: since_item.clone(),
    };
    let parsing = tokio::task::spawn_blocking(move || {
        parse(
            Pieces {
                reader,
                piece: Bytes::new(),
                since_item,
            },
            &items,
        )
    });
    let feeding = async move {
        let mut body = body;
        while let Some(piece) = body.try_next().await? {
            // A parser that stopped has said why.
            if pieces.send(piece).await.is_err() {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    let mut inserter = Inserter::new(ctx.clone());
    // The receiver goes with an error, so that the parser and then the feed end as well.
    let inserting = async {
        let mut parsed = parsed;
        let mut rooms = Vec::new();
        while let Some((kind, item)) = parsed.recv().await {
            if kind == Item::Key {
                // What waits is the document's before.
                inserter.flush(&tx).await?;
                inserter.change = change(&ctx, &item, known.as_ref()).await?;
                continue;
            }
            let adds = Adds {
                rows: i64::from(kind != Item::End),
                events: i64::from(kind == Item::Event),
                bytes: item.get().len() as i64,
            };
            rooms.extend(ctx.room_for(adds).await?);
            inserter.add(&tx, kind, &item).await?;
        }
        inserter.flush(&tx).await?;
        inserter.settle(&tx).await
    };
    // The body first: when it broke off, what the parser says of its end is beside the point.
    let (fed, inserted) = futures_util::join!(feeding, inserting);
    fed?;
    inserted?;
    parsing.await.map_err(Error::internal)??;
    if !how.for_trial {
        tx.commit().await?;
        ctx.place.index.counted(&ctx.tenant, &inserter.indexed);
    }
    Ok(Taken {
        success: true,
        tenant_id: ctx.tenant.clone(),
        imported: inserter.imported,
        skipped: inserter.skipped,
    })
}

/// How often a connection that a pooler had lost is taken for another.
const TRIES: usize = 3;

/// The import's transaction, which holds its tenant. Nothing is written yet: a connection that was dead behind a pooler is no reason
/// to fail.
async fn begin(ctx: &Context) -> Result<Tx> {
    let mut tries = 0;
    loop {
        tries += 1;
        match try_begin(ctx).await {
            Err(error) if tries < TRIES && outcome_unknown(&error) => {}
            result => return result,
        }
    }
}

async fn try_begin(ctx: &Context) -> Result<Tx> {
    let tx = ctx.place.db.begin_long(&ctx.tenant, "begin").await?;
    let held = tx
        .one(sql!("tenant/hold_shared"), &[&ctx.tenant])
        .await?
        .get::<_, bool>(0);
    match held {
        true => Ok(tx),
        false => Err(Error::not_found("this tenant was deleted").field("tenant_id")),
    }
}

/// What an export says of the key that its texts are sealed under.
#[derive(Deserialize, Serialize)]
pub struct SealedWith {
    /// The tenant it was the data key of.
    pub tenant_id: String,
    /// The id of the installation's key that wrapped it then.
    pub key_id: String,
    /// The data key's own id.
    pub data_key_id: String,
}

/// From the export's data key to this tenant's own. The key itself is in no export: its tenant has to be here still. Another tenant's
/// sealed texts are taken in by holders of the installation's keys alone.
async fn change(
    ctx: &Context,
    raw: &RawValue,
    known: Option<&Arc<DataKey>>,
) -> Result<Option<Change>> {
    let Ok(with) = serde_json::from_str::<SealedWith>(raw.get()) else {
        let message = "sealed_with is an object with tenant_id, key_id and data_key_id";
        return Err(Error::invalid(message).field("sealed_with"));
    };
    if with.tenant_id != ctx.tenant && ctx.principal.tenant.is_some() {
        let message =
            "the sealed texts of another tenant are imported with a key of the installation";
        return Err(Error::new(Kind::Forbidden, "forbidden", message).field("sealed_with"));
    }
    let place = ctx.app.places.of(&with.tenant_id).await?;
    let key = place.data_key(&ctx.app.vault, &with.tenant_id)?;
    let of_export = |key: &Arc<DataKey>| key.id == with.data_key_id;
    let Some(from) = key.filter(of_export).or(known.cloned().filter(of_export)) else {
        let message = format!(
            "the export's texts are sealed under the key {} of tenant {}, which this installation does not have (any more)",
            with.data_key_id, with.tenant_id
        );
        return Err(
            Error::new(Kind::Conflict, "encryption_key_differs", message).field("sealed_with"),
        );
    };
    Ok(Some(Change {
        from,
        to: ctx.data_key().await?,
    }))
}

/// A kind of memory in an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Item {
    /// capsules
    #[serde(alias = "capsules")]
    Capsule,
    /// rules
    #[serde(alias = "rules")]
    Rule,
    /// decisions
    #[serde(alias = "decisions")]
    Decision,
    /// events
    #[serde(alias = "events")]
    Event,
    /// handoffs
    #[serde(alias = "handoffs")]
    Handoff,
    /// knowledge
    Knowledge,
    /// The last line of ndjson.
    End,
    /// What the header says of the key that texts are sealed under.
    #[serde(skip)]
    Key,
}

/// An item is read whole before it is stored; no larger one is taken, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// Where parsed items go.
struct Items {
    sender: mpsc::Sender<(Item, Box<RawValue>)>,
    /// Bytes read since the last item.
    since_item: Arc<AtomicUsize>,
}

/// Parses documents one after the other, as json has one and ndjson one a line.
fn parse(pieces: Pieces, items: &Items) -> Result<()> {
    let mut parser =
        serde_json::Deserializer::from_reader(std::io::BufReader::with_capacity(64 * 1024, pieces));
    let mut seen = Seen::default();
    loop {
        match parser.end() {
            Ok(()) => break,
            Err(error) if error.is_io() => return Err(malformed(&error)),
            // Something follows.
            Err(_) => {}
        }
        Document {
            items,
            seen: &mut seen,
        }
        .deserialize(&mut parser)
        .map_err(|error| malformed(&error))?;
    }
    match (seen.header, seen.lines, seen.end) {
        (false, ..) => Err(Error::invalid(
            "this is not an export: its header is missing (\"format\": \"agent-memory/1\")",
        )),
        (true, true, false) => Err(Error::invalid(
            "the export is cut off: its last line is missing",
        )),
        _ => Ok(()),
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::new(
        Kind::Invalid,
        "malformed_json",
        format!("the import cannot be read: {error}"),
    )
}

#[derive(Default)]
struct Seen {
    header: bool,
    lines: bool,
    end: bool,
}

/// One top-level object: the whole of json, or a line of ndjson.
struct Document<'a> {
    items: &'a Items,
    seen: &'a mut Seen,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        use serde::de::Error as _;
        let mut kind = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format" => {
                    let format: String = map.next_value()?;
                    if format != super::FORMAT {
                        return Err(A::Error::custom(format!(
                            "format {format} is not one this version knows"
                        )));
                    }
                    self.seen.header = true;
                }
                "kind" => {
                    let is: Item = map.next_value()?;
                    self.seen.lines = true;
                    self.seen.end |= is == Item::End;
                    kind = Some(is);
                }
                "item" => {
                    let kind = kind
                        .ok_or_else(|| A::Error::custom("a line's kind comes before its item"))?;
                    send(self.items, kind, map.next_value()?).map_err(A::Error::custom)?;
                }
                "sealed_with" => {
                    send(self.items, Item::Key, map.next_value()?).map_err(A::Error::custom)?;
                }
                "capsules" => map.next_value_seed(Section(Item::Capsule, self.items))?,
                "rules" => map.next_value_seed(Section(Item::Rule, self.items))?,
                "decisions" => map.next_value_seed(Section(Item::Decision, self.items))?,
                "events" => map.next_value_seed(Section(Item::Event, self.items))?,
                "handoffs" => map.next_value_seed(Section(Item::Handoff, self.items))?,
                "knowledge" => map.next_value_seed(Section(Item::Knowledge, self.items))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

fn send(items: &Items, kind: Item, item: Box<RawValue>) -> Result<(), &'static str> {
    items.since_item.store(0, Ordering::Relaxed);
    items
        .sender
        .blocking_send((kind, item))
        .map_err(|_| "the import was given up")
}

/// `{"total": n, "items": […]}`
struct Section<'a>(Item, &'a Items);

impl<'de> DeserializeSeed<'de> for Section<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Section<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a section with total and items")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "items" => map.next_value_seed(Section(self.0, self.1))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        use serde::de::Error as _;
        while let Some(item) = seq.next_element::<Box<RawValue>>()? {
            send(self.1, self.0, item).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// The pieces of a body as a reader, for a parser that blocks.
struct Pieces {
    reader: mpsc::Receiver<Bytes>,
    piece: Bytes,
    since_item: Arc<AtomicUsize>,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.piece.is_empty() {
            let Some(piece) = self.reader.blocking_recv() else {
                return Ok(0);
            };
            self.piece = piece;
        }
        let size = into.len().min(self.piece.len());
        if self.since_item.fetch_add(size, Ordering::Relaxed) > LARGEST {
            return Err(std::io::Error::other("an item is larger than 64 MiB"));
        }
        into[..size].copy_from_slice(&self.piece.split_to(size));
        Ok(size)
    }
}
