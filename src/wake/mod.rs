//! Waking up: the right pieces within a budget.

mod assemble;
pub mod stratified;
mod up;

pub use stratified::Stratified;
pub use up::{Up, WakeUp, wake};

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Up>(), Endpoint::of::<Stratified>()];
