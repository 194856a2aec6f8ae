//! Chunks: the passages of events.

mod get;

pub use get::Get;

use crate::operation::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Get>()];
