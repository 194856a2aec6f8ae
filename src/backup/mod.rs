//! Backups: sets of everything, verified, restored, rotated.

mod body;
mod bucket;
pub mod check;
mod create;
pub mod job;
pub mod list;
pub mod make;
pub mod manifest;
pub mod offsite;
mod output;
mod pace;
pub mod plain;
pub mod previous;
pub mod program;
pub mod repository;
pub mod restore;
pub mod retention;
pub mod scratch;
mod snapshot;
pub mod source;
pub mod state;
mod swap;
pub mod tenant;
mod verify;

pub use create::Create;
pub use list::{Backup, List};
pub use manifest::Manifest;
pub use repository::{Repository, Set, Verified};
pub use verify::Verify;

use crate::endpoint::Endpoint;

/// The operations of this folder; restoring is a command.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Verify>(),
];
