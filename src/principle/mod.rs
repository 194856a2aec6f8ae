//! Principles: what many statements of becoming say. Consolidation makes them.

mod list;

pub use list::List;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<List>()];
