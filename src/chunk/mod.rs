//! Chunks: the passages of events.

mod get;

pub use get::Get;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Get>()];
