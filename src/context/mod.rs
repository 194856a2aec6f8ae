//! The active context bundle: what an agent should have before its eyes for what it is about to do.

mod build;
mod gather;
mod mode;
mod pack;

pub use build::Build;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Build>()];
