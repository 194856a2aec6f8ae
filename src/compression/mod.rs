//! How much smaller the layered memory is than the whole.

mod stats;

pub use stats::Stats;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Stats>()];
