//! The identity thread: who the agent is becoming.

mod thread;

pub use thread::Thread;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Thread>()];
