//! Export and import: everything a tenant has, streamed both ways in constant memory.

mod all;
mod columns;
mod event;
mod few;
pub mod foreign;
mod insert;
mod markdown;
mod parse;
mod take;
mod thread;
mod write;

pub use all::All;
pub use take::{How, Take, Taken, take};
pub use thread::Thread;
pub use write::{Section, Source, open, sections};

use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::download::<Thread>(),
    Endpoint::download::<All>(),
    Endpoint::upload::<Take>(),
];

/// The name of the format, in every export's header.
pub const FORMAT: &str = "agent-memory/1";

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Form {
    /// One JSON document.
    #[default]
    Json,
    /// One JSON object a line.
    Ndjson,
    /// For people to read.
    Markdown,
}

/// Exports and imports hold a database connection of their own for as long as the client takes: only so many at once.
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(2)))
    }
}

impl Streams {
    /// A place, or a limit that says so.
    pub fn enter(&self) -> Result<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().map_err(|_| {
            let message =
                "two exports or imports are under way already; try again when one has ended";
            Error::new(Kind::Limited, "too_many_streams", message).retry_after(5)
        })
    }
}
