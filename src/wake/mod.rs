//! Waking up: the right pieces within a budget.

mod assemble;
mod reply;
mod section;
mod state;
pub mod stratified;
mod up;

pub use reply::WakeUp;
pub use stratified::Stratified;
pub use up::{Up, wake};

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Up>(), Endpoint::of::<Stratified>()];
