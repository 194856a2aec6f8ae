//! Keys: who may do what.

mod create;
pub mod find;
mod list;
mod revoke;

pub use create::{Create, digest, fresh};
pub use list::List;
pub use revoke::Revoke;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Revoke>(),
];
