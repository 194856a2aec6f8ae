//! Reads an import as it comes: the items of json or ndjson, one by one.

use crate::error::{Error, Kind, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

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
    /// edges
    #[serde(alias = "edges")]
    Edge,
    /// feedback
    Feedback,
    /// findings
    #[serde(alias = "findings")]
    Finding,
    /// tasks
    #[serde(alias = "tasks")]
    Task,
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
///
/// # Errors
/// It is no export, or it is cut off.
pub fn parse(
    reader: mpsc::Receiver<Bytes>,
    sender: mpsc::Sender<(Item, Box<RawValue>)>,
) -> Result<()> {
    let since_item = Arc::new(AtomicUsize::new(0));
    let items = &Items {
        sender,
        since_item: since_item.clone(),
    };
    let pieces = Pieces {
        reader,
        piece: Bytes::new(),
        since_item,
    };
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
                "edges" => map.next_value_seed(Section(Item::Edge, self.items))?,
                "feedback" => map.next_value_seed(Section(Item::Feedback, self.items))?,
                "findings" => map.next_value_seed(Section(Item::Finding, self.items))?,
                "tasks" => map.next_value_seed(Section(Item::Task, self.items))?,
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
