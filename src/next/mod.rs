//! What to do next.

mod actions;

pub use actions::Actions;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Actions>()];
