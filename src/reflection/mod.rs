//! Reflections: what days, weeks and months were. Consolidation makes them.

mod list;

pub use list::{List, Reflection};

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<List>()];
