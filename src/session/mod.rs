//! The beginning of a session.

mod start;
mod startup;

pub use start::Start;
pub use startup::Startup;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Start>(), Endpoint::of::<Startup>()];
