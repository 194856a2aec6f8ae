//! Sealed texts: what is high or secret is encrypted (AES-256-GCM) under a data key of its tenant; that key is wrapped by the
//! installation's key, which is never in the database. Erasing a tenant destroys its data key; rotation wraps the data keys anew.

mod check;
pub mod classify;
mod context;
mod file;
mod item;
pub mod rotate;
mod vault;

pub use context::Opened;
pub use file::{Escrow, KeyFile, escrow, settle};
pub use item::{Change, HIDDEN, Sealable, Sealed, Show, Texts, keyless, level, what_for};
pub use vault::{DataKey, Vault};
