//! The HTTP side: one listener for REST, MCP, health and the OpenAPI document. Only this folder names warp, hyper and rmcp.

mod address;
mod argument;
mod auth;
mod browser;
mod edge;
mod gateway;
mod health;
mod listen;
mod mcp;
mod openapi;
mod reply;
mod rest;
mod schema;
mod witness;

pub use argument::{Argument, Shape, description, of as arguments, value as argument};
pub use listen::{Listeners, bind, serve};
pub use mcp::{bridge, stdio};
pub use openapi::document;

use crate::operation::Pieces;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Request = hyper::Request<hyper::body::Incoming>;
/// A reply of ours.
type Response = hyper::Response<Content>;
/// A reply of any face, as it leaves.
type Leaving = hyper::Response<UnsyncBoxBody<Bytes, BoxError>>;

/// What a reply of ours carries.
enum Content {
    Full(Bytes),
    Stream(Pieces),
}

impl Content {
    fn boxed(self) -> UnsyncBoxBody<Bytes, BoxError> {
        match self {
            Self::Full(bytes) => Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync(),
            Self::Stream(pieces) => {
                let frames = pieces
                    .map_ok(Frame::data)
                    .map_err(|error| -> BoxError { Box::new(error) });
                BodyExt::boxed_unsync(StreamBody::new(frames))
            }
        }
    }
}

/// Bodies up to this size are taken; uploads have no limit.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
