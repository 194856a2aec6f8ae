//! The gateway in front of a model: what goes through it is remembered, and what is remembered goes along.
//!
//! [`request`] reads a request and says where the memory goes, [`reply`] listens to the answer, [`memory`] asks and tells the
//! operations, and [`block`] is what goes along.
//! The HTTP side carries the bytes.

mod block;
mod memory;
mod reply;
mod request;

pub use block::BLOCK;
pub use memory::{Ending, Memory, Who};
pub use reply::{Listener, Said};
pub use request::{Request, read};

/// A protocol that models are spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
}

impl Protocol {
    /// The protocol of a path.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/v1/chat/completions" => Some(Self::Chat),
            "/v1/responses" => Some(Self::Responses),
            "/v1/messages" => Some(Self::Messages),
            _ => None,
        }
    }
}
